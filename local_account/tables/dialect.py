"""Expressions that the data engine computes differently from Snowflake, beyond what fakesnow translates."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fakesnow.cursor import DESCRIBE_RESULT_SQL, FakeSnowflakeCursor
from fakesnow.dialect import parse_one
from fakesnow.transforms.merge import operations
from sqlglot import exp

NOT_HEXADECIMAL = "The following string is not a legal hex-encoded value: "
_TEXT = (exp.DataType.Type.TEXT, exp.DataType.Type.VARCHAR)
_BINARY = (exp.DataType.Type.BINARY, exp.DataType.Type.VARBINARY)
_MENDED = (exp.Cast, exp.ToBinary, exp.DateTrunc, exp.TimestampTrunc)
_IS_BINARY = "is_binary"


class Cursor(FakeSnowflakeCursor):
    """A cursor whose statements are mended after fakesnow's translation.

    The type of a column is known only to the engine, so what is made of a column asks for its type. Only
    literals and columns are written more than once: copies of copies would make nested casts very large.
    """

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
        parts = super()._transform_explode(expression)
        if isinstance(parts[0], exp.Create) and parts[0].kind == "SEQUENCE":
            _place_sequence(*parts)
        return parts

    def _transform(self, expression: exp.Expr, params: Any) -> exp.Expr:
        translated = super()._transform(expression, params)
        # Inner expressions first: the outer ones are built from them.
        for node in reversed(list(translated.find_all(*_MENDED))):
            mended = _mended(node)
            if mended is not node:
                node.replace(mended)
        return translated


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
    operand = node.this.unnest()
    if isinstance(node, exp.ToBinary):
        if node.args.get("format") is None and operand.is_string:
            return _from_digits(operand)
    elif isinstance(node, (exp.DateTrunc, exp.TimestampTrunc)):
        return _truncated(node, operand)
    elif type(node) is exp.Cast and node.to.this in _BINARY:
        return _binary(node, operand)
    elif type(node) is exp.Cast and node.to.this in _TEXT:
        node.set("this", _text(operand))
    return node


def _truncated(node: exp.Expr, operand: exp.Expr) -> exp.Expr:
    """A date that is truncated stays a date."""
    if isinstance(operand, exp.Column):
        return exp.func("CAST_TO_TYPE", node.copy(), operand.copy())
    is_date = isinstance(operand, exp.Cast) and operand.to.this == exp.DataType.Type.DATE
    if is_date or isinstance(operand, (exp.CurrentDate, exp.TsOrDsToDate)):
        return exp.cast(node.copy(), exp.DataType.Type.DATE)
    return node


def _binary(node: exp.Expr, operand: exp.Expr) -> exp.Expr:
    """Text is read as hexadecimal digits."""
    if operand.is_string:
        return _from_digits(operand)
    if isinstance(operand, exp.Column):
        plain = exp.cast(operand.copy(), exp.DataType.Type.TEXT)
        return _from_digits(exp.case().when(_has_type(operand, "BLOB"), _digits(plain)).else_(plain))
    return node


def _text(operand: exp.Expr) -> exp.Expr:
    """A string in a VARIANT loses its quotes, the VARIANT null is NULL, and binary becomes digits."""
    if operand.meta.get(_IS_BINARY):
        return exp.func("HEX", operand.copy())
    if isinstance(operand, exp.ParseJSON):
        return _unquoted(operand)
    if not isinstance(operand, exp.Column) or isinstance(operand.this, exp.Star):
        return operand.copy()
    plain = exp.cast(operand.copy(), exp.DataType.Type.TEXT)
    choice = exp.case().when(_has_type(operand, "JSON"), _unquoted(plain))
    return choice.when(_has_type(operand, "BLOB"), _digits(plain)).else_(plain)


def _from_digits(text: exp.Expr) -> exp.Expr:
    quoted = exp.func(
        "CONCAT", exp.Literal.string(f"{NOT_HEXADECIMAL}'"), text.copy(), exp.Literal.string("'")
    )
    is_right = exp.func("REGEXP_FULL_MATCH", text.copy(), exp.Literal.string("([0-9A-Fa-f]{2})*"))
    choice = exp.case().when(exp.not_(is_right), exp.func("ERROR", quoted))
    found = choice.else_(exp.func("UNHEX", text.copy()))
    found.meta[_IS_BINARY] = True
    return found


def _digits(plain: exp.Expr) -> exp.Expr:
    # The engine's text form of binary can be read back, and every type has a text form.
    return exp.func("HEX", exp.cast(plain.copy(), exp.DataType.Type.VARBINARY))


def _has_type(operand: exp.Expr, name: str) -> exp.Expr:
    return exp.func("TYPEOF", operand.copy()).eq(exp.Literal.string(name))


def _unquoted(json: exp.Expr) -> exp.Expr:
    return exp.func("JSON_EXTRACT_STRING", json.copy(), exp.Literal.string("$"))
