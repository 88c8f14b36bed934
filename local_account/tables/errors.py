"""Translates the data engine's errors into Snowflake's."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator

import duckdb
from snowflake.connector.errors import Error as ConnectorError
from sqlglot.errors import SqlglotError

from local_account.base import errors
from local_account.base.errors import SnowflakeError
from local_account.tables.dialect import NOT_HEXADECIMAL

_INVALID_COLUMN = re.compile(r'Referenced column "([^"]+)" not found')
_UNKNOWN_FUNCTION = re.compile(r"Function with name (\S+) does not exist")

_NOT_HEXADECIMAL = re.compile(f"{NOT_HEXADECIMAL}.*")


@contextlib.contextmanager
def engine_errors() -> Iterator[None]:
    """Raise a SnowflakeError for every error that the data engine raises inside."""
    try:
        yield
    except duckdb.InterruptException:
        raise SnowflakeError("000604", "57014", "SQL execution canceled") from None
    except ConnectorError as error:
        code = f"{error.errno or 603:06d}"
        raise _translated(code, error.sqlstate or "XX000", error.raw_msg or "") from None
    except duckdb.ConstraintException as error:
        raise SnowflakeError("100072", "22000", _first_line(error)) from None
    except duckdb.PermissionException as error:
        raise errors.unsupported(_first_line(error)) from None
    except (NotImplementedError, SqlglotError) as error:
        raise errors.unsupported(_first_line(error)) from None
    except duckdb.Error as error:
        raise _translated("100132", "P0000", _first_line(error)) from None


def _translated(code: str, sqlstate: str, message: str) -> SnowflakeError:
    if "Division by zero in expression" in message:
        return SnowflakeError("100051", "22012", "Division by zero")
    if digits := _NOT_HEXADECIMAL.search(message):
        return SnowflakeError("100115", "22000", digits[0])
    if column := _INVALID_COLUMN.search(message):
        return errors.compilation_error("000904", "42000", f"error: invalid identifier '{column[1]}'")
    if function := _UNKNOWN_FUNCTION.search(message):
        return errors.compilation_error("002140", "42601", f"Unknown function {function[1].upper()}")
    if "Python exception occurred while executing the UDF" in message:
        # Nobody but `calls.Calls` calls the engine's functions of Python with keys that they know.
        return errors.compilation_error("002140", "42601", "Unknown function")
    return SnowflakeError(code, sqlstate, message.partition("\n\nLINE")[0])


def _first_line(error: BaseException) -> str:
    return str(error).partition("\n")[0]
