"""TIMESTAMP_TZ, whose offset is part of the value, and other moments that the data engine treats differently.

The engine keeps a TIMESTAMP_TZ as a structure of the moment and the offset in minutes. What is done with one
is written with the part of it that Snowflake uses: the moment for comparisons, the wall clock for the rest.
See https://docs.snowflake.com/en/sql-reference/data-types-datetime
"""

from __future__ import annotations

import re

from sqlglot import exp

from local_account.base import errors
from local_account.tables.engine.columns import Columns
from local_account.tables.translation.macros import OWN_NAMES, SCHEMA, ZONED_TYPE
from local_account.tables.translation.types import Type

_ZONED = "is_zoned"
_COMPARISONS = (exp.EQ, exp.NEQ, exp.LT, exp.LTE, exp.GT, exp.GTE, exp.Between, exp.In, exp.NullSafeEQ)
# These give one of their operands.
_TRANSPARENT = (exp.Paren, exp.Max, exp.Min, exp.AnyValue, exp.Window, exp.Coalesce, exp.Lag, exp.Lead)
_TRANSPARENT_MORE = (
    exp.FirstValue,
    exp.LastValue,
    exp.NthValue,
    exp.If,
    exp.Case,
    exp.IgnoreNulls,
    exp.Distinct,
)
# These do not look into the value.
_CARRIERS = (
    *(exp.Select, exp.Alias, exp.Tuple, exp.Values, exp.Ordered, exp.Group, exp.Order, exp.Count, exp.Is),
    *(exp.Insert, exp.Update, exp.ColumnDef, exp.ColumnConstraint, exp.DefaultColumnConstraint, exp.Subquery),
    *(exp.SetOperation, exp.Lambda, exp.Return, exp.PropertyEQ, exp.Schema, exp.Aliases, exp.Merge, exp.When),
)
_PARTS = (
    *(exp.Year, exp.Month, exp.Day, exp.Hour, exp.Minute, exp.Second, exp.Quarter, exp.Week, exp.Extract),
    *(exp.DayOfWeek, exp.DayOfWeekIso, exp.DayOfMonth, exp.DayOfYear, exp.WeekOfYear, exp.Dayname),
    *(exp.Monthname, exp.LastDay, exp.TsOrDsToDate, exp.TsOrDsToTime, exp.ToChar, exp.TimeToStr, exp.Date),
)
_MOVES = (exp.DateAdd, exp.DateSub, exp.TimestampTrunc, exp.AddMonths)
_BLANK_BEFORE_OFFSET = re.compile(r"(?<=\d) (?=(?:[+-]\d\d:?\d\d|Z)$)")
_DAYS = {"DAY", "WEEK", "MONTH", "QUARTER", "YEAR"}
_OWN_FUNCTIONS = (SCHEMA.upper(), OWN_NAMES)
_LOCAL_TYPES = {Type.TIMESTAMPNTZ, Type.DATETIME, Type.DATE, Type.TIME}


def prepare(tree: exp.Expr, columns: Columns) -> None:
    """Rewrite the moments in Snowflake's syntax tree.

    Raises:
        SnowflakeError: 000002 for a use of a TIMESTAMP_TZ that this account does not have.
    """
    _settle_functions(tree, columns)
    for node in tree.find_all(exp.ColumnDef):
        _settle_default(node)
    for node in tree.find_all(*_COMPARISONS):
        _settle_texts(node, columns)
    casts = [node for node in tree.find_all(exp.Cast) if node.to.this == Type.TIMESTAMPTZ]
    zones = list(tree.find_all(exp.ConvertTimezone))
    if not casts and not zones and not columns.has_type(ZONED_TYPE):
        return
    # Inner expressions first: outer ones are judged by them.
    for node in reversed(list(tree.find_all(exp.Cast, exp.ConvertTimezone, exp.Column))):
        found = _zoned(node, columns)
        if found is None:
            continue
        if found is not node:
            node.replace(found)
        found.meta[_ZONED] = True
        _use(found)


def is_zoned(node: exp.Expr) -> bool:
    """Whether `prepare` has found that this is a TIMESTAMP_TZ."""
    return bool(node.meta.get(_ZONED))


