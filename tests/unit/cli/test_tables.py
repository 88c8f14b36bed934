"""No table of the command line cuts or breaks what one would copy, however narrow the terminal."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from cli import layouts, tables
from cli.tables import Column, Layout
from machine.paths import PROJECT
from operations.data.backup import Backup
from operations.drift.finding import Finding
from operations.importing.take_over import Outcome

LONG = "A_NAME_THAT_GOES_ON_AND_ON_" + "X" * 20


def rendered(layout: Layout, rows: list[Any], width: int | None) -> list[str]:
    """The lines that a terminal of that width gets, before the terminal itself wraps them."""
    output = io.StringIO()
    console = Console(file=output, width=width or 10_000, force_terminal=False, soft_wrap=True)
    console.print(tables.draw(layout, rows, width))
    return output.getvalue().splitlines()


def long_row(layout: Layout) -> dict[str, str]:
    return {
        column.key: "a sentence of many words that may be wrapped"
        if column.prose
        else f"<{column.key}>{LONG}"
        for column in layout.columns
    }


@pytest.mark.parametrize("width", [80, 60, 20])
@pytest.mark.parametrize("layout", layouts.ALL, ids=lambda layout: layout.title)
def test_each_full_name_is_on_one_line(layout: Layout, width: int) -> None:
    row = long_row(layout)
    lines = rendered(layout, [row, row], width)
    for column in layout.columns:
        if not column.prose:
            assert sum(row[column.key] in line for line in lines) == 2, column.key
    assert not any("…" in line for line in lines)


@pytest.mark.parametrize("layout", layouts.ALL, ids=lambda layout: layout.title)
def test_outside_a_terminal_each_row_is_one_line(layout: Layout) -> None:
    row = long_row(layout)
    title, headings, first, second = (line for line in rendered(layout, [row, row], None) if line)
    assert title == layout.title
    assert headings.split()[0] == layout.columns[0].heading.split()[0]
    assert first == second
    assert all(value in first for value in row.values())


def test_a_narrow_terminal_leaves_out_columns_before_it_makes_records() -> None:
    layout = Layout("T", (Column("a", "A"), Column("b", "B", drop=2), Column("c", "C", drop=1)))
    rows = [{"a": "aaaa", "b": "bbbb", "c": "cccc"}]
    assert rendered(layout, rows, 16)[1:3] == ["A     B     C", "aaaa  bbbb  cccc"]
    assert rendered(layout, rows, 15)[1:3] == ["A     B", "aaaa  bbbb"]
    assert rendered(layout, rows, 9)[1:3] == ["A", "aaaa"]
    assert rendered(layout, rows, 3)[1:4] == ["A  aaaa", "B  bbbb", "C  cccc"]


def test_a_sentence_is_wrapped_at_spaces_and_gets_the_room_that_is_left() -> None:
    layout = Layout("T", (Column("name", "NAME"), Column("text", "TEXT", prose=True)))
    text = "one two three four five six seven eight nine ten"
    narrow = rendered(layout, [{"name": "N", "text": text}], 40)
    assert [line.rstrip() for line in narrow[1:4]] == [
        "NAME  TEXT",
        "N     one two three four five six seven",
        "      eight nine ten",
    ]
    assert text in rendered(layout, [{"name": "N", "text": text}], 80)[2]


def test_a_table_fits_every_terminal_that_is_as_wide_as_its_names() -> None:
    layout = Layout("T", (Column("n", "N"), Column("a", "A", prose=True), Column("b", "B", prose=True)))
    rows = [
        {"n": "NAME", "a": "taken over; `up` changes maxClusterCount, comment", "b": "one two three " * 4},
        {"n": "NAME", "a": "made by `up`: a job, which runs again", "b": "short"},
    ]
    for width in range(20, 140):
        assert max(len(line) for line in rendered(layout, rows, width)) <= max(width, 27), width


def test_brackets_are_no_markup_and_lines_of_a_value_stay_lines() -> None:
    lines = rendered(layouts.DRIFT, [Finding("S", "spec[0]", "[bold]x[/bold]", "a\nb")], None)
    assert "[bold]x[/bold]" in lines[2]
    assert lines[3].strip() == "b"


@pytest.mark.parametrize(
    ("layout", "row"),
    [
        (layouts.BACKUPS, Backup("N", "snapshot", "CREATED", "2026-01-31 12:00:00", 10, "v2.6.16")),
        (layouts.DRIFT, Finding("o", "w", "d", "f")),
        (layouts.IMPORT, Outcome("r", "t", "o")),
    ],
)
def test_the_columns_are_those_of_the_rows(layout: Layout, row: Any) -> None:
    assert [column.key for column in layout.columns] == list(vars(row))


def test_json_has_every_value(capsys: pytest.CaptureFixture[str]) -> None:
    tables.print_json([Finding("o", "w", "d", "f")])
    assert json.loads(capsys.readouterr().out) == [
        {"object": "o", "what": "w", "declared": "d", "found": "f"}
    ]


def test_there_is_one_renderer() -> None:
    """Rich's own tables shorten names, so nothing but `cli.tables` draws one."""
    files = [
        path
        for room in ("cli", "machine", "operations", "workstation")
        for path in (PROJECT / room).rglob("*.py")
    ]
    assert [path for path in files if "rich.table" in Path(path).read_text()] == []
