"""Result columns of SHOW and DESCRIBE as output properties."""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple


class Column(NamedTuple):
    """A result column, the output property it becomes, and its type: text, int, percent, bool or list."""

    name: str
    output: str
    kind: str


def camel(name: str) -> str:
    """``min_instances`` or ``MIN_INSTANCES`` as ``minInstances``."""
    head, *rest = name.lower().split("_")
    return head + "".join(part.capitalize() for part in rest)


def columns(spec: str) -> tuple[Column, ...]:
    """Columns from a list such as ``"name min_nodes:int value_list=valueLists:list"``.

    Without ``=output`` the output is the camel-case name, without ``:kind`` the kind is text.
    """
    made = []
    for part in spec.split():
        name, _, kind = part.partition(":")
        name, _, output = name.partition("=")
        made.append(Column(name, output or camel(name), kind or "text"))
    return tuple(made)


def truth(value: Any) -> bool:
    """A boolean column in any of its spellings: true, "true", "1", "Y"."""
    return str(value).lower() in ("true", "1", "y", "yes")


def text(value: Any) -> str:
    """A column as text: NULL is empty, booleans are true and false."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else str(value)


def items(value: Any) -> list[str]:
    """A list column, ``["I"]``, ``[D.S.N,b]`` or ``I,J``, as its items without quotes around them."""
    inner = text(value).strip()
    inner = inner[1:-1] if inner.startswith("[") and inner.endswith("]") else inner
    found = re.findall(r'(?:"(?:[^"]|"")*"|\'[^\']*\'|[^,"\'])+', inner)
    return [item if item.count('"') > 2 else item.strip("\"'") for part in found if (item := part.strip())]


def _number(value: Any) -> float | int:
    number = float(value) if value not in (None, "", "null") else 0
    return int(number) if number == int(number) else number


def percent(value: Any) -> int:
    """A share such as ``80%`` as 80; NULL is 0."""
    return int(text(value).rstrip("%") or 0)


_READERS: Mapping[str, Callable[[Any], Any]] = {
    "text": text,
    "int": _number,
    "percent": percent,
    "bool": truth,
    "list": items,
}


def read_row(row: Mapping[str, Any], spec: Sequence[Column]) -> dict[str, Any]:
    """A row's columns as an output object, without columns that the server did not send."""
    return {column.output: _READERS[column.kind](row[column.name]) for column in spec if column.name in row}


def property_rows(rows: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """DESCRIBE answers with one row for each property, as property → value; "null" means no value."""
    found = {}
    for row in rows:
        value = text(row["property_value"] if "property_value" in row else row.get("value"))
        found[str(row["property"]).upper()] = "" if value == "null" else value
    return found