def _settle_functions(tree: exp.Expr, columns: Columns) -> None:
    for node in list(tree.find_all(exp.CurrentTimestamp, exp.Localtime, exp.CurrentTime)):
        if isinstance(node, exp.CurrentTimestamp):
            if node.args.get("sysdate"):
                node.replace(_call("in_utc", exp.CurrentTimestamp()))
        else:
            node.replace(exp.cast(_call("here", exp.CurrentTimestamp()), Type.TIME))
    for node in list(tree.find_all(exp.UnixToTime)):
        target = node.args.get("target_type")
        kind = target.this if isinstance(target, exp.DataType) else Type.TIMESTAMPNTZ
        moment = _call("epoch", node.this, node.args.get("scale") or exp.Literal.number(0))
        is_local = kind in (Type.TIMESTAMPLTZ, Type.TIMESTAMPTZ)
        node.replace(exp.cast(moment, kind) if is_local else _call("in_utc", moment))
    for node in list(tree.find_all(exp.DateAdd, exp.AddMonths)):
        if isinstance(node.this, exp.Column) and columns.types(node.this) == {"DATE"} and _in_days(node):
            node.replace(exp.cast(node.copy(), Type.DATE))
    for node in tree.find_all(exp.TryCast):
        # fakesnow's function for TIMESTAMP_NTZ raises an error in place of NULL.
        if node.to.this == Type.TIMESTAMPNTZ:
            node.set("to", exp.DataType(this=Type.DATETIME))
    for node in tree.find_all(exp.Struct):
        for entry in node.expressions:
            if isinstance(entry, exp.PropertyEQ) and isinstance(entry.this, exp.Identifier):
                entry.this.set("quoted", True)


def _settle_texts(node: exp.Expr, columns: Columns) -> None:
    """Let the engine read the offset in a text that is compared with a column of moments."""
    sides = list(node.iter_expressions())
    kinds = [columns.types(side) for side in sides if isinstance(side, exp.Column)]
    if any(kind and all(name.startswith("TIMESTAMP") for name in kind) for kind in kinds):
        for side in sides:
            if side.is_string:
                side.replace(exp.Literal.string(readable_offset(side.name)))


def readable_offset(text: str) -> str:
    """A moment's text without the blank before its offset; the engine reads a zone's name behind a blank."""
    return _BLANK_BEFORE_OFFSET.sub("", text)


def _in_days(node: exp.Expr) -> bool:
    """Whether a date that is moved stays a date."""
    unit = node.args.get("unit")
    return isinstance(node, exp.AddMonths) or (unit is not None and unit.name.upper() in _DAYS)


def _settle_default(node: exp.ColumnDef) -> None:
    if not isinstance(node.kind, exp.DataType) or node.kind.this != Type.TIMESTAMPTZ:
        return
    for default in node.find_all(exp.DefaultColumnConstraint):
        # The engine permits no lambda in a default.
        if not isinstance(default.this, (exp.CurrentTimestamp, exp.Null)):
            raise errors.unsupported("a default of a TIMESTAMP_TZ column other than CURRENT_TIMESTAMP")
        if not isinstance(default.this, exp.Null):
            default.set("this", _call("zoned_here", default.this))


def _zoned(node: exp.Expr, columns: Columns) -> exp.Expr | None:
    """What stands for an expression that is a TIMESTAMP_TZ; None for other expressions."""
    if isinstance(node, exp.Column):
        types = columns.types(node)
        zoned = {kind for kind in types if kind.startswith(ZONED_TYPE)}
        if not zoned:
            return None
        if zoned != types:
            raise errors.unsupported(f"a column {node.name} of TIMESTAMP_TZ beside one of another type")
        return node
    if isinstance(node, exp.ConvertTimezone):
        return _converted(node)
    assert isinstance(node, exp.Cast)
    if node.to.this != Type.TIMESTAMPTZ:
        return None
    operand = node.this
    if is_zoned(operand):
        return operand
    return _call("try_timestamp_tz" if isinstance(node, exp.TryCast) else "to_timestamp_tz", operand)


