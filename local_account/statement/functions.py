"""Functions in SELECT and CALL that the account answers itself: CURRENT_*(), SYSTEM$…"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from sqlglot.tokens import Token, TokenType

from local_account.base import errors
from local_account.base.result import Column, Result, encode
from local_account.base.sql import Edit, Statement, literal
from local_account.identity import access
from local_account.statement.context import Context, Function

VERSION = "9.36.0"
_WIRE_TYPES = {bool: "boolean", int: "fixed"}
# The other context functions of this kind are the data engine's.
# See https://docs.snowflake.com/en/sql-reference/functions-context
_WITHOUT_PARENTHESES = ("CURRENT_USER",)
_MOST_DIGITS = 38


def _roles_json(context: Context, arguments: list[Any]) -> str:
    del arguments
    usable = access.usable_roles(context.catalog, context.session)
    roles = sorted(role for role in usable - {access.PUBLIC} if access.is_account_role(role))
    return json.dumps([*roles, access.PUBLIC], ensure_ascii=False)


def _secondary_roles_json(context: Context, arguments: list[Any]) -> str:
    del arguments
    value, names = context.session.secondary_roles, ""
    if value == "ALL":
        active = access.usable_roles(context.catalog, context.session)
        others = active - {access.PUBLIC, context.session.role}
        names = ",".join(sorted(role for role in others if access.is_account_role(role)))
    elif value != "NONE":
        value, names = "", value
    return json.dumps({"roles": names, "value": value}, separators=(",", ":"))


def _is_role_in_session(context: Context, arguments: list[Any]) -> bool:
    """IS_ROLE_IN_SESSION('<role>'): whether an active role has it.

    See https://docs.snowflake.com/en/sql-reference/functions/is_role_in_session
    """
    return _one_text(arguments) in context.access.roles


def _is_database_role_in_session(context: Context, arguments: list[Any]) -> bool:
    """IS_DATABASE_ROLE_IN_SESSION('<role>'), in the current database.

    See https://docs.snowflake.com/en/sql-reference/functions/is_database_role_in_session
    """
    name = context.resolve([_one_text(arguments)], "database")
    role = context.catalog.find(access.DATABASE_ROLE, name)
    return role is not None and access.role_key(role) in context.access.roles


def _one_text(arguments: list[Any]) -> str:
    if len(arguments) != 1 or not isinstance(arguments[0], str):
        raise errors.compilation_error("000938", "22023", "The function expects one argument, a text.")
    return arguments[0]


def _search_path(context: Context, arguments: list[Any]) -> str:
    """The schemas that a name without a schema is looked up in: the current one, then PUBLIC."""
    del arguments
    database, schema = context.session.database, context.session.schema
    schemas = dict.fromkeys([schema, "PUBLIC"]) if database and schema else {}
    return json.dumps([f"{database}.{each}" for each in schemas], ensure_ascii=False)


FUNCTIONS: dict[str, Function] = {
    "IS_ROLE_IN_SESSION": _is_role_in_session,
    "IS_DATABASE_ROLE_IN_SESSION": _is_database_role_in_session,
    "CURRENT_ACCOUNT": lambda context, _: context.account.settings.account_id.upper(),
    "CURRENT_ACCOUNT_NAME": lambda context, _: context.account.settings.name,
    "CURRENT_ORGANIZATION_NAME": lambda context, _: context.account.settings.organization,
    "CURRENT_REGION": lambda *_: "LOCAL",
    "CURRENT_VERSION": lambda *_: VERSION,
    "CURRENT_CLIENT": lambda context, _: context.session.parameters.get("CLIENT_APP_ID", ""),
    "CURRENT_SESSION": lambda context, _: str(context.session.id),
    "CURRENT_IP_ADDRESS": lambda context, _: context.address or None,
    "CURRENT_USER": lambda context, _: context.session.user,
    "CURRENT_ROLE": lambda context, _: context.session.role,
    "CURRENT_ROLE_TYPE": lambda *_: "ROLE",
    "CURRENT_SCHEMAS": _search_path,
    "INVOKER_ROLE": lambda context, _: context.session.role,
    "CURRENT_AVAILABLE_ROLES": _roles_json,
    "CURRENT_SECONDARY_ROLES": _secondary_roles_json,
    "CURRENT_WAREHOUSE": lambda context, _: context.session.warehouse or None,
    "CURRENT_DATABASE": lambda context, _: context.session.database or None,
    "CURRENT_SCHEMA": lambda context, _: context.session.schema or None,
}


def scalar_select(context: Context, statement: Statement) -> Result | None:
    """Answer a SELECT without FROM of literals and the account's own functions; None for other statements."""
    start = statement.position
    try:
        return _read_select(context, statement)
    except _NotScalarError:
        statement.position = start
        return None


class _NotScalarError(Exception):
    """The SELECT needs the data engine."""


def _read_select(context: Context, statement: Statement) -> Result:
    if not statement.accept("SELECT"):
        raise _NotScalarError
    shape, row = [], []
    while True:
        label, value = _item(context, statement)
        if statement.accept("AS"):
            label = statement.identifier()
        column = Column(label, _WIRE_TYPES.get(type(value), "text"))
        shape.append(column)
        row.append(encode(value, column))
        if statement.done:
            return Result(shape, [row], statement_type=4096)
        if not statement.accept(","):
            raise _NotScalarError


