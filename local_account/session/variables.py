"""Session variables: SET, UNSET, SHOW VARIABLES and GETVARIABLE.

See https://docs.snowflake.com/en/sql-reference/session-variables. `statement.substitution` puts their values
into statements.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from local_account.base import errors
from local_account.base.result import Column, Result, columns, now, status, table
from local_account.base.sql import Statement, literal
from local_account.identity.session import Session, Variable
from local_account.statement import functions
from local_account.statement.context import Context
from local_account.statement.options import like

_COLUMNS = columns(
    "session_id:fixed created_on:timestamp_ltz updated_on:timestamp_ltz name value type comment"
)
_MOST_BYTES = 256
_MOST_NAME = 256
_RESERVED = ("CURRENT", "PUBLIC")
_EPOCH = datetime(1970, 1, 1)


def set_variables(context: Context, statement: Statement) -> Result:
    """SET <name> = <expression>, or SET (<name>, …) = ({<expression>, … | <query>})

    See https://docs.snowflake.com/en/sql-reference/sql/set
    """
    if statement.words(1) == ("(",):
        names = statement.listed("identifier")
        statement.expect("=")
        text = statement.nested()
        statement.end()
        is_query = Statement(text).verb in ("SELECT", "WITH")
        query = text if is_query else f"SELECT {text}"
    else:
        names = [statement.identifier()]
        statement.expect("=")
        if statement.done:
            raise statement.unexpected()
        query = f"SELECT {statement.remaining()}"
    names = [name.upper() for name in names]
    for name in names:
        _require_name(name)
    shape, row = _evaluated(context, query)
    if len(shape) != len(names):
        raise errors.compilation_error(
            "002220",
            "42601",
            f"The number of variables ({len(names)}) does not match the number of values ({len(shape)}).",
        )
    # All values first: a value that is refused changes no variable.
    values = [_variable(name, column, cell) for name, column, cell in zip(names, shape, row, strict=True)]
    for name, value in zip(names, values, strict=True):
        _store(context.session, name, value)
    return status("Statement executed successfully.")


def _evaluated(context: Context, query: str) -> tuple[list[Column], list[str | None]]:
    """Columns and cells of a query that gives one row; NULLs when it gives none.

    Raises:
        SnowflakeError: 090150 when it gives more rows; as the query.
    """
    found = functions.scalar_select(context, Statement(query))
    found = found or context.language.run(context, Statement(query))
    if len(found.rows) > 1:
        raise errors.SnowflakeError("090150", "22000", "Single-row subquery returns more than one row.")
    return list(found.columns), found.rows[0] if found.rows else [None] * len(found.columns)


def _require_name(name: str) -> None:
    if name in _RESERVED or len(name) > _MOST_NAME:
        raise errors.compilation_error(
            "002219",
            "42601",
            f"Invalid variable name '{name[:_MOST_NAME]}'. It has more than {_MOST_NAME} characters, or is "
            f"{' or '.join(_RESERVED)}.",
        )


def _variable(name: str, column: Column, cell: str | None) -> Variable:
    text, value = _forms(column, cell)
    size = len((text or "").encode("utf-8", "surrogatepass"))
    if column.type == "binary":
        size //= 2
    if size > _MOST_BYTES:
        raise errors.SnowflakeError(
            "100078",
            "22000",
            f"Assignment to '{name}' not done because value exceeds size limit for variables. Its size is "
            f"{size}; the limit is {_MOST_BYTES} (internal storage size in bytes).",
        )
    return Variable(type=column.type, text=text, literal=value, created=now(), updated=now())


def _forms(column: Column, cell: str | None) -> tuple[str | None, str]:
    """A value as text and as an expression in SQL.

    Raises:
        SnowflakeError: 000002 for a type that a variable cannot have.
    """
    kind = column.type
    if cell is None:
        return None, "NULL"
    if kind == "text":
        return cell, literal(cell)
    if kind == "boolean":
        word = "true" if cell == "1" else "false"
        return word, word.upper()
    if kind in ("fixed", "real"):
        return cell, _number(kind, cell)
    if kind == "binary":
        return cell, f"TO_BINARY('{cell}', 'HEX')"
    if kind == "date":
        day = (_EPOCH + timedelta(days=int(cell))).date()
        return day.isoformat(), f"'{day.isoformat()}'::DATE"
    if kind in ("time", "timestamp_ntz", "timestamp_ltz"):
        moment = _moment(kind, cell)
        return moment, f"'{moment}'::{kind.upper()}"
    raise errors.unsupported(f"SET of a value of type {kind.upper()}")


def _number(kind: str, cell: str) -> str:
    if not any(character.isdigit() for character in cell):
        return f"'{cell}'::FLOAT"
    if kind == "real" and "e" not in cell.lower():
        cell += "e0"
    # In parentheses: `1-$x` must not become the beginning of a comment.
    return f"({cell})" if cell.startswith("-") else cell


def _moment(kind: str, cell: str) -> str:
    """A time or timestamp of the wire, seconds since the epoch, as text with all its digits."""
    whole, _, digits = cell.lstrip("-").partition(".")
    nanoseconds = (int(whole) * 10**9 + int(f"{digits:0<9}"[:9])) * (-1 if cell.startswith("-") else 1)
    seconds, rest = divmod(nanoseconds, 10**9)
    moment = _EPOCH + timedelta(seconds=seconds)
    fraction = f".{rest:09d}".rstrip("0").rstrip(".")
    if kind == "time":
        return f"{moment:%H:%M:%S}{fraction}"
    return f"{moment:%Y-%m-%d %H:%M:%S}{fraction}{' +00:00' if kind == 'timestamp_ltz' else ''}"


def _store(session: Session, name: str, value: Variable) -> None:
    known = session.variables.get(name)
    if known:
        value["created"] = known["created"]
    session.variables = {**session.variables, name: value}


def set_text(session: Session, name: str, value: str) -> None:
    """Set a variable to a text.

    Raises:
        SnowflakeError: the name or the value is too long.
    """
    _require_name(name)
    _store(session, name, _variable(name, Column(name), value))


def unset_variables(context: Context, statement: Statement) -> Result:
    """UNSET <name>, or UNSET (<name>, …). See https://docs.snowflake.com/en/sql-reference/sql/unset"""
    names = statement.listed("identifier") if statement.words(1) == ("(",) else [statement.identifier()]
    statement.end()
    gone = {name.upper() for name in names}
    context.session.variables = {
        name: value for name, value in context.session.variables.items() if name not in gone
    }
    return status("Statement executed successfully.")