def _converted(node: exp.ConvertTimezone) -> exp.Expr | None:
    """CONVERT_TIMEZONE with two arguments gives a TIMESTAMP_TZ."""
    if node.args.get("source_tz"):
        return None
    moment = node.args["timestamp"]
    return _call("in_zone", moment, node.args["target_tz"])


def _use(node: exp.Expr) -> None:
    """Replace a TIMESTAMP_TZ by the part of it that its surroundings use."""
    parent = node.parent
    if isinstance(parent, (*_TRANSPARENT, *_TRANSPARENT_MORE)) and node.arg_key not in (
        "partition_by",
        "order",
    ):
        if isinstance(parent, (exp.Case, exp.If)) and node.arg_key == "this":
            raise errors.unsupported(f"{parent.key.upper()} on a TIMESTAMP_TZ")
        if not is_zoned(parent):
            parent.meta[_ZONED] = True
            _use(parent)
        return
    if parent is None or isinstance(parent, _CARRIERS) or _is_assignment(node):
        return
    if isinstance(parent, exp.Window):
        return
    if isinstance(parent, _COMPARISONS):
        for other in list(parent.iter_expressions()):
            if other.is_string:
                made = _call("to_timestamp_tz", other)
                other.replace(exp.func("STRUCT_EXTRACT", made, exp.Literal.string("moment")))
        _replace(node, lambda inner: exp.func("STRUCT_EXTRACT", inner, exp.Literal.string("moment")))
    elif isinstance(parent, exp.ConvertTimezone) and not parent.args.get("source_tz"):
        _replace(node, lambda inner: exp.func("STRUCT_EXTRACT", inner, exp.Literal.string("moment")))
    elif isinstance(parent, exp.Cast):
        _use_in_cast(node, parent)
    elif isinstance(parent, _PARTS):
        if isinstance(parent, exp.ToChar) and not parent.args.get("format"):
            return
        _replace(node, lambda inner: _call("wall_clock", inner))
    elif isinstance(parent, _MOVES) and node.arg_key == "this":
        _move(node, parent)
    elif isinstance(parent, exp.Anonymous) and parent.name == "STRFTIME":
        _replace(node, lambda inner: _call("wall_clock", inner))
    elif isinstance(parent, exp.Anonymous) and parent.name.upper().startswith(_OWN_FUNCTIONS):
        return
    else:
        raise errors.unsupported(f"{parent.key.upper()} of a TIMESTAMP_TZ")


def _is_assignment(node: exp.Expr) -> bool:
    parent = node.parent
    return isinstance(parent, exp.EQ) and isinstance(parent.parent, (exp.Update, exp.When))


def _use_in_cast(node: exp.Expr, cast: exp.Cast) -> None:
    kind = cast.to.this
    if kind == Type.TIMESTAMPLTZ:
        _replace(node, lambda inner: exp.func("STRUCT_EXTRACT", inner, exp.Literal.string("moment")))
    elif kind in _LOCAL_TYPES:
        _replace(node, lambda inner: _call("wall_clock", inner))
    elif kind == Type.TIMESTAMPTZ or kind in exp.DataType.TEXT_TYPES:
        return
    else:
        raise errors.unsupported(f"a TIMESTAMP_TZ as {kind.value}")


def _move(node: exp.Expr, parent: exp.Expr) -> None:
    """DATEADD and DATE_TRUNC move the wall clock; the offset stays."""
    if not isinstance(node, exp.Column):
        raise errors.unsupported(f"{parent.key.upper()} of anything but a column of TIMESTAMP_TZ")
    moved = parent.copy()
    moved.set("this", _call("wall_clock", node.copy()))
    whole = _call("moved", node.copy(), exp.cast(moved, Type.TIMESTAMPNTZ))
    parent.replace(whole)
    whole.meta[_ZONED] = True
    _use(whole)


def _replace(node: exp.Expr, make: object) -> None:
    inner = node.copy()
    inner.meta.update(node.meta)
    node.replace(make(inner))  # type: ignore[operator]


def _call(name: str, *arguments: exp.Expr) -> exp.Expr:
    return exp.Anonymous(this=f"{SCHEMA}.{name}", expressions=[argument.copy() for argument in arguments])
