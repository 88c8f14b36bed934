"""The calls of one statement to functions that run outside of the data engine.

Each call becomes a call of a temporary macro of the engine's session. The macro turns the arguments into
texts, passes them to one function of Python, `ANSWER`, and reads its text as the type that is returned. A
random key tells `ANSWER` which call of which statement a row belongs to, so no statement can use another's.
"""

from __future__ import annotations

import contextlib
import re
import secrets
import threading
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from sqlglot import exp

from local_account.base import errors
from local_account.base.errors import SnowflakeError
from local_account.base.sql import shown
from local_account.statement.context import Context
from local_account.statement.data_type import DataType
from local_account.tables.engine.engine_statement import Places, prepared
from local_account.tables.plan.access import Plan, folded, require_warehouse
from local_account.tables.plan.functions import (
    QueryFunction,
    QueryFunctions,
    Row,
    choose,
    wrong_arguments,
    wrong_count,
)
from local_account.tables.translation.macros import OWN_NAMES, SCHEMA, ZONED_TYPE

if TYPE_CHECKING:
    from local_account.tables.engine.data_session import DataSession

ANSWER = "local_account_answer"
_MACRO = f"{OWN_NAMES}CALL_"
# The engine's types of arguments, as its error says them when a call fits no function.
_TYPES = re.compile(rf"argument types '{ANSWER}\(", re.IGNORECASE)
_TOO_MANY = 3
_ENGINE_KINDS = {
    "BLOB": "BINARY",
    "BOOLEAN": "BOOLEAN",
    "DATE": "DATE",
    "DOUBLE": "FLOAT",
    "FLOAT": "FLOAT",
    "JSON": "VARIANT",
    "STRING_LITERAL": "VARCHAR",
    "TIME": "TIME",
    "TIMESTAMP": "TIMESTAMP_NTZ",
    "TIMESTAMP_NS": "TIMESTAMP_NTZ",
    "TIMESTAMP WITH TIME ZONE": "TIMESTAMP_LTZ",
    "VARCHAR": "VARCHAR",
}
_ENGINE_TYPES = {
    "FLOAT": "DOUBLE",
    "TIMESTAMP_NTZ": "TIMESTAMP",
    "TIMESTAMP_LTZ": "TIMESTAMPTZ",
}
_LOCAL_MOMENTS = ("TIMESTAMP_NTZ", "DATE", "TIME")
_SEMISTRUCTURED = ("VARIANT", "OBJECT", "ARRAY")


class Answers:
    """The functions that rows of running statements go to, by the keys of their calls."""

    def __init__(self) -> None:
        self._running: dict[str, tuple[Calls, QueryFunction]] = {}

    @contextlib.contextmanager
    def given(self, calls: Calls) -> Iterator[None]:
        """Answer a statement's calls in the body.

        Raises:
            SnowflakeError: of the first call that failed, in place of the engine's error.
        """
        added = {calls.key(index): (calls, function) for index, function in enumerate(calls.functions)}
        self._running.update(added)
        try:
            yield
        except SnowflakeError:
            if calls.error:
                raise calls.error from None
            raise
        finally:
            for key in added:
                self._running.pop(key, None)

    def answer(self, keys: Any, rows: Any) -> Any:
        """What the engine calls for up to 2,048 rows: pyarrow's arrays of keys and of arguments as texts."""
        import pyarrow

        if len(keys) == 0:
            return pyarrow.array([], pyarrow.string())
        found = self._running.get(keys[0].as_py())
        if found is None:
            raise errors.compilation_error("002140", "42601", f"Unknown function {ANSWER.upper()}.")
        calls, function = found
        return pyarrow.array(calls.answer(function, rows.to_pylist()), pyarrow.string())


