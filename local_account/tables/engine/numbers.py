"""Numbers of up to 38 digits: the data engine computes with 64 bits, or with floating point, where it can.

See https://docs.snowflake.com/en/sql-reference/data-types-numeric
"""

from __future__ import annotations

from sqlglot import exp

from local_account.tables.engine.columns import Columns
from local_account.tables.translation.types import Type

_AGGREGATES = (
    *(exp.Sum, exp.Avg, exp.Variance, exp.VariancePop, exp.Stddev, exp.StddevSamp, exp.StddevPop, exp.Median),
)
# Where integers are read, which the engine does not make of a NUMBER by itself.
_INTEGER_ARGUMENTS: dict[type[exp.Expr], tuple[str, ...]] = {
    exp.Substring: ("start", "length"),
    exp.Left: ("expression",),
    exp.Right: ("expression",),
    exp.Pad: ("expression",),
    exp.Repeat: ("times",),
    exp.SplitPart: ("part_index",),
    exp.Chr: ("expressions",),
    exp.Round: ("decimals",),
    exp.StrPosition: ("position", "occurrence"),
    exp.Interval: ("this",),
    exp.AddMonths: ("expression",),
    exp.DateFromParts: ("year", "month", "day"),
    exp.TimeFromParts: ("hour", "min", "sec"),
    exp.BitwiseAnd: ("this", "expression"),
    exp.BitwiseOr: ("this", "expression"),
    exp.BitwiseXor: ("this", "expression"),
    exp.BitwiseLeftShift: ("this", "expression"),
    exp.BitwiseRightShift: ("this", "expression"),
    exp.RegexpExtract: ("position", "occurrence", "group"),
    exp.Bracket: ("expressions",),
}
_ARITHMETIC = (exp.Add, exp.Sub, exp.Mul)
# From so many digits on, a literal in a calculation is a NUMBER: the engine's integers have 32 bits.
_LONG = 4
_MOST_DIGITS = 38
_KEPT = exp.DataType(this=Type.USERDEFINED, kind="kept")


def prepare(tree: exp.Expr, columns: Columns) -> None:
    """Keep fakesnow from computing sums in floating point: it wraps every argument that is not a cast.

    Text and VARIANT are read as numbers, as Snowflake does; text that is none is an error and not NULL.
    """
    for node in list(tree.find_all(*_AGGREGATES)):
        argument = node.this
        if isinstance(argument, exp.Expr) and not isinstance(argument, (exp.Cast, exp.Distinct)):
            kind = _KEPT if _is_number(argument, columns) else exp.DataType.build("DOUBLE")
            node.set("this", exp.Cast(this=argument, to=kind.copy()))


def _is_number(argument: exp.Expr, columns: Columns) -> bool:
    """Whether an argument may be a number, judged by the names of its columns."""
    if isinstance(argument, exp.Column):
        return not columns.types(argument) & {"VARCHAR", "JSON"}
    return not argument.is_string and not isinstance(argument, (exp.JSONExtract, exp.Bracket))


def finish(tree: exp.Expr) -> None:
    """Undo `prepare` in the engine's syntax tree, and make integers of arguments that must be integers."""
    for node in list(tree.find_all(exp.Literal, exp.Cast, *_ARITHMETIC, *_INTEGER_ARGUMENTS)):
        if isinstance(node, exp.Literal):
            if not node.is_string and len(node.name) > _MOST_DIGITS:
                # The engine would make a number of any length of it, which no client reads.
                node.replace(exp.cast(node.copy(), Type.DOUBLE))
        elif isinstance(node, exp.Cast):
            if node.to.this == Type.USERDEFINED and node.to.args.get("kind") == "kept":
                node.replace(node.this)
        elif isinstance(node, _ARITHMETIC):
            _widen(node)
        if names := _INTEGER_ARGUMENTS.get(type(node)):
            for name in names:
                value = node.args.get(name)
                for argument in value if isinstance(value, list) else [value]:
                    if isinstance(argument, exp.Expr) and _may_be_number(argument, node):
                        kind = Type.BIGINT if isinstance(node, exp.Binary) else Type.INT
                        argument.replace(exp.cast(argument.copy(), kind, dialect="duckdb"))


def _may_be_number(argument: exp.Expr, node: exp.Expr) -> bool:
    if isinstance(node, (exp.Interval, exp.Bracket)) and not isinstance(argument, (exp.Column, exp.Paren)):
        return False
    return not isinstance(argument, (exp.Literal, exp.Neg, exp.Null, exp.Slice))


def _widen(node: exp.Binary) -> None:
    sides = (node.this, node.expression)
    if not all(isinstance(side.unnest(), (exp.Literal, exp.Neg, exp.Cast, *_ARITHMETIC)) for side in sides):
        return
    for side in sides:
        if isinstance(side, exp.Literal) and side.is_int and len(side.name) >= _LONG:
            side.replace(exp.cast(side.copy(), exp.DataType.build("DECIMAL(38, 0)", dialect="duckdb")))
