"""Compares what a client got with what a case says."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

# Numbers of refusals by name: "unsupported feature", and the parser's own.
_BY_NAME = (2, 1003)


@dataclass
class Answer:
    """What one statement or command gave.

    Attributes:
        columns: `name` or `name:type` of each column, in order; None where the client does not tell.
        rows: cells by column name.
        text: all output of a command; the error's text when `failed`.
    """

    columns: list[str] | None = None
    rows: list[dict[str, Any]] = field(default_factory=list)
    text: str = ""
    failed: bool = False
    errno: int | None = None
    sqlstate: str | None = None


def differences(expected: dict[str, Any], answer: Answer) -> str:
    """How the answer differs; empty when it does not."""
    if "refused" in expected:
        return _refusal(expected["refused"], answer)
    if "error" in expected:
        return _error(str(expected["error"]), answer)
    if answer.failed:
        return f"failed: {answer.text}"
    checks = {
        "status": _status,
        "columns": _columns,
        "row": _row,
        "rows": _rows,
        "has": _has,
        "text": _text,
    }
    found = [checks[key](value, answer) for key, value in expected.items()]
    return "; ".join(difference for difference in found if difference)


def _refusal(expected: str, answer: Answer) -> str:
    if not answer.failed:
        return "it is not refused any more: say in its case what it gives"
    # A command line client may say in its own words what the account does not have.
    by_name = answer.errno is None or answer.errno in _BY_NAME
    return "" if by_name and _within(expected, answer.text) else f"not refused by name: {answer.text}"


def _error(expected: str, answer: Answer) -> str:
    if not answer.failed:
        return "did not fail"
    found = re.fullmatch(r"(?:(\d{6}) (\w{5}) )?(.*)", expected, re.DOTALL)
    assert found
    number, state, text = found.groups()
    if number and (answer.errno, answer.sqlstate) != (int(number), state):
        return f"error {answer.errno} ({answer.sqlstate}), not {number} ({state}): {answer.text}"
    return "" if _within(text, answer.text) else f"error text: {answer.text}"


def _within(expected: str, text: str) -> bool:
    pattern = _pattern(expected)
    # A command wraps its messages in a frame of its own width.
    flat = " ".join(re.sub(r"[│╭╮╰╯─]", " ", text).split())
    return re.search(pattern, flat, re.DOTALL) is not None if pattern else " ".join(expected.split()) in flat


def _pattern(expected: Any) -> str | None:
    if isinstance(expected, str) and len(expected) > 1 and expected[0] == expected[-1] == "/":
        return expected[1:-1]
    return None


def _status(expected: str, answer: Answer) -> str:
    if [list(row) for row in answer.rows] != [["status"]]:
        return f"not one cell `status`: {answer.rows}"
    return _row({"status": expected}, answer)


def _columns(expected: str, answer: Answer) -> str:
    wanted = expected.split()
    if answer.columns is None:
        given, wanted = list(answer.rows[0]) if answer.rows else [], [name.split(":")[0] for name in wanted]
    else:
        given = answer.columns
    return "" if given == wanted else f"columns: {' '.join(given)}"


def _row(expected: dict[str, Any], answer: Answer) -> str:
    return _cells(expected, answer.rows[0]) if answer.rows else "no rows"


def _rows(expected: list[dict[str, Any]], answer: Answer) -> str:
    if len(expected) != len(answer.rows):
        return f"{len(answer.rows)} rows, not {len(expected)}: {answer.rows[:3]}"
    found = [_cells(wanted, row) for wanted, row in zip(expected, answer.rows, strict=True)]
    return "; ".join(difference for difference in found if difference)


def _has(expected: dict[str, Any], answer: Answer) -> str:
    found = any(not _cells(expected, row) for row in answer.rows)
    return "" if found else f"no row has {expected}: {answer.rows[:5]}"


def _text(expected: str, answer: Answer) -> str:
    given = answer.text or (str(next(iter(answer.rows[0].values()), "")) if answer.rows else "")
    return "" if _within(expected, given) else f"text: {given}"


def _cells(expected: dict[str, Any], row: dict[str, Any]) -> str:
    missing = [name for name in expected if name not in row]
    if missing:
        return f"no column {', '.join(missing)}"
    wrong = [f"{name} is {row[name]!r}" for name, value in expected.items() if not _same(value, row[name])]
    return ", ".join(wrong)


def _same(expected: Any, given: Any) -> bool:
    if expected is None or given is None:
        return expected is None and given is None
    pattern = _pattern(expected)
    if pattern is not None:
        return re.fullmatch(pattern, str(given), re.DOTALL) is not None
    return str(expected) == str(given)
