"""Snowflake's parameters: where each can be set, its default, and which value is in force.

See https://docs.snowflake.com/en/sql-reference/parameters
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from local_account.base import errors
from local_account.base.result import Result, columns, table
from local_account.base.sql import Name, Statement
from local_account.catalog.catalog import Catalog, Object
from local_account.identity.parameter_table import ROWS
from local_account.identity.session import Session

LEVELS = {"A": "ACCOUNT", "U": "USER", "N": "SESSION", "D": "DATABASE", "S": "SCHEMA", "W": "WAREHOUSE"}
ACCOUNT_OBJECT = ("ACCOUNT", Name("", "", "ACCOUNT"))
SHOW_COLUMNS = columns("key value default level description type")
_TYPES = {"bool": "BOOLEAN", "int": "NUMBER"}


@dataclass(frozen=True)
class Parameter:
    """One parameter.

    Attributes:
        kind: `bool`, `int`, `text`, `zone` (a time zone), the allowed words separated by `|`, or `list:`
            and the words of which it takes several, separated by commas.
        default: the default, as SHOW PARAMETERS writes it.
        levels: what it can be set on: ACCOUNT, USER, SESSION, DATABASE, SCHEMA, WAREHOUSE.
        fixed: the account does not act on it, so only its default is accepted.
    """

    name: str
    kind: str
    default: str
    levels: frozenset[str]
    fixed: bool
    description: str

    def read(self, statement: Statement) -> str:
        """Read a value from a statement; the text that is stored and shown.

        Raises:
            SnowflakeError: 001008 for a value that is not allowed, 000002 for one that has no effect here.
        """
        if self.kind == "bool":
            return self.check(statement.boolean())
        if self.kind == "int":
            return self.check(statement.integer())
        return self.check("" if statement.accept("NULL") else ".".join(statement.parts_or_text()))

    def check(self, given: Any) -> str:
        """Check a value in its own type or as text; the text that is stored and shown.

        Raises:
            SnowflakeError: as `read`.
        """
        value = self._checked(str(given))
        if self.fixed and value.upper() != self.default.upper():
            raise errors.unsupported(f"{self.name} = {value}")
        return value

    def _checked(self, value: str) -> str:
        if self.kind == "bool":
            if value.lower() not in ("true", "false"):
                raise errors.invalid_value(value, self.name, "TRUE, FALSE")
            return value.lower()
        if self.kind == "int":
            if not value.isdecimal():
                raise errors.invalid_value(value, self.name, "0 or more")
            return str(int(value))
        if self.kind == "zone" and not _is_time_zone(value):
            raise errors.invalid_value(value, self.name, "names of time zones, such as Europe/Warsaw")
        return value if self.kind in ("text", "zone") else self._words(value)

    def _words(self, value: str) -> str:
        allowed = self.kind.removeprefix("list:").split("|")
        known = {word.upper() for word in allowed}
        if not self.kind.startswith("list:"):
            words = [value]
        else:
            words = [word.strip() for word in value.split(",")] if value else []
            value = ",".join(words).upper()
        if not {word.upper() for word in words} <= known:
            raise errors.invalid_value(value, self.name, ", ".join(allowed))
        return value


def _is_time_zone(name: str) -> bool:
    try:
        return bool(ZoneInfo(name))
    except (KeyError, ValueError, OSError):
        return False


def _parse(rows: str) -> Iterator[Parameter]:
    for row in rows.strip().splitlines():
        name, kind, levels, default, description = (cell.strip() for cell in row.split(";"))
        fixed = levels.endswith("!")
        places = frozenset(LEVELS[letter] for letter in levels.rstrip("!"))
        yield Parameter(name, kind, default, places, fixed, description)


PARAMETERS = {parameter.name: parameter for parameter in _parse(ROWS)}


def of_level(level: str) -> dict[str, Parameter]:
    """Parameters that can be set at one level."""
    return {name: found for name, found in PARAMETERS.items() if level in found.levels}


def readers(level: str) -> dict[str, Callable[[Statement], str]]:
    """The parameters of a level as options of an object type: name to reader of the value."""
    return {name: found.read for name, found in of_level(level).items()}


def find(name: str, level: str) -> Parameter:
    """A parameter that can be set at a level.

    Raises:
        SnowflakeError: 001420 when there is no such parameter.
    """
    parameter = PARAMETERS.get(name)
    if parameter is None or level not in parameter.levels:
        raise errors.compilation_error("001420", "22023", f"invalid property '{name}' for '{level}'")
    return parameter


def account_object(catalog: Catalog) -> Object | None:
    """The object that keeps the account's own parameters; None until one is set."""
    return catalog.find(*ACCOUNT_OBJECT)


def from_client(values: dict[str, Any]) -> dict[str, Any]:
    """Check the session parameters of a login. Unknown names are kept without a check.

    Raises:
        SnowflakeError: as for ALTER SESSION SET.
    """
    checked = {}
    for name, value in values.items():
        known = PARAMETERS.get(name.upper())
        if known is None or "SESSION" not in known.levels or value is None:
            checked[name] = value
        else:
            checked[known.name] = known.check(value)
    return checked


class Values:
    """The values in force at one level: its own values, and those of the levels above it."""

    def __init__(self, places: Iterable[tuple[str, dict[str, Any]]]) -> None:
        """
        Args:
            places: (level, values), the nearest level first and the account last.
        """
        self._places = list(places)

    def get(self, name: str) -> tuple[str, str]:
        """Value and level ('' for the default) of a parameter."""
        parameter = PARAMETERS[name]
        for level, values in self._places:
            value = values.get(name)
            if value is not None and level in parameter.levels:
                return _shown(value), level
        return parameter.default, ""

    def table(self, level: str, wanted: Callable[[str], bool]) -> Result:
        """The answer of SHOW PARAMETERS for one level."""
        return table(
            SHOW_COLUMNS, [self._row(found) for found in of_level(level).values() if wanted(found.name)]
        )

    def _row(self, parameter: Parameter) -> dict[str, str]:
        value, level = self.get(parameter.name)
        return {
            "key": parameter.name,
            "value": value,
            "default": parameter.default,
            "level": level,
            "description": parameter.description,
            "type": _TYPES.get(parameter.kind, "STRING"),
        }


def values_of(catalog: Catalog, item: Object) -> Values:
    """The values in force on a database, schema, warehouse or user."""
    places = [(item.type, item.properties)]
    if item.type == "SCHEMA":
        database = catalog.find("DATABASE", Name("", "", item.database))
        places += [("DATABASE", database.properties)] if database else []
    return Values([*places, *_account(catalog)])


def values_in_session(catalog: Catalog, session: Session) -> Values:
    """The values in force in a session: its own, its user's and the account's."""
    user = catalog.find("USER", Name("", "", session.account_user))
    users = [("USER", user.properties)] if user else []
    return Values([("SESSION", session.parameters), *users, *_account(catalog)])


def values_of_account(catalog: Catalog) -> Values:
    return Values(_account(catalog))


def _account(catalog: Catalog) -> list[tuple[str, dict[str, Any]]]:
    item = account_object(catalog)
    return [("ACCOUNT", item.properties)] if item else []


def _shown(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
