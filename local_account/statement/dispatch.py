"""Finds the module that a statement belongs to; what no module claims is refused by name."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from types import ModuleType
from typing import Any

from local_account.base import errors
from local_account.base.result import Column, Result
from local_account.base.sql import Statement
from local_account.modules import MODULES
from local_account.statement import functions
from local_account.statement.context import Context
from local_account.statement.object_type import ObjectType

Handler = Callable[[Context, Statement], Result]
_DATA_VERBS = {"SELECT", "WITH", "INSERT", "UPDATE", "DELETE", "MERGE", "TRUNCATE", "VALUES", "(", "COPY"}
_DATA_OBJECTS = {
    **dict.fromkeys(("CREATE", "ALTER", "DESCRIBE", "DESC"), ("TABLE", "VIEW")),
    "SHOW": ("COLUMNS",),
}
# Running one of these a second time would do something else than running it once.
_CHANGING_VERBS = {
    *("ALTER", "COMMIT", "COPY", "CREATE", "DELETE", "DROP", "EXECUTE", "GRANT", "INSERT", "MERGE"),
    *("REVOKE", "TRUNCATE", "UNDROP", "UPDATE"),
}
_READING_VERBS = {"SHOW", "DESCRIBE", "DESC", "LIST", "LS"}
_CREATE_MODIFIERS = {"TRANSIENT", "TEMPORARY", "TEMP", "LOCAL", "GLOBAL", "SECURE", "VOLATILE", "TERSE"}


def _collect(attribute: str) -> dict[Any, Any]:
    found: dict[Any, Any] = {}
    for module in MODULES:
        found |= getattr(module, attribute, {})
    return found


def _types(modules: list[ModuleType]) -> list[ObjectType]:
    return [kind for module in modules for kind in getattr(module, "TYPES", ())]


TYPES = sorted(_types(MODULES), key=lambda kind: -len(kind.kind))
STATEMENTS: dict[tuple[str, ...], Handler] = dict(
    sorted(_collect("STATEMENTS").items(), key=lambda entry: -len(entry[0]))
)
functions.FUNCTIONS |= _collect("FUNCTIONS")
functions.TABLE_METHODS |= _collect("TABLE_METHODS")


# Statements with file paths in them are read by their own module: `//` is no comment there.
RAW_STATEMENTS: dict[str, Callable[[Context, str], Result]] = _collect("RAW_STATEMENTS")
_FIRST_WORD = re.compile(r"(?:\s|--[^\n]*|//[^\n]*|/\*.*?\*/)*([A-Za-z]+)", re.DOTALL)


def execute(context: Context, text: str, bindings: list[dict[str, Any]] | None = None) -> Result:
    """Run one statement, or say what columns it would give when the context is for describing only.

    Args:
        context: account and session.
        text: the statement, comments included.
        bindings: `{"type", "value"}` of each `?` in data SQL, in order.

    Raises:
        SnowflakeError: refused, with Snowflake's code and text.
    """
    verb = _verb(text)
    if context.describe_only and verb not in _DATA_VERBS:
        return _describe(context, text, verb)
    result = _execute(context, text, bindings)
    if context.shortfall:
        raise context.shortfall
    return result


def changes_something(text: str) -> bool:
    """Whether a statement must not be run again when a client sends the same request twice."""
    return _verb(text) in _CHANGING_VERBS


def _verb(text: str) -> str:
    first = _FIRST_WORD.match(text)
    return first[1].upper() if first else ""


def _describe(context: Context, text: str, verb: str) -> Result:
    if verb not in _READING_VERBS:
        return Result([Column("status")])
    result = _execute(context, text, None)
    result.rows.clear()
    return result


def _execute(context: Context, text: str, bindings: list[dict[str, Any]] | None) -> Result:
    first = _FIRST_WORD.match(text)
    if first and first[1].upper() in RAW_STATEMENTS:
        return RAW_STATEMENTS[first[1].upper()](context, text[first.end() :])
    statement = Statement(text)
    if statement.done:
        raise errors.compilation_error("000900", "42601", "Empty SQL statement.")
    for words, handler in STATEMENTS.items():
        if statement.accept(*words):
            with _whole(context, words[0] in ("GRANT", "REVOKE")):
                return handler(context, statement)
    verb = statement.words(1)[0]
    if verb in ("CREATE", "ALTER", "DROP", "SHOW", "DESCRIBE", "DESC"):
        return _on_object_type(context, statement, text, bindings)
    if verb in _DATA_VERBS:
        answer = functions.scalar_select(context, statement) if not bindings else None
        return answer or context.account.data.execute(context, functions.substitute(context, text), bindings)
    raise _refusal(statement)


def _on_object_type(
    context: Context, statement: Statement, text: str, bindings: list[dict[str, Any]] | None
) -> Result:
    verb = statement.word()
    replace = verb == "CREATE" and statement.accept("OR", "REPLACE")
    start = statement.position
    modifiers = []
    while statement.words(1)[:1] and statement.words(1)[0] in _CREATE_MODIFIERS:
        modifiers.append(statement.word())
    if statement.words(1)[:1] and statement.words(1)[0] in _DATA_OBJECTS.get(verb, ()):
        return context.account.data.execute(context, functions.substitute(context, text), bindings)
    for kind in TYPES:
        if statement.accept(*(kind.plural if verb == "SHOW" else kind.kind).split(" ")):
            return _run(context, kind, verb, statement, replace, modifiers)
    statement.position = start
    raise _refusal(statement, verb)


def _run(
    context: Context, kind: ObjectType, verb: str, statement: Statement, replace: bool, modifiers: list[str]
) -> Result:
    if verb == "SHOW":
        return kind.show(context, statement, terse="TERSE" in modifiers)
    if verb in ("DESCRIBE", "DESC"):
        return kind.describe_statement(context, statement)
    with _whole(context, kind.atomic):
        if verb == "CREATE":
            return kind.create(context, statement, replace, frozenset(modifiers))
        if verb == "ALTER":
            return kind.alter(context, statement)
        return kind.drop(context, statement)


def _whole(context: Context, atomic: bool) -> AbstractContextManager[None]:
    """Checks and changes as one transaction: what was checked still holds when the change is made."""
    return context.catalog.transaction() if atomic else nullcontext()


def _refusal(statement: Statement, verb: str = "") -> errors.SnowflakeError:
    words = [verb] if verb else []
    for word in statement.words(4 - len(words)):
        if not word or not word.replace("_", "").isalpha():
            break
        words.append(word)
        if len(words) == 3:
            break
    return errors.unsupported(" ".join(words)) if words else statement.unexpected()
