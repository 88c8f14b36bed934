"""docs/security.md names tests: each is there, so that what it says stays shown."""

from __future__ import annotations

import re

import pytest

from machine.paths import PROJECT

PAGE = (PROJECT / "docs" / "security.md").read_text()
TESTS = PROJECT / "tests"


@pytest.mark.parametrize("name", sorted(set(re.findall(r"`(test_\w+)`", PAGE))))
def test_named_test_exists(name: str) -> None:
    assert any(f"def {name}(" in path.read_text() for path in TESTS.rglob("test_*.py"))


@pytest.mark.parametrize("path", sorted(set(re.findall(r"`((?:tests/)?[\w/]+/test_\w+\.py)`", PAGE))))
def test_named_file_exists(path: str) -> None:
    assert (TESTS / path.removeprefix("tests/")).is_file()
