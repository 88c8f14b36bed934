"""SQL text: nothing gets out of its quotation."""

from __future__ import annotations

import pytest

from components.account import sql
from components.services.job import last_line, statement


def test_names() -> None:
    assert sql.identifier("D", "S", "N") == '"D"."S"."N"'
    assert sql.identifier('a"b') == '"a""b"'
    assert sql.quoted("D.S.N") == '"D"."S"."N"'


@pytest.mark.parametrize(
    ("text", "quoted"), [("plain", "'plain'"), ("it's", r"'it\'s'"), ("a\\", r"'a\\'"), ("a\nb", r"'a\nb'")]
)
def test_literals(text: str, quoted: str) -> None:
    assert sql.literal(text) == quoted


def test_dollar_quotes() -> None:
    assert sql.dollar("spec:\n") == "$$spec:\n$$"
    with pytest.raises(ValueError, match="ends a dollar-quoted string"):
        sql.dollar("a $$ b")


def test_fingerprints() -> None:
    assert sql.fingerprint("ab", "c") != sql.fingerprint("a", "bc")
    assert sql.fingerprint("a") == sql.fingerprint("a")


def test_jobs() -> None:
    text = statement("D.S.J", "POOL", "spec: {}\n", "trigger")
    assert text.startswith(
        'EXECUTE JOB SERVICE IN COMPUTE POOL "POOL" NAME = "D"."S"."J" FROM SPECIFICATION $$spec: {}\n$$ /* '
    )
    assert text != statement("D.S.J", "POOL", "spec: {}\n", "another trigger")


@pytest.mark.parametrize(
    ("rows", "line"),
    [(None, ""), ([], ""), ([{"LOGS": ""}], ""), ([{"LOGS": "a\nfound \n\n"}], "found"), ([{}], "")],
)
def test_last_line(rows: list[dict[str, str]] | None, line: str) -> None:
    assert last_line(rows) == line
