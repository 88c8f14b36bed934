"""One request to a service: its rows as JSON, and the service's answer as texts.

See https://docs.snowflake.com/en/sql-reference/external-functions-data-format. A text stands for a value
between the data engine and this module: digits for a number, hexadecimal digits for BINARY, JSON for VARIANT.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from datetime import datetime, time
from decimal import Context, Decimal, InvalidOperation
from typing import Any

from local_account.statement.data_type import DataType
from local_account.tables.plan.functions import Row

_ZONE = re.compile(r"([+-]\d\d)(?::?(\d\d))?$")
_NUMBER = re.compile(r"-?\d+(\.\d+)?([eE][+-]?\d+)?")
_SHOWN = 200
_EXACT = Context(prec=200)


class BadAnswerError(Exception):
    """The answer is not what a service must give; the text says what is wrong with it."""


def encode(rows: Sequence[Row], types: Sequence[DataType]) -> bytes:
    """The body of a request: `{"data": [[0, a, b], [1, …]]}`."""
    lines = [
        f"[{','.join([str(number), *(_json(value, kind) for value, kind in zip(row, types, strict=False))])}]"
        for number, row in enumerate(rows)
    ]
    return f'{{"data":[{",".join(lines)}]}}'.encode("utf-8", "surrogatepass")


def _json(value: str | None, kind: DataType) -> str:
    if value is None:
        return "null"
    if kind.kind in ("BOOLEAN", "VARIANT", "OBJECT", "ARRAY"):
        return value
    if kind.kind in ("NUMBER", "FLOAT") and _NUMBER.fullmatch(value):
        return value
    if kind.kind in ("TIMESTAMP_LTZ", "TIMESTAMP_TZ"):
        value = _ZONE.sub(lambda zone: f" {zone[1]}{zone[2] or '00'}", value)
    return json.dumps(value, ensure_ascii=False)


def decode(body: bytes, count: int, kind: DataType) -> list[str | None]:
    """The results in an answer, in the order of the rows.

    Args:
        body: `{"data": [[0, result], [1, …]]}`.
        count: number of rows that were sent.
        kind: type of the results.

    Raises:
        BadAnswerError: it is something else, or a result does not fit the type.
    """
    try:
        document = json.loads(body, parse_float=Decimal, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        raise BadAnswerError("Invalid response: it is not JSON") from None
    rows = document.get("data") if isinstance(document, dict) else None
    if not isinstance(rows, list):
        raise BadAnswerError('top-level JSON object must contain "data" JSON array element')
    if len(rows) != count:
        raise BadAnswerError(
            f"Function received the wrong number of rows. Expected: {count}, got: {len(rows)}"
        )
    found: list[str | None] = []
    for number, row in enumerate(rows):
        if not isinstance(row, list) or len(row) != 2:
            raise BadAnswerError(f"Row {number} is not an array of a row number and one value")
        if isinstance(row[0], bool) or row[0] != number:
            raise BadAnswerError(f"Row numbers out of order. Expected: {number}, got: {_shown(row[0])}")
        try:
            found.append(_text(row[1], kind))
        except (ValueError, InvalidOperation, RecursionError):
            raise BadAnswerError(f"Row {number}: {_shown(row[1])} is no {kind}") from None
    return found


def _no_constant(name: str) -> Any:
    raise ValueError(name)


def _shown(value: Any) -> str:
    try:
        text = _json_text(value)
    except RecursionError:
        return "a value that is nested too deeply"
    return text if len(text) <= _SHOWN else text[:_SHOWN] + "…"


def _text(value: Any, kind: DataType) -> str | None:
    """A JSON value as the text of a type.

    Raises:
        ValueError, InvalidOperation: it does not fit.
    """
    if value is None:
        return None
    if kind.kind in ("VARIANT", "OBJECT", "ARRAY"):
        wanted = {"OBJECT": dict, "ARRAY": list}.get(kind.kind, object)
        if not isinstance(value, wanted):
            raise ValueError
        return _json_text(value)
    if isinstance(value, (dict, list)) and kind.kind != "VARCHAR":
        raise ValueError
    text = value if isinstance(value, str) else _json_text(value)
    return _READERS[kind.kind](text, kind)


def _number(text: str, kind: DataType) -> str:
    if not _NUMBER.fullmatch(text.strip()):
        raise ValueError
    found = Decimal(text.strip())
    if found and found.adjusted() > kind.precision:
        raise ValueError
    rounded = found.quantize(Decimal(1).scaleb(-kind.scale), rounding="ROUND_HALF_UP", context=_EXACT)
    if rounded and rounded.adjusted() >= kind.precision - kind.scale:
        raise ValueError
    return f"{rounded:f}"


def _float(text: str, kind: DataType) -> str:
    del kind
    return repr(float(text))


def _varchar(text: str, kind: DataType) -> str:
    if kind.length and len(text) > kind.length:
        raise ValueError
    # A half of a surrogate pair is no character, and nothing can store it.
    text.encode()
    return text


def _boolean(text: str, kind: DataType) -> str:
    del kind
    word = text.lower()
    if word in ("true", "1"):
        return "true"
    if word in ("false", "0"):
        return "false"
    raise ValueError


def _date(text: str, kind: DataType) -> str:
    del kind
    return datetime.fromisoformat(text.strip()).date().isoformat()


def _time(text: str, kind: DataType) -> str:
    del kind
    return time.fromisoformat(text.strip()).replace(tzinfo=None).isoformat()


def _timestamp(text: str, kind: DataType) -> str:
    found = datetime.fromisoformat(_blankless(text.strip()))
    if kind.kind == "TIMESTAMP_NTZ":
        return found.replace(tzinfo=None).isoformat(" ")
    return found.isoformat(" ") if found.tzinfo else found.isoformat(" ") + "+00:00"


def _blankless(text: str) -> str:
    """`2020-01-01 10:00:00 +0200` without the blank before the zone, as Python reads it."""
    return text[:19] + text[19:].replace(" ", "").replace("Z", "+00:00")


def _binary(text: str, kind: DataType) -> str:
    found = bytes.fromhex(text)
    if " " in text or (kind.length and len(found) > kind.length):
        raise ValueError
    return text


def _json_text(value: Any) -> str:
    """JSON of a value whose numbers are exact."""
    if isinstance(value, dict):
        parts = (f"{json.dumps(name, ensure_ascii=False)}:{_json_text(one)}" for name, one in value.items())
        return f"{{{','.join(parts)}}}"
    if isinstance(value, list):
        return f"[{','.join(map(_json_text, value))}]"
    return str(value) if isinstance(value, Decimal) else json.dumps(value, ensure_ascii=False)


_READERS = {
    "NUMBER": _number,
    "FLOAT": _float,
    "VARCHAR": _varchar,
    "BOOLEAN": _boolean,
    "DATE": _date,
    "TIME": _time,
    "TIMESTAMP_NTZ": _timestamp,
    "TIMESTAMP_LTZ": _timestamp,
    "TIMESTAMP_TZ": _timestamp,
    "BINARY": _binary,
}
