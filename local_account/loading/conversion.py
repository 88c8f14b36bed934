"""Turns fields of files into values of a column's type, in the data engine's language.

See https://docs.snowflake.com/en/user-guide/date-time-input-output for the formats of dates and times.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from local_account.base import errors
from local_account.tables.translation.macros import SCHEMA

_ARGUMENTS = re.compile(r"\w+\((\d+)(?:,\s*\d+)?\)")
# The longest elements first. What the data engine calls them.
_ELEMENTS = (
    ("YYYY", "%Y"),
    ("YY", "%y"),
    ("MMMM", "%B"),
    ("MON", "%b"),
    ("MM", "%m"),
    ("DD", "%d"),
    ("DY", "%a"),
    ("HH24", "%H"),
    ("HH12", "%I"),
    ("AM", "%p"),
    ("PM", "%p"),
    ("MI", "%M"),
    ("SS", "%S"),
    ("TZHTZM", "%z"),
    ("TZH:TZM", "%z"),
    ("TZH", "%z"),
)
_FRACTION = re.compile(r"\.?FF[0-9]?", re.IGNORECASE)
_NUMBER = re.compile(r"[+-]?(?:\d++(?:\.\d*+)?|\.\d++)(?:[eE][+-]?\d{1,4})?")
_TRUE, _FALSE = ("true", "t", "yes", "y", "on", "1"), ("false", "f", "no", "n", "off", "0")


@dataclass(frozen=True)
class Target:
    """A column that is loaded.

    Attributes:
        name: its name.
        position: where it stands in the table, counted from 1.
        kind: Snowflake's type without arguments: NUMBER, VARCHAR, TIMESTAMP_NTZ …
        length: of a VARCHAR or BINARY; 0 for other types.
        written: Snowflake's type with its arguments.
        engine: the data engine's type.
        nullable: whether it accepts NULL.
    """

    name: str
    position: int
    kind: str
    length: int
    written: str
    engine: str
    nullable: bool

    @property
    def is_semistructured(self) -> bool:
        return self.kind in ("VARIANT", "OBJECT", "ARRAY")


def target(name: str, position: int, kind: str, engine: str, nullable: bool) -> Target:
    """A column from the row of DESCRIBE TABLE and the data engine's type."""
    word = kind.partition("(")[0]
    sized = _ARGUMENTS.fullmatch(kind) if word in ("VARCHAR", "BINARY") else None
    return Target(name, position, word, int(sized[1]) if sized else 0, kind, engine, nullable)


def from_text(column: Target, text: str, options: dict[str, Any]) -> str:
    """The value of a text field.

    Args:
        text: an expression of type text.
        options: complete format options.
    """
    kind = column.kind
    if kind in ("VARCHAR", "TEXT"):
        return text
    if kind == "BOOLEAN":
        low = f"lower(trim({text}))"
        true, false = (", ".join(f"'{word}'" for word in words) for words in (_TRUE, _FALSE))
        return (
            f"CASE WHEN {low} IN ({true}) THEN true WHEN {low} IN ({false}) THEN false "
            f"ELSE CAST({text} AS BOOLEAN) END"
        )
    if kind == "BINARY":
        return {
            "HEX": f"unhex({text})",
            "BASE64": f"from_base64({text})",
            "UTF8": f"encode({text})",
        }[options["BINARY_FORMAT"]]
    if column.is_semistructured:
        parsed = f"CASE WHEN json_valid({text}) THEN {text} ELSE to_json({text})::VARCHAR END"
        return f"CAST(CAST({parsed} AS JSON) AS {column.engine})"
    if kind in ("DATE", "TIME") or kind.startswith("TIMESTAMP"):
        return _moment(
            column, text, options["TIMESTAMP_FORMAT" if kind.startswith("TIMESTAMP") else f"{kind}_FORMAT"]
        )
    return f"CAST(trim({text}) AS {column.engine})"


def _moment(column: Target, text: str, written: str) -> str:
    if str(written).upper() == "AUTO":
        return _cast(column, f"trim({text})")
    if column.kind == "TIMESTAMP_TZ" and "TZ" in str(written).upper():
        # The engine's reader of formats keeps the moment and loses the offset.
        raise errors.unsupported("an offset in TIMESTAMP_FORMAT for a column of type TIMESTAMP_TZ")
    pattern = strptime_format(str(written)).replace("'", "''")
    return _cast(column, f"strptime({text}, '{pattern}')")


