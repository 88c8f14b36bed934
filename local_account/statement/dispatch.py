"""Finds the module that runs a statement. A statement that no module runs is refused by its first words.

A statement goes through the stages in `Dispatch.stages`, one after the other, until one of them answers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from types import ModuleType
from typing import Any

from local_account.base import errors
from local_account.base.result import Column, Result
from local_account.base.sql import Statement
from local_account.identity.account import Account
from local_account.identity.session import Session
from local_account.statement import commands, flow, substitution
from local_account.statement.context import (
    Context,
    Function,
    Language,
    TableFunction,
    TableMethod,
    TableSource,
)
from local_account.statement.object_type import OR_ALTER, REPLACE, ObjectType

Handler = Callable[[Context, Statement], Result]
SignIn = Callable[[Account, str, str, str], Session]
Check = Callable[[Account, str, str], None]
# Running one of these twice does not have the same effect as running it once.
_CHANGING_VERBS = {
    *("ALTER", "COMMENT", "COMMIT", "COPY", "CREATE", "DELETE", "DROP", "EXECUTE", "GRANT", "INSERT"),
    *("MERGE", "REVOKE", "TRUNCATE", "UNDROP", "UPDATE"),
}
_DEFINING_VERBS = {"ALTER", "COMMENT", "CREATE", "DROP", "UNDROP"}
_READING_VERBS = {"SHOW", "DESCRIBE", "DESC", "LIST", "LS"}
_OBJECT_VERBS = ("CREATE", "ALTER", "DROP", "SHOW", "DESCRIBE", "DESC")


class Dispatch(Language):
    """All statements of the account, taken from the modules that own them.

    A module may define any of these:

    - TYPES: object types.
    - STATEMENTS: leading words to the handler of what follows them.
    - RAW_STATEMENTS: first word to the handler of the whole statement, for statements with file paths, in
      which `//` does not begin a comment.
    - VERBS: first word to the handler of the whole statement.
    - DEFINITIONS: object verb and object word (CREATE, TABLE) to the handler of the whole statement.
    - BEFORE_DEFINITION: functions that are called before an object is made, changed or removed during an open
      transaction.
    - FUNCTIONS, TABLE_METHODS, TABLE_SOURCES, TABLE_FUNCTIONS, ON_PARAMETER: see `Language`.
    - BINDINGS: `STAGE` to the function that reads the bindings of a statement from a place on a stage.
    - SIGN_IN: name of an authenticator to the function that opens a session for it.
    - SIGN_IN_CHECKS: name of a value in the login to the function that checks it before a user signs in.

    Args:
        modules: all modules that own statements.

    Attributes:
        stages: functions that a statement goes through; the first one that returns a result ends it.
        sign_in: name of an authenticator to a function of account, token, role ('' for the default role) and
            the client's IP address, which returns a session.
        sign_in_checks: name of a value of the login to a function of account, value ('' when it is absent)
            and the client's IP address, which refuses the login.
    """

    def __init__(self, modules: Iterable[ModuleType]) -> None:
        owners = list(modules)
        types: list[ObjectType] = [kind for module in owners for kind in getattr(module, "TYPES", ())]
        self.types = self._types = sorted(types, key=lambda kind: -len(kind.kind))
        self._statements: dict[str, list[tuple[tuple[str, ...], Handler]]] = {}
        for words, handler in sorted(
            _collect(owners, "STATEMENTS").items(), key=lambda entry: -len(entry[0])
        ):
            self._statements.setdefault(words[0], []).append((words, handler))
        self._raw: Mapping[str, Handler] = _collect(owners, "RAW_STATEMENTS")
        self._verbs: Mapping[str, Handler] = _collect(owners, "VERBS")
        self._definitions: Mapping[tuple[str, str], Handler] = _collect(owners, "DEFINITIONS")
        self.functions: Mapping[str, Function] = _collect(owners, "FUNCTIONS")
        self.table_methods: Mapping[str, TableMethod] = _collect(owners, "TABLE_METHODS")
        self.table_sources: Mapping[str, TableSource] = _collect(owners, "TABLE_SOURCES")
        self.table_functions: Mapping[str, TableFunction] = _collect(owners, "TABLE_FUNCTIONS")
        self.on_parameter = _collect(owners, "ON_PARAMETER")
        self.bindings: Mapping[str, Callable[[Context, str], list[dict[str, Any]]]] = _collect(
            owners, "BINDINGS"
        )
        self._before_definition = [
            follow for module in owners for follow in getattr(module, "BEFORE_DEFINITION", ())
        ]
        self.sign_in: Mapping[str, SignIn] = _collect(owners, "SIGN_IN")
        self.sign_in_checks: Mapping[str, Check] = _collect(owners, "SIGN_IN_CHECKS")
        self._known_verbs = {*commands.VERBS, *self._statements, *self._raw, *self._verbs}
        self.stages: list[Callable[[Context, Statement], Result | None]] = [
            self._raw_statement,
            self._known_statement,
            self._object_statement,
            self._verb_statement,
        ]

    @property
    def raw_verbs(self) -> frozenset[str]:
        """First words of statements with file paths, which cannot be cut into tokens."""
        return frozenset(self._raw)

    def changes_something(self, statement: Statement) -> bool:
        """Whether the statement may run only once, even if a client sends the same request twice."""
        if statement.verb in self._raw:
            return statement.verb in _CHANGING_VERBS
        return any(link.verb in _CHANGING_VERBS for link in flow.links(statement))

    def run(self, context: Context, statement: Statement) -> Result:
        """Run one statement. If the context has `describe_only`, return only the columns of its result.

        Raises:
            SnowflakeError: the statement was refused; with Snowflake's code and text.
        """
        if statement.verb in self._raw:
            return self._run_link(context, statement)
        links = flow.links(statement)
        if len(links) == 1:
            return self._run_link(context, links[0])
        if context.describe_only:
            raise errors.unsupported(f"describing a chain of statements with {flow.OPERATOR}")
        results: list[Result] = []
        for link in links:
            # What a context has looked up once may be another after the link before, for example after USE.
            results.append(self._run_link(replace(context, piped=results[::-1]), link))
        return results[-1]

    def _run_link(self, context: Context, statement: Statement) -> Result:
        """Run a statement that is no chain."""
        if statement.verb and statement.verb not in self._known_verbs:
            raise statement.unexpected()
        if statement.verb not in self._raw:
            statement = substitution.substituted(context.session, statement)
            if statement.bindings and not self._is_data(statement):
                statement = substitution.filled(statement)
        if context.describe_only and statement.verb and statement.verb not in self._verbs:
            return self._describe(context, statement)
        if context.session.in_transaction and not context.describe_only and self._defines(statement):
            for follow in self._before_definition:
                follow(context)
        result = self._run(context, statement)
        if context.shortfall:
            raise context.shortfall
        return result

    def _is_data(self, statement: Statement) -> bool:
        """Whether the data engine runs the statement; it takes bindings as values."""
        return statement.verb in self._verbs or _first_words(statement) in self._definitions

    def _defines(self, statement: Statement) -> bool:
        """Whether the statement makes, changes or removes an object.

        Those of tables and views are left out: they end a transaction only when they are sure to be run.
        """
        kind = _first_words(statement)[1:]
        is_table = any(kind == (word,) for _, word in self._definitions)
        return statement.verb in _DEFINING_VERBS and kind != ("SESSION",) and not is_table

    def _describe(self, context: Context, statement: Statement) -> Result:
        if statement.verb not in _READING_VERBS:
            return Result([Column("status")])
        result = self._run(context, statement)
        result.rows.clear()
        return result

    def _run(self, context: Context, statement: Statement) -> Result:
        for stage in self.stages:
            if (result := stage(context, statement)) is not None:
                return result
        raise _refusal(statement)

    def _raw_statement(self, context: Context, statement: Statement) -> Result | None:
        handler = self._raw.get(statement.verb)
        return handler(context, statement) if handler else None

    def _known_statement(self, context: Context, statement: Statement) -> Result | None:
        if statement.done:
            raise errors.compilation_error("000900", "42601", "Empty SQL statement.")
        for words, handler in self._statements.get(statement.words(1)[0], ()):
            if statement.accept(*words):
                if words[0] in _OBJECT_VERBS and commands.is_other(statement):
                    raise _refusal(statement)
                with _whole(context, words[0] in ("GRANT", "REVOKE")):
                    return handler(context, statement)
        return None

    def _object_statement(self, context: Context, statement: Statement) -> Result | None:
        verb = statement.words(1)[0]
        if verb not in _OBJECT_VERBS:
            return None
        statement.word()
        modifiers = []
        if verb == "CREATE" and statement.words(2) in (("OR", "REPLACE"), ("OR", "ALTER")):
            modifiers = [REPLACE if statement.words(2)[1] == "REPLACE" else OR_ALTER]
            statement.position += 2
        while statement.words(1)[:1] and statement.words(1)[0] in commands.MODIFIERS:
            modifiers.append(statement.word())
        if statement.words(1) and (definition := self._definitions.get((verb, statement.words(1)[0]))):
            statement.position = 0
            return definition(context, statement)
        for kind in self._types:
            if statement.accept(*(kind.plural if verb == "SHOW" else kind.kind).split(" ")):
                if commands.is_other(statement):
                    break
                return _run_on(context, kind, verb, statement, modifiers)
        raise _refusal(statement)

    def _verb_statement(self, context: Context, statement: Statement) -> Result | None:
        handler = self._verbs.get(statement.words(1)[0])
        return handler(context, statement) if handler else None


def _first_words(statement: Statement) -> tuple[str, ...]:
    """The verb and the type of object."""
    skipped = commands.MODIFIERS | {"OR", "REPLACE"}
    return tuple([word for word in statement.words(6) if word not in skipped][:2])


def _collect(modules: Iterable[ModuleType], attribute: str) -> dict[Any, Any]:
    found: dict[Any, Any] = {}
    for module in modules:
        found |= getattr(module, attribute, {})
    return found


def _run_on(
    context: Context, kind: ObjectType, verb: str, statement: Statement, modifiers: list[str]
) -> Result:
    if verb == "SHOW":
        return kind.show(context, statement, terse="TERSE" in modifiers)
    if verb in ("DESCRIBE", "DESC"):
        return kind.describe_statement(context, statement)
    with _whole(context, kind.atomic):
        if verb == "CREATE":
            return kind.create(context, statement, frozenset(modifiers))
        if verb == "ALTER":
            return kind.alter(context, statement)
        return kind.drop(context, statement)


def _whole(context: Context, atomic: bool) -> AbstractContextManager[None]:
    """One transaction for checks and changes, so that nothing changes between a check and the change."""
    return context.catalog.transaction() if atomic else nullcontext()


def _refusal(statement: Statement) -> errors.SnowflakeError:
    name = commands.feature(statement)
    if name:
        return errors.unsupported(name)
    statement.position = min(1, len(statement.tokens))
    return statement.unexpected()