def show_variables(context: Context, statement: Statement) -> Result:
    """SHOW VARIABLES [LIKE '…']. See https://docs.snowflake.com/en/sql-reference/sql/show-variables"""
    pattern = statement.string() if statement.accept("LIKE") else None
    statement.end()
    rows = [
        {
            "session_id": context.session.id,
            "created_on": variable["created"],
            "updated_on": variable["updated"],
            "name": name,
            "value": variable["text"],
            "type": variable["type"],
            "comment": "",
        }
        for name, variable in sorted(context.session.variables.items())
        if like(name, pattern)
    ]
    return table(_COLUMNS, rows)


def _get_variable(context: Context, arguments: list[Any]) -> str | None:
    """GETVARIABLE('<name>'): a variable's value as text; NULL when it is not set. Its name is in upper case.

    See https://docs.snowflake.com/en/sql-reference/functions/getvariable
    """
    if len(arguments) != 1 or not isinstance(arguments[0], str):
        raise errors.compilation_error("000938", "22023", "One argument is expected: a variable's name.")
    variable = context.session.variables.get(arguments[0])
    return variable["text"] if variable else None


STATEMENTS = {
    ("SET",): set_variables,
    ("UNSET",): unset_variables,
    ("SHOW", "VARIABLES"): show_variables,
}
FUNCTIONS = dict.fromkeys(("GETVARIABLE", "SESSION_CONTEXT"), _get_variable)