class Calls:
    """The calls of one statement.

    Attributes:
        functions: the function of each call that was written into the statement.
        error: of the first call that failed.
    """

    def __init__(self, context: Context, plan: Plan) -> None:
        self._context, self._plan = context, plan
        self._key = secrets.token_hex(16)
        self._lock = threading.Lock()
        self._written: dict[tuple[Any, ...], int] = {}
        self.functions: list[QueryFunction] = []
        self.error: SnowflakeError | None = None

    def key(self, index: int) -> str:
        return f"{self._key}/{index}"

    def answer(self, function: QueryFunction, rows: list[Row]) -> list[str | None]:
        """The function's results; once a call has failed, nothing is called any more."""
        if self.error:
            raise self.error
        try:
            return function.answer(rows)
        except SnowflakeError as error:
            with self._lock:
                self.error = self.error or error
            raise

    def written(self, session: DataSession, places: Places, values: list[Any]) -> exp.Expr:
        """The statement with macros of the session in place of the calls.

        Raises:
            SnowflakeError: a call does not fit its function, or stands where it cannot.
        """
        tree = self._plan.expression.copy()
        _name_columns(tree, self._found)
        # Inner calls first, because their types say which outer function is called.
        for node in reversed(list(tree.find_all(exp.Anonymous))):
            if found := self._found(node):
                self._require_place(node)
                arguments, fitting = self._arguments(node, found)
                function = fitting[0]
                if len(fitting) > 1:
                    kinds = self._kinds(session, places, tree, node, arguments, values)
                    function = choose(fitting, kinds)
                self._replace(session, node, function, arguments)
        return tree

    def _found(self, node: exp.Anonymous) -> list[QueryFunction]:
        return self._plan.functions.get(called_name(node), [])

    def _require_place(self, node: exp.Anonymous) -> None:
        statement = self._plan.expression
        if node.find_ancestor(exp.Values):
            call = node.sql("snowflake").upper()
            raise errors.compilation_error("002014", "22000", f"Invalid expression [{call}] in VALUES clause")
        if isinstance(statement, exp.Create) and statement.kind == "VIEW":
            raise errors.unsupported("a service function in a view")
        if self._plan.is_definition and not node.find_ancestor(exp.Query):
            raise errors.unsupported("a service function in the definition of a column")

    def _arguments(
        self, node: exp.Anonymous, found: list[QueryFunction]
    ) -> tuple[list[exp.Expr], list[QueryFunction]]:
        """The given arguments in order, and the functions that take so many."""
        given = list(node.expressions)
        if any(isinstance(one, exp.Kwarg) for one in given):
            return _in_order(given, found)
        fitting = [one for one in found if one.takes(len(given))]
        if fitting:
            return given, fitting
        if len(found) == 1:
            raise wrong_count(found[0], node.sql("snowflake").upper(), len(given))
        raise wrong_arguments(found, f"{len(given)} arguments")

    def _kinds(
        self,
        session: DataSession,
        places: Places,
        tree: exp.Expr,
        node: exp.Anonymous,
        arguments: list[exp.Expr],
        values: list[Any],
    ) -> list[str]:
        """Kinds of the arguments of a call, which the engine tells when it cannot bind them."""
        if self._plan.is_several:
            raise errors.unsupported("a service function of several signatures in MERGE or INSERT OVERWRITE")
        # ANSWER has two arguments, so a call with more of them cannot be bound.
        more = [exp.Literal.number(0) for _ in range(_TOO_MANY)]
        probe = exp.Anonymous(this=ANSWER, expressions=[*more, *arguments])
        whole = _whole_call(node)
        whole.replace(probe)
        asked = tree.copy()
        probe.replace(whole)
        for mark, value in zip(list(asked.find_all(exp.Placeholder, bfs=False)), values, strict=False):
            mark.replace(exp.convert(value[0] if isinstance(value, list) else value))
        # Nothing is known yet about the other calls, and the arguments of this one do not depend on them.
        # What must not get lost is the call that cannot be bound: without it the statement would run.
        for other in [one for one in asked.find_all(exp.Anonymous) if self._found(one)]:
            holder = next((one for one in other.expressions if _calls_answer(one)), exp.Null())
            _whole_call(other).replace(holder)
        assert _calls_answer(asked)
        statement = prepared(replace(self._plan, expression=asked), "", places)
        found = session.refused(statement, _TYPES)
        return [_kind(name) for name in _listed(found.string, found.end())[_TOO_MANY:]]

    def _replace(
        self, session: DataSession, node: exp.Anonymous, function: QueryFunction, arguments: list[exp.Expr]
    ) -> None:
        # The same call at two places is one macro, so that GROUP BY finds what SELECT has.
        same = (id(function), *(one.sql(dialect="snowflake") for one in arguments))
        index = self._written.setdefault(same, len(self.functions))
        if index == len(self.functions):
            self.functions.append(function)
            self._define(session, index, function, len(arguments))
        _whole_call(node).replace(exp.Anonymous(this=f"{_MACRO}{index}", expressions=arguments))

    def _define(self, session: DataSession, index: int, function: QueryFunction, count: int) -> None:
        """Make the macro of a call that gives so many arguments; the others have their defaults."""
        texts = [_to_text(f"p{number}", one.type) for number, one in enumerate(function.arguments[:count])]
        texts += [_to_text(one.default or "NULL", one.type) for one in function.arguments[count:]]
        call = f"{ANSWER}('{self.key(index)}', list_value({', '.join(texts)})::VARCHAR[])"
        parameters = [f"p{number}" for number in range(count)]
        session.define_macro(f"{_MACRO}{index}", parameters, _from_text(call, function.returns))


