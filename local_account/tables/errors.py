"""Translates the data engine's errors into Snowflake's."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator

import duckdb
from snowflake.connector.errors import Error as ConnectorError
from sqlglot import exp
from sqlglot.errors import SqlglotError

from local_account.base import errors
from local_account.base.errors import SnowflakeError
from local_account.base.sql import shown
from local_account.tables.access import folded
from local_account.tables.dialect import NOT_HEXADECIMAL
from local_account.tables.names import decoded, decoded_text

_INVALID_COLUMN = re.compile(
    r'Referenced (?:column|table) "([^"]+)" (?:was )?not found|does not have a column (?:named|with name) "([^"]+)"'
    r'|Referenced update column (\S+) not found|^Binder Error: Column "([^"]+)" does not exist on '
)
_INVALID_TABLE = "Binder Error: Referenced table "
_UNKNOWN_FUNCTION = re.compile(r"Function with name (\S+) does not exist")

_NOT_HEXADECIMAL = re.compile(f"{NOT_HEXADECIMAL}.*")


@contextlib.contextmanager
def engine_errors(statement: exp.Expr | None = None) -> Iterator[None]:
    """Raise a SnowflakeError for every error that the data engine raises inside.

    Args:
        statement: what the engine runs, in Snowflake's names; errors say where in it an identifier stands.
    """
    try:
        yield
    except duckdb.InterruptException:
        raise SnowflakeError("000604", "57014", "SQL execution canceled") from None
    except ConnectorError as error:
        code = f"{error.errno or 603:06d}"
        raise _translated(code, error.sqlstate or "XX000", error.raw_msg or "", statement) from None
    except duckdb.ConstraintException as error:
        raise SnowflakeError("100072", "22000", decoded_text(_first_line(error))) from None
    except duckdb.PermissionException as error:
        raise errors.unsupported(_first_line(error)) from None
    except (NotImplementedError, SqlglotError) as error:
        raise errors.unsupported(_first_line(error)) from None
    except duckdb.Error as error:
        raise _translated("100132", "P0000", _first_line(error), statement) from None


def _translated(code: str, sqlstate: str, message: str, statement: exp.Expr | None) -> SnowflakeError:
    if "Division by zero in expression" in message:
        return SnowflakeError("100051", "22012", "Division by zero")
    if digits := _NOT_HEXADECIMAL.search(message):
        return SnowflakeError("100115", "22000", digits[0])
    if column := _INVALID_COLUMN.search(message):
        found = next(filter(None, column.groups()))
        return _invalid_identifier(decoded(found), message.startswith(_INVALID_TABLE), statement)
    if function := _UNKNOWN_FUNCTION.search(message):
        return errors.compilation_error("002140", "42601", f"Unknown function {function[1].upper()}")
    return SnowflakeError(code, sqlstate, decoded_text(message.partition("\n\nLINE")[0]))


def _invalid_identifier(name: str, is_table: bool, statement: exp.Expr | None) -> SnowflakeError:
    """The error for an unknown column, which says where it stands and names it as the statement does.

    Args:
        is_table: `name` is what stands before the column.
    """
    part = "table" if is_table else "this"
    for node in statement.find_all(exp.Column) if statement else ():
        identifier = node.args.get(part)
        if isinstance(identifier, exp.Identifier) and folded(identifier).upper() == name.upper():
            written = shown(folded(found) for found in node.parts if isinstance(found, exp.Identifier))
            place = node.parts[0].meta
            if "line" in place:
                position = place["col"] - (place["end"] - place["start"] + 1)
                where = f" error line {place['line']} at position {position}"
                text = f"SQL compilation error:{where}\ninvalid identifier '{written}'"
                return SnowflakeError("000904", "42000", text)
    return errors.compilation_error("000904", "42000", f"invalid identifier '{shown([name])}'")


def _first_line(error: BaseException) -> str:
    return str(error).partition("\n")[0]