def _item(context: Context, statement: Statement) -> tuple[str, Any]:
    if statement.done:
        raise _NotScalarError
    token = statement.tokens[statement.position]
    if token.token_type in (TokenType.STRING, TokenType.NUMBER):
        statement.position += 1
        if token.token_type is TokenType.STRING:
            return f"'{token.text.upper()}'", token.text
        if not token.text.isdigit() or len(token.text) > _MOST_DIGITS:
            raise _NotScalarError
        return token.text, int(token.text)
    name = statement.words(2)
    if name[0] in _WITHOUT_PARENTHESES and name[1:] != ("(",):
        statement.position += 1
        return name[0], context.language.functions[name[0]](context, [])
    if name[0] not in context.language.functions or name[1:] != ("(",):
        raise _NotScalarError
    statement.position += 1
    arguments = read_arguments(statement)
    label = f"{name[0]}({','.join(map(_literal, arguments))})"
    return label, context.language.functions[name[0]](context, arguments)


def read_arguments(statement: Statement) -> list[Any]:
    """Read the arguments of a function call: `( literal, … )`."""
    statement.expect("(")
    arguments: list[Any] = []
    while not statement.accept(")"):
        token = statement.tokens[statement.position] if not statement.done else None
        if token is None:
            raise statement.unexpected()
        if token.token_type is TokenType.NUMBER or token.text == "-":
            arguments.append(statement.integer())
        elif token.text.upper() in ("TRUE", "FALSE"):
            arguments.append(statement.boolean())
        else:
            arguments.append(statement.string())
        if not statement.accept(",") and statement.words(1) != (")",):
            raise statement.unexpected()
    return arguments


def substitute(context: Context, statement: Statement) -> Statement:
    """Replace what the account gives itself by its values, which DuckDB can read.

    That is: CURRENT_*(), SYSTEM$…(), table methods of services and event tables. A statement without them is
    returned unchanged.
    """
    with_tables = statement.edited(_tables(context, statement))
    for source in context.language.table_sources.values():
        with_tables = with_tables.edited(source(context, with_tables))
    # A table method's range of time may contain such functions, so they are replaced second.
    return with_tables.edited(_values(context, with_tables))


def _tables(context: Context, statement: Statement) -> Iterator[Edit]:
    """Replace TABLE(<service>!<method>([START_TIME => …][, END_TIME => …])) by a query of its rows."""
    tokens, methods = statement.tokens, context.language.table_methods
    for index, token in enumerate(tokens[:-1]):
        if token.text != "!" or tokens[index + 1].text.upper() not in methods:
            continue
        first = _start_of_table(tokens, index)
        statement.position = first + 2
        item = context.get("SERVICE", context.resolve(statement.parts(), "schema"))
        statement.expect("!")
        method = methods[statement.word()]
        start, until = _time_range(statement)
        statement.expect(")")
        end = tokens[statement.position - 1].end + 1
        yield tokens[first].start, end, method(context, item, start, until)


def _start_of_table(tokens: list[Token], at: int) -> int:
    """Index of the word TABLE in the `TABLE (` that a `!` belongs to."""
    for index in range(at - 1, max(at - 8, 0), -1):
        if tokens[index].text == "(" and tokens[index - 1].text.upper() == "TABLE":
            return index - 1
    raise errors.syntax_error(tokens[at].line, tokens[at].col - 1, "!")


def _time_range(statement: Statement) -> tuple[str, str]:
    """Read `([START_TIME => expression][, END_TIME => expression])`; both expressions, '' when absent."""
    statement.expect("(")
    times = {"START_TIME": "", "END_TIME": ""}
    while not statement.accept(")"):
        name = statement.word()
        if name not in times:
            raise statement.unexpected(back=1)
        statement.expect("=>")
        begin, depth = statement.position, 0
        while depth or statement.words(1) not in ((",",), (")",)):
            if statement.done:
                raise statement.unexpected()
            depth += {"(": 1, ")": -1}.get(statement.words(1)[0], 0)
            statement.position += 1
        last = statement.tokens[statement.position - 1]
        times[name] = statement.text[statement.tokens[begin].start : last.end + 1]
        statement.accept(",")
    return times["START_TIME"], times["END_TIME"]


def _values(context: Context, statement: Statement) -> Iterator[Edit]:
    tokens, functions = statement.tokens, context.language.functions
    for index, token in enumerate(tokens):
        if token.text.upper() not in functions:
            continue
        if index + 1 == len(tokens) or tokens[index + 1].text != "(":
            if _stands_alone(tokens, index):
                yield token.start, token.end + 1, _literal(functions[token.text.upper()](context, []))
            continue
        statement.position = index + 1
        value = functions[token.text.upper()](context, read_arguments(statement))
        yield token.start, tokens[statement.position - 1].end + 1, _literal(value)


def _stands_alone(tokens: list[Token], index: int) -> bool:
    """Whether a token is a call without parentheses, and neither text nor a part of a longer name."""
    token = tokens[index]
    if token.token_type in (TokenType.STRING, TokenType.IDENTIFIER) or (
        index and tokens[index - 1].text == "."
    ):
        return False
    return token.text.upper() in _WITHOUT_PARENTHESES


def _literal(value: Any) -> str:
    if value is None:
        return "NULL"
    if isinstance(value, int):
        return str(value)
    return literal(str(value))