def note_calls(context: Context, plan: Plan, text: str) -> None:
    """Find the functions of the account that a statement calls, and note them in its plan.

    Args:
        text: the statement; without the name of a function in it there is nothing to look for.

    Raises:
        SnowflakeError: 002140 for a function with a qualified name that the session may not call, 000606
            without a warehouse, and the errors of `QueryFunctions.find`.
    """
    functions = context.account.part(QueryFunctions)
    names = functions.names()
    upper = text.upper() if names else ""
    if OWN_NAMES not in upper and not any(name.upper() in upper for name in names):
        return
    for node in plan.expression.find_all(exp.Anonymous):
        name = called_name(node)
        if name and name[-1].upper().startswith(OWN_NAMES):
            raise errors.compilation_error("002140", "42601", f"Unknown function {shown(name)}.")
        if name in plan.functions or (len(name) == 1 and name[0] not in names):
            continue
        found = functions.find(context, list(name))
        if found:
            plan.functions[name] = found
        elif len(name) > 1:
            message = f"Unknown user-defined function {shown(name)}."
            raise errors.compilation_error("002140", "42601", message)
    if plan.functions:
        require_warehouse(context)


def called_name(node: exp.Anonymous) -> tuple[str, ...]:
    """The name of a called function in one to three parts; () when what is before the dot is no name."""
    this = node.this
    last = this.this if isinstance(this, exp.Identifier) else str(this).upper()
    parts: list[str] = [last]
    above = node.parent
    if not isinstance(above, exp.Dot) or above.expression is not node:
        return (last,)
    before = above.this
    while isinstance(before, exp.Dot) and isinstance(before.expression, exp.Identifier):
        parts.append(folded(before.expression))
        before = before.this
    if not isinstance(before, exp.Identifier):
        return ()
    return tuple(reversed([*parts, folded(before)]))


def _whole_call(node: exp.Anonymous) -> exp.Expr:
    """The call with the database and schema before it."""
    whole: exp.Expr = node
    while isinstance(whole.parent, exp.Dot) and whole.parent.expression is whole:
        whole = whole.parent
    return whole


def _name_columns(tree: exp.Expr, found: Any) -> None:
    """Give the columns that are made by calls the names that Snowflake gives them."""
    for select in tree.find_all(exp.Select):
        for item in select.expressions:
            if isinstance(item, exp.Alias) or not any(map(found, item.find_all(exp.Anonymous))):
                continue
            name = item.sql(dialect="snowflake", comments=False).upper()
            item.replace(exp.alias_(item.copy(), exp.to_identifier(name, quoted=True)))


def _calls_answer(tree: exp.Expr) -> bool:
    return any(node.this == ANSWER for node in tree.find_all(exp.Anonymous))


def _in_order(
    given: list[exp.Expr], found: list[QueryFunction]
) -> tuple[list[exp.Expr], list[QueryFunction]]:
    """Arguments that are given by name, `f(b => 1, a => 2)`, in the order of the function's arguments."""
    if any(one.find(exp.Placeholder) for one in given):
        raise errors.unsupported("bind variables in arguments by name")
    if not all(isinstance(one, exp.Kwarg) for one in given):
        raise errors.unsupported("arguments by name and by position together")
    named = {one.this.name.upper(): one.expression for one in given if isinstance(one, exp.Kwarg)}
    for function in found:
        names = [argument.name for argument in function.arguments]
        if set(named) == set(names[: len(named)]) and function.takes(len(named)):
            return [named[name] for name in names[: len(named)]], [function]
    raise wrong_arguments(found, f"({', '.join(named)})")


