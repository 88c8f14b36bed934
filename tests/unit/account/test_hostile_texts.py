"""No text that a client sends can keep the local account busy: patterns and readers are linear.

Python's patterns run with the interpreter's lock held, so one that is slow keeps every other session waiting.
"""

from __future__ import annotations

import ast
import signal
import subprocess
import sys
from pathlib import Path

import pytest

import local_account
from local_account.statement.options import like

_PACKAGE = Path(local_account.__path__[0])


def test_every_pattern_and_reader_gets_through_hostile_texts() -> None:
    command = [sys.executable, "-m", "tests.unit.account.hostile_texts"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    last = (done.stdout.splitlines() or ["the start"])[-1]
    assert done.returncode != -signal.SIGXCPU, f"more than linear: {last}"
    assert done.returncode == 0, done.stderr


def test_patterns_stand_where_the_test_finds_them() -> None:
    """A pattern inside a function, or one that a client sends, would not be tested above."""
    found = []
    for path in sorted(_PACKAGE.rglob("*.py")):
        for function in ast.walk(ast.parse(path.read_text())):
            if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
                found += [f"{path.name}:{node.lineno}" for node in ast.walk(function) if _uses_re(node)]
    assert found == []


def _uses_re(node: ast.AST) -> bool:
    called = node.func if isinstance(node, ast.Call) else None
    return (
        isinstance(called, ast.Attribute)
        and isinstance(called.value, ast.Name)
        and called.value.id == "re"
        and called.attr in ("compile", "match", "fullmatch", "search", "findall", "finditer", "sub", "split")
    )


@pytest.mark.parametrize(
    ("value", "pattern", "expected"),
    [
        ("MILVUS", "mil%", True),
        ("MILVUS", "%v_s", True),
        ("MILVUS", "milvus_", False),
        ("A.B", "a.b", True),
        ("AXB", "a.b", False),
        ("A%B", r"a\%b", True),
        ("AXB", r"a\%b", False),
        ("A\nB", "a%b", True),
        ("Ä", "ä", True),
        ("A\\", r"a\\", True),
        ("A(", "a(", True),
        ("A", "", False),
    ],
)
def test_like(value: str, pattern: str, expected: bool) -> None:
    assert like(value, pattern) is expected


def test_like_with_many_wildcards_ends() -> None:
    assert not like("a" * 255, "%a" * 60 + "b")
