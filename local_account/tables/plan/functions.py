"""Functions of the account that queries call and that run outside of the data engine.

Who has such functions implements `QueryFunctions`. The rows go there and come back as texts, whatever their
types: a text loses nothing, and each side reads it as the type that the function declares.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sqlglot.dialects.snowflake import Snowflake

from local_account.base import errors
from local_account.base.errors import SnowflakeError
from local_account.statement.context import Context
from local_account.statement.data_type import DataType

Row = Sequence[str | None]
# What it costs to read a value of one kind as one of another; a kind that is not there cannot be read so.
# See https://docs.snowflake.com/en/sql-reference/data-type-conversion
_COSTS: dict[str, dict[str, int]] = {
    "NUMBER": {"FLOAT": 1, "VARCHAR": 3, "VARIANT": 4, "BOOLEAN": 5},
    "FLOAT": {"NUMBER": 1, "VARCHAR": 3, "VARIANT": 4, "BOOLEAN": 5},
    "BOOLEAN": {"VARCHAR": 3, "VARIANT": 4},
    "VARCHAR": {
        **dict.fromkeys(("DATE", "TIME", "TIMESTAMP_NTZ", "TIMESTAMP_LTZ", "TIMESTAMP_TZ"), 4),
        **{"NUMBER": 2, "FLOAT": 3, "VARIANT": 6, "BOOLEAN": 5},
    },
    "DATE": {"TIMESTAMP_NTZ": 1, "TIMESTAMP_LTZ": 2, "TIMESTAMP_TZ": 2, "VARCHAR": 3, "VARIANT": 4},
    "TIME": {"VARCHAR": 3, "VARIANT": 4},
    "TIMESTAMP_NTZ": {
        "TIMESTAMP_LTZ": 1,
        "TIMESTAMP_TZ": 1,
        "DATE": 2,
        "TIME": 2,
        "VARCHAR": 3,
        "VARIANT": 4,
    },
    "TIMESTAMP_LTZ": {
        "TIMESTAMP_TZ": 0,
        "TIMESTAMP_NTZ": 1,
        "DATE": 2,
        "TIME": 2,
        "VARCHAR": 3,
        "VARIANT": 4,
    },
    "TIMESTAMP_TZ": {
        "TIMESTAMP_LTZ": 0,
        "TIMESTAMP_NTZ": 1,
        "DATE": 2,
        "TIME": 2,
        "VARCHAR": 3,
        "VARIANT": 4,
    },
    "BINARY": {"VARCHAR": 3, "VARIANT": 4},
    "VARIANT": {
        **{
            "OBJECT": 1,
            "ARRAY": 1,
            "VARCHAR": 2,
            "NUMBER": 3,
            "FLOAT": 3,
            "BOOLEAN": 3,
            "DATE": 4,
            "TIME": 4,
        },
        **dict.fromkeys(("TIMESTAMP_NTZ", "TIMESTAMP_LTZ", "TIMESTAMP_TZ"), 4),
    },
    "OBJECT": {"VARIANT": 1},
    "ARRAY": {"VARIANT": 1},
}


@dataclass(frozen=True)
class Argument:
    """One argument of a function.

    Attributes:
        name: as written in the catalog; unquoted names are in upper case.
        default: a literal in SQL; None when the argument must be given.
    """

    name: str
    type: DataType
    default: str | None = None


@dataclass(frozen=True)
class QueryFunction:
    """One function that a statement may call.

    Attributes:
        name: its name without database and schema.
        answer: gives the result for each row of arguments. It is called from several threads. It raises
            SnowflakeError.
    """

    name: str
    arguments: tuple[Argument, ...]
    returns: DataType
    answer: Callable[[list[Row]], list[str | None]]

    def takes(self, count: int) -> bool:
        """Whether it can be called with so many arguments."""
        least = sum(argument.default is None for argument in self.arguments)
        return least <= count <= len(self.arguments)


class QueryFunctions(ABC):
    """Finds the functions of the account."""

    @abstractmethod
    def names(self) -> frozenset[str]:
        """Names of all functions in the account, without database and schema."""

    @abstractmethod
    def find(self, context: Context, parts: list[str]) -> list[QueryFunction]:
        """All functions of a name that the session may call; the name is one to three parts.

        Raises:
            SnowflakeError: the function may be called, but its service cannot be used by its owner.
        """


def is_system_function(name: str) -> bool:
    """Whether Snowflake has a function of this name, so that no other function can have it."""
    return name in Snowflake.Parser.FUNCTIONS or name in Snowflake.Parser.FUNCTION_PARSERS


def choose(found: list[QueryFunction], kinds: list[str]) -> QueryFunction:
    """The function that fits arguments of these kinds best; `` for a NULL, which fits everything.

    Raises:
        SnowflakeError: 001044 when none fits.
    """
    costs = [
        sum(_cost(kind, argument.type.kind) for kind, argument in zip(kinds, one.arguments, strict=False))
        for one in found
    ]
    if min(costs) == float("inf"):
        raise wrong_arguments(found, f"({', '.join(kind or 'NULL' for kind in kinds)})")
    return found[costs.index(min(costs))]


def _cost(given: str, wanted: str) -> float:
    return 0 if given in ("", wanted) else _COSTS[given].get(wanted, float("inf"))


def wrong_arguments(found: list[QueryFunction], given: str) -> SnowflakeError:
    """Error 001044, which names the arguments that the functions of this name take."""
    known = "; ".join(f"({', '.join(str(one.type) for one in function.arguments)})" for function in found)
    return errors.compilation_error(
        "001044",
        "42P13",
        f"Invalid argument types for function '{found[0].name}': {given}. It takes: {known}. "
        "Cast the arguments to the types of one of these.",
    )


def wrong_count(function: QueryFunction, call: str, count: int) -> SnowflakeError:
    """Error 000938 or 000939: too few or too many arguments."""
    least = sum(argument.default is None for argument in function.arguments)
    if count < least:
        text = f"not enough arguments for function [{call}], expected {least}, got {count}"
        return errors.compilation_error("000938", "22023", text)
    text = f"too many arguments for function [{call}] expected {len(function.arguments)}, got {count}"
    return errors.compilation_error("000939", "22023", text)