def _cast(column: Target, value: str) -> str:
    if column.kind == "TIMESTAMP_TZ":
        return f"{SCHEMA}.to_timestamp_tz({value})"
    return f"CAST({value} AS {column.engine})"


def strptime_format(written: str) -> str:
    """The data engine's notation of a format of dates and times.

    Raises:
        SnowflakeError: 000002 for an element that is not supported.
    """
    pieces, position = [], 0
    while position < len(written):
        if written[position] == '"':
            end = written.find('"', position + 1)
            end = len(written) if end < 0 else end
            pieces.append(written[position + 1 : end].replace("%", "%%"))
            position = end + 1
            continue
        if fraction := _FRACTION.match(written, position):
            pieces.append("." * fraction[0].startswith(".") + "%n")
            position = fraction.end()
            continue
        upper = written[position : position + 7].upper()
        for element, engine in _ELEMENTS:
            if upper.startswith(element):
                pieces.append(engine)
                position += len(element)
                break
        else:
            character = written[position]
            if character.isalpha() and character.upper() != "T":
                raise errors.unsupported(
                    f"'{written[position : position + 10]}' in a format of dates and times"
                )
            pieces.append("%%" if character == "%" else character)
            position += 1
    return "".join(pieces)


def from_value(column: Target, value: str, kind: str, options: dict[str, Any]) -> str:
    """The value of an expression of any type, for example a column of a Parquet file.

    Args:
        kind: the data engine's type of the expression.
        options: complete format options.
    """
    if kind == column.engine:
        return value
    if column.is_semistructured:
        return f"CAST(to_json({value}) AS {column.engine})"
    if kind == "JSON" and column.kind in ("VARCHAR", "TEXT"):
        # A text in a JSON document loses its quotes.
        return f"json_extract_string({value}, '$')"
    if kind == "BLOB" and column.kind in ("VARCHAR", "TEXT"):
        return f"decode({value})" if options.get("BINARY_AS_TEXT") else f"hex({value})"
    return _cast(column, value)


def from_document(column: Target, document: str, member: str, options: dict[str, Any]) -> str:
    """The value of one member of a JSON document."""
    path = "$." + '"' + member.replace("\\", "\\\\").replace('"', '\\"') + '"'
    quoted = path.replace("'", "''")
    if column.is_semistructured:
        return f"CAST(json_extract({document}, '{quoted}') AS {column.engine})"
    return from_text(column, f"json_extract_string({document}, '{quoted}')", options)


def limited(column: Target, value: str, truncates: bool) -> str:
    """A text that is not longer than its column permits; others are cut off, or are errors."""
    if column.kind != "VARCHAR" or not column.length:
        return value
    if truncates:
        return f"left({value}, {column.length})"
    # A cast that cannot succeed: the engine's function `error` is not allowed where errors are caught.
    wrong = f"CAST(CAST('{TOO_LONG}' || left({value}, 0) AS INTEGER) AS VARCHAR)"
    return f"CASE WHEN length({value}) > {column.length} THEN {wrong} ELSE {value} END"


TOO_LONG = "User character length limit"


def problem(column: Target, text: str | None, reported: str) -> tuple[str, str]:
    """Code and text of Snowflake's error for a field that has no value in a column.

    Args:
        text: the field; None when it is not a text.
        reported: what the data engine said.
    """
    if TOO_LONG in reported:
        return "100078", f"User character length limit ({column.length}) exceeded by string '{text or ''}'"
    shown = text if text is not None else reported
    if column.kind in ("NUMBER", "FLOAT", "REAL", "DECFLOAT"):
        is_number = text is not None and _NUMBER.fullmatch(text.strip())
        if is_number and column.kind == "NUMBER":
            return (
                "100132",
                f"Number out of representable range: type {column.written}, value {shown.strip()}",
            )
        return "100038", f"Numeric value '{shown}' is not recognized"
    if column.kind == "BOOLEAN":
        return "100037", f"Boolean value '{shown}' is not recognized"
    if column.kind == "DATE":
        return "100040", f"Date '{shown}' is not recognized"
    if column.kind == "TIME":
        return "100108", f"Time '{shown}' is not recognized"
    if column.kind.startswith("TIMESTAMP"):
        return "100035", f"Timestamp '{shown}' is not recognized"
    if column.kind == "BINARY":
        return "100115", f"The following string is not a legal hex-encoded value: '{shown}'"
    return "100071", f"Failed to cast variant value {shown} to {column.kind}"
