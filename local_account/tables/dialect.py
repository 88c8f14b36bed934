"""A cursor for Snowflake's SQL. It mends what fakesnow's translation to the data engine leaves wrong."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fakesnow.cursor import DESCRIBE_RESULT_SQL, FakeSnowflakeCursor
from fakesnow.dialect import parse_one
from fakesnow.transforms.merge import operations
from sqlglot import exp

from local_account.base.sql import Name
from local_account.tables import assignments, formats, moments, numbers, types
from local_account.tables.columns import Columns
from local_account.tables.macros import SCHEMA

_TEXT = (exp.DataType.Type.TEXT, exp.DataType.Type.VARCHAR, exp.DataType.Type.CHAR)
_BINARY = (exp.DataType.Type.BINARY, exp.DataType.Type.VARBINARY)
_MENDED = (exp.Cast, exp.ToBinary, exp.DateTrunc, exp.TimestampTrunc, exp.Anonymous)


class Cursor(FakeSnowflakeCursor):
    """A cursor whose statements are mended before and after fakesnow's translation.

    Args:
        columns: the columns of the tables in the statement.
        target: the table that the statement changes.
        timestamp: what the type TIMESTAMP means.
        others: what else `FakeSnowflakeCursor` takes.

    Attributes:
        text_lengths: greatest lengths of text columns that the statement defines.
    """

    def __init__(
        self,
        columns: Columns,
        target: Name | None,
        timestamp: str,
        **others: Any,
    ) -> None:
        super().__init__(**others)
        self._columns, self._target, self._timestamp = columns, target, timestamp
        self.text_lengths: list[tuple[str, int]] = []

    def run(self, expression: exp.Expr, values: Sequence[Any] = ()) -> None:
        """Run a statement in the engine's names; the expression is used up."""
        parameters = list(values) or None
        for part in self._transform_explode(expression):
            translated = self._transform(part, parameters)
            self._execute(translated, parameters if translated.find(exp.Placeholder) else None)

    def columns_of(self, expression: exp.Expr) -> list | None:
        """The engine's columns of a statement, which is not run; None if it can only be run."""
        if known := DESCRIBE_RESULT_SQL.get(type(expression)):
            query = parse_one(known)
        elif isinstance(expression, exp.Merge):
            counts = [kind for kind, indices in operations(expression).items() if indices]
            query = exp.select(*(exp.alias_("0", f"number of rows {kind}", quoted=True) for kind in counts))
        elif isinstance(expression, exp.Query):
            # There are no bindings yet; NULL in their place does not change the columns.
            query = expression.transform(lambda e: exp.Null() if isinstance(e, exp.Placeholder) else e)
        else:
            return None
        self.run(exp.Describe(this=query))
        return self.fetchall()

    def _transform_explode(self, expression: exp.Expr) -> list[exp.Expr]:
        if isinstance(expression, exp.Merge):
            _name_source(expression)
        parts = super()._transform_explode(expression)
        if isinstance(parts[0], exp.Create) and parts[0].kind == "SEQUENCE":
            _place_sequence(*parts)
        return parts

    def _transform(self, expression: exp.Expr, params: Any) -> exp.Expr:
        types.prepare(expression, self._timestamp)
        assignments.prepare(expression, self._columns, self._target)
        formats.prepare(expression)
        moments.prepare(expression, self._columns)
        numbers.prepare(expression, self._columns)
        translated = super()._transform(expression, params)
        # Inner expressions first: the outer ones are built from them.
        for node in reversed(list(translated.find_all(*_MENDED))):
            mended = _mended(node)
            if mended is not node:
                node.replace(mended)
        numbers.finish(translated)
        types.finish(translated)
        # They are stored by the session: fakesnow writes them into a text of SQL as they are.
        self.text_lengths += translated.args.pop("text_lengths", [])
        return translated


def _name_source(merge: exp.Merge) -> None:
    """MERGE's source as a subquery when it has an alias: only of subqueries is the alias followed."""
    source = merge.args["using"]
    if isinstance(source, exp.Table) and (alias := source.args.get("alias")):
        source.set("alias", None)
        merge.set("using", exp.Subquery(this=exp.select("*").from_(source), alias=alias))


def _place_sequence(sequence: exp.Expr, create: exp.Expr) -> None:
    """Make the sequence of an AUTOINCREMENT column beside its table, whose default then names it in full."""
    table, made = create.find(exp.Table), sequence.find(exp.Table)
    assert table and made
    if table.catalog == "temp":
        sequence.set("properties", exp.Properties(expressions=[exp.TemporaryProperty()]))
    made.set("db", table.args["db"].copy())
    made.set("catalog", table.args["catalog"].copy())
    for call in create.find_all(exp.Anonymous):
        if call.name == "NEXTVAL" and call.expressions[0].name == made.name:
            path = f"{table.catalog}.{table.db}.{made.name}"
            call.set("expressions", [exp.Literal.string(path)])


def _mended(node: exp.Expr) -> exp.Expr:
    if isinstance(node, exp.Anonymous):
        # fakesnow's function takes the seconds for the session's time.
        if node.name == "_fs_to_timestamp":
            node.set("this", f"{SCHEMA}.to_timestamp_ntz")
        return node
    operand = node.this.unnest()
    if isinstance(node, exp.ToBinary):
        form = node.args.get("format")
        if form is None or form.name.upper() == "HEX":
            return _call("try_to_bytes" if node.args.get("safe") else "to_bytes", operand)
    elif isinstance(node, (exp.DateTrunc, exp.TimestampTrunc)):
        return _truncated(node, operand)
    elif isinstance(node, exp.Cast) and node.to.this in _BINARY:
        return _call("try_to_bytes" if isinstance(node, exp.TryCast) else "to_bytes", operand)
    elif isinstance(node, exp.Cast) and node.to.this in _TEXT and _is_value(node):
        return _text(node, operand)
    return node


def _is_value(node: exp.Expr) -> bool:
    # fakesnow's own casts stand under TRIM, and JSON paths have a text form already.
    return not isinstance(node.this, (exp.JSONExtractScalar, exp.Star))


def _truncated(node: exp.Expr, operand: exp.Expr) -> exp.Expr:
    """A date that is truncated stays a date."""
    if isinstance(operand, exp.Column):
        return exp.func("CAST_TO_TYPE", node.copy(), operand.copy())
    is_date = isinstance(operand, exp.Cast) and operand.to.this == exp.DataType.Type.DATE
    if is_date or isinstance(operand, (exp.CurrentDate, exp.TsOrDsToDate)):
        return exp.cast(node.copy(), exp.DataType.Type.DATE)
    return node


def _text(node: exp.Cast, operand: exp.Expr) -> exp.Expr:
    """Texts in Snowflake's form; a cast to a shorter text cuts it."""
    found = operand.copy() if operand.is_string else _call("to_text", operand)
    if node.to.expressions:
        return exp.func("LEFT", found, exp.Literal.number(node.to.expressions[0].name))
    return found


def _call(name: str, operand: exp.Expr) -> exp.Expr:
    return exp.Anonymous(this=f"{SCHEMA}.{name}", expressions=[operand.copy()])
