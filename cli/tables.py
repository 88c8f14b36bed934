"""Draws every table of the command line, so that nothing that one would copy is ever cut or broken.

A table that is too wide for the terminal leaves out columns that can be missed. If that is not enough, each
row becomes a record: its values below each other, with their headings. A value that is wider than the whole
terminal stays in one piece, and the terminal wraps it.
"""

from __future__ import annotations

import json
import os
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, is_dataclass
from typing import Any

from rich.cells import cell_len
from rich.console import RenderableType
from rich.text import Text

from machine.terminal import console

_GAP = "  "
_PROSE_WIDTH = 24
Row = Any
"""A mapping, or an instance of a dataclass."""


@dataclass(frozen=True)
class Column:
    """One column of a table.

    Attributes:
        key: of the value in a row.
        heading: shown above it.
        prose: whether the value is a sentence, which may be wrapped at its spaces. Default false.
        drop: the column with the lowest number from 1 on is left out first; 0, the default, is always shown.
    """

    key: str
    heading: str
    prose: bool = False
    drop: int = 0


@dataclass(frozen=True)
class Layout:
    """A kind of table: its title and its columns."""

    title: str
    columns: tuple[Column, ...]


def show(layout: Layout, rows: Sequence[Row]) -> None:
    """Print a table for the terminal as it is; into a file or pipe each row is one line."""
    console.print(draw(layout, rows, width()))


def print_json(answer: Any) -> None:
    """Print rows, dataclasses or mappings of them, as JSON on standard output."""
    print(json.dumps(answer, indent=2, default=_plain))


def width() -> int | None:
    """Columns of the terminal; None, without a limit, where the output is not a terminal."""
    return console.width if console.is_terminal or "COLUMNS" in os.environ else None


def draw(layout: Layout, rows: Sequence[Row], limit: int | None) -> RenderableType:
    """A table as lines of text.

    Args:
        layout: the table's kind.
        rows: mappings or dataclasses.
        limit: columns of the terminal; None for no limit.
    """
    cells = [[_lines(_values(row).get(column.key)) for column in layout.columns] for row in rows]
    lines = [Text(layout.title, style="bold")] if layout.title else []
    lines += _grid(layout.columns, cells, limit) or _records(layout.columns, cells, limit)
    return Text("\n").join([*lines, Text()])


def _grid(columns: Sequence[Column], rows: Sequence[Sequence[list[str]]], limit: int | None) -> list[Text]:
    """The rows below a line of headings; empty when they do not fit."""
    shown = list(range(len(columns)))
    for dropped in [None, *sorted((c for c in columns if c.drop), key=lambda column: column.drop)]:
        shown = [place for place in shown if columns[place] is not dropped]
        kept, cells = [columns[place] for place in shown], [[row[place] for place in shown] for row in rows]
        rooms = _rooms(kept, cells, limit)
        if rooms is not None:
            return _aligned(kept, cells, rooms)
    return []


def _rooms(
    columns: Sequence[Column], rows: Sequence[Sequence[list[str]]], limit: int | None
) -> list[int | None] | None:
    """How wide each column may be; None when they do not fit side by side."""
    if limit is None:
        return [None for _ in columns]
    least = [
        max(cell_len(line) for line in [column.heading, *_column(rows, place, column, _PROSE_WIDTH)])
        for place, column in enumerate(columns)
    ]
    free = limit - sum(least) - len(_GAP) * (len(columns) - 1)
    share = free // (sum(column.prose for column in columns) or 1)
    return [width + share for width in least] if free >= 0 else None


def _aligned(
    columns: Sequence[Column], rows: Sequence[Sequence[list[str]]], rooms: Sequence[int | None]
) -> list[Text]:
    wrapped = [
        [_wrapped(cell, column, room) for cell, column, room in zip(row, columns, rooms, strict=True)]
        for row in rows
    ]
    widths = [
        max(cell_len(line) for line in [column.heading, *_column(rows, place, column, rooms[place])])
        for place, column in enumerate(columns)
    ]
    lines = [Text(_joined([column.heading for column in columns], widths), style="bold")]
    for row in wrapped:
        for number in range(max(len(cell) for cell in row)):
            parts = [cell[number] if number < len(cell) else "" for cell in row]
            lines.append(Text(_joined(parts, widths)))
    return lines


def _records(columns: Sequence[Column], rows: Sequence[Sequence[list[str]]], limit: int | None) -> list[Text]:
    """Each row as a block of lines, heading and value."""
    margin = max(cell_len(column.heading) for column in columns) + len(_GAP)
    lines: list[Text] = []
    for row in rows:
        if lines:
            lines.append(Text())
        for column, cell in zip(columns, row, strict=True):
            room = None if limit is None else max(limit - margin, _PROSE_WIDTH)
            for number, line in enumerate(_wrapped(cell, column, room)):
                heading = column.heading if number == 0 else ""
                if line:
                    lines.append(Text.assemble((heading.ljust(margin), "bold"), line))
    return lines


def _column(rows: Sequence[Sequence[list[str]]], place: int, column: Column, room: int | None) -> list[str]:
    """All lines of one column."""
    return [line for row in rows for line in _wrapped(row[place], column, room)]


def _wrapped(cell: list[str], column: Column, room: int | None) -> list[str]:
    if not column.prose or room is None:
        return cell
    return [
        part
        for line in cell
        for part in textwrap.wrap(line, room, break_long_words=False, break_on_hyphens=False) or [""]
    ]


def _joined(parts: Sequence[str], widths: Sequence[int]) -> str:
    padded = (part + " " * (width - cell_len(part)) for part, width in zip(parts, widths, strict=True))
    return _GAP.join(padded).rstrip()


def _values(row: Row) -> Mapping[str, Any]:
    return row if isinstance(row, Mapping) else asdict(row)


def _lines(value: Any) -> list[str]:
    """The value as lines of text."""
    if value is None or value == "":
        return [""]
    if isinstance(value, bool):
        return ["yes" if value else "no"]
    return str(value).splitlines() or [""]


def _plain(value: Any) -> Any:
    """What JSON lacks: dataclasses as objects, everything else, such as times, as text."""
    return asdict(value) if is_dataclass(value) and not isinstance(value, type) else str(value)
