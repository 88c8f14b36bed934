"""Expressions that the data engine computes differently from Snowflake, beyond what fakesnow translates."""

from __future__ import annotations

from typing import Any

from fakesnow.cursor import FakeSnowflakeCursor
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

    def _inline_variables(self, sql: str) -> str:
        # The account has put the values of variables into the statement. What is left is the text of strings.
        return sql

    def _transform(self, expression: exp.Expr, params: Any) -> exp.Expr:
        translated = super()._transform(expression, params)
        # Inner expressions first: the outer ones are built from them.
        for node in reversed(list(translated.find_all(*_MENDED))):
            mended = _mended(node)
            if mended is not node:
                node.replace(mended)
        return translated


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