def _listed(text: str, start: int) -> list[str]:
    """The types in `DECIMAL(10,2), STRUCT(a VARCHAR, b INTEGER))'…` from a position on."""
    found, depth, begin = [], 0, start
    for position in range(start, len(text)):
        sign = text[position]
        if depth == 0 and sign in ",)":
            found.append(text[begin:position].strip())
            begin = position + 1
            if sign == ")":
                break
        depth += {"(": 1, ")": -1}.get(sign, 0)
    return found


def _kind(engine_type: str) -> str:
    """Snowflake's kind of one of the engine's types; '' for NULL and for a bind variable."""
    if engine_type.endswith("[]"):
        return "ARRAY"
    if engine_type.startswith(ZONED_TYPE):
        return "TIMESTAMP_TZ"
    if engine_type.startswith(("STRUCT", "MAP")):
        return "OBJECT"
    if engine_type.startswith("DECIMAL") or "INT" in engine_type:
        return "NUMBER"
    return _ENGINE_KINDS.get(engine_type, "")


def _to_text(value: str, kind: DataType) -> str:
    """The engine's expression for a value as the text that `QueryFunction.answer` takes.

    `typeof` is a constant once the engine knows the value's type, so that one branch is left.
    """
    plain = f"CAST({value} AS VARCHAR)"
    if kind.kind in _SEMISTRUCTURED:
        return (
            f"CASE WHEN typeof({value}) = 'JSON' OR typeof({value}) LIKE 'DECIMAL%' THEN {plain} "
            f"ELSE CAST(to_json({value}) AS VARCHAR) END"
        )
    if kind.kind in ("VARCHAR", "BINARY"):
        return f"{SCHEMA}.to_text({value})"
    engine_type = _ENGINE_TYPES.get(kind.kind, _engine_number(kind))
    cast = f"CAST(CAST({value} AS {engine_type}) AS VARCHAR)"
    if not kind.kind.startswith("TIMESTAMP") and kind.kind not in _LOCAL_MOMENTS:
        return cast
    return _moment_to_text(value, kind.kind, plain, cast)


def _moment_to_text(value: str, kind: str, plain: str, cast: str) -> str:
    """As `_to_text`, for dates and times; the value may be a TIMESTAMP_TZ, which is a structure.

    Args:
        plain: the engine's text of the value.
        cast: the text of any other value that is read as this kind.
    """
    if kind == "TIMESTAMP_TZ":
        text = f"CASE typeof({value}) WHEN 'JSON' THEN json_extract_string({plain}, '$') ELSE {plain} END"
        return (
            f"list_transform([{SCHEMA}.to_timestamp_tz({text})], lambda z: "
            f"CAST({SCHEMA}.wall_clock(z) AS VARCHAR) || {SCHEMA}.offset_text(z.zone))[1]"
        )
    zoned = f"{SCHEMA}.to_timestamp_tz({plain})"
    read = f"{zoned}.moment" if kind == "TIMESTAMP_LTZ" else f"{SCHEMA}.wall_clock({zoned})"
    read = f"CAST(CAST({read} AS {_ENGINE_TYPES.get(kind, kind)}) AS VARCHAR)"
    exact = f"WHEN typeof({value}) = 'TIMESTAMP_NS' THEN {plain} " if kind == "TIMESTAMP_NTZ" else ""
    return f"CASE WHEN typeof({value}) LIKE '{ZONED_TYPE}%' THEN {read} {exact}ELSE {cast} END"


def _from_text(text: str, kind: DataType) -> str:
    if kind.kind in _SEMISTRUCTURED:
        return f"CAST({text} AS JSON)"
    if kind.kind == "BINARY":
        return f"unhex({text})"
    if kind.kind == "VARCHAR":
        return text
    if kind.kind == "TIMESTAMP_TZ":
        return f"{SCHEMA}.to_timestamp_tz({text})"
    return f"CAST({text} AS {_ENGINE_TYPES.get(kind.kind, _engine_number(kind))})"


def _engine_number(kind: DataType) -> str:
    return f"DECIMAL({kind.precision},{kind.scale})" if kind.kind == "NUMBER" else kind.kind
