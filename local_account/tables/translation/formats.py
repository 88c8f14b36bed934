"""Formats of TO_CHAR for dates and times, as the data engine writes them.

See https://docs.snowflake.com/en/sql-reference/functions-conversion
"""

from __future__ import annotations

import re

from sqlglot import exp

from local_account.base import errors
from local_account.tables.translation.macros import SCHEMA

# Longer elements first: MMMM begins with MM.
_ELEMENTS = {
    "YYYY": "%Y",
    "MMMM": "%B",
    "HH24": "%H",
    "HH12": "%I",
    "TZHTZM": "",
    "FF0": "",
    "FF3": "%g",
    "FF6": "%f",
    "FF9": "%n",
    "MON": "%b",
    "YY": "%y",
    "MM": "%m",
    "DD": "%d",
    "DY": "%a",
    "AM": "%p",
    "PM": "%p",
    "MI": "%M",
    "SS": "%S",
    "FF": "%n",
}
_ELEMENT = re.compile(
    r'"([^"]*)"|' + "|".join(_ELEMENTS) + r"|(TZ\w|FF\d|[A-Za-z]+)|([^A-Za-z\"]+|\")", re.IGNORECASE
)
_LONGEST = 200


def prepare(tree: exp.Expr) -> None:
    """Replace TO_CHAR in Snowflake's syntax tree.

    Raises:
        SnowflakeError: 000002 for a format that this account does not have.
    """
    for node in list(tree.find_all(exp.ToChar)):
        form = node.args.get("format")
        if form is None:
            cast = exp.TryCast if node.args.get("safe") else exp.Cast
            node.replace(cast(this=node.this.copy(), to=exp.DataType.build("TEXT")))
            continue
        if not form.is_string or len(form.name) > _LONGEST:
            raise errors.unsupported("TO_CHAR with a format that is not a short text literal")
        node.replace(_written(node.this, form.name))


def _written(value: exp.Expr, form: str) -> exp.Expr:
    parts: list[exp.Expr] = []
    text = ""
    for found in _ELEMENT.finditer(form):
        quoted, unknown, other = found.groups()
        if unknown:
            raise errors.unsupported(f"TO_CHAR with format '{form}'")
        word = found[0].upper()
        if word == "TZHTZM":
            parts.append(_offset(value))
            if found.end() != len(form) or len(parts) > 1:
                raise errors.unsupported(f"TO_CHAR with format '{form}'")
        elif word in _ELEMENTS:
            text += _ELEMENTS[word]
        else:
            text += (other if quoted is None else quoted).replace("%", "%%")
    if "%" not in text.replace("%%", ""):
        raise errors.unsupported(f"TO_CHAR with format '{form}'")
    written = exp.Anonymous(this="STRFTIME", expressions=[value.copy(), exp.Literal.string(text)])
    return exp.DPipe(this=written, expression=parts[0]) if parts else written


def _offset(value: exp.Expr) -> exp.Expr:
    if not isinstance(value, (exp.Column, exp.CurrentTimestamp)):
        raise errors.unsupported("TO_CHAR with TZHTZM of anything but a column or CURRENT_TIMESTAMP")
    return exp.Anonymous(this=f"{SCHEMA}.offset_of", expressions=[value.copy()])
