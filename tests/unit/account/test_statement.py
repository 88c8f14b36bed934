"""Reading one statement: literals and the parts of a request.

Literals follow https://docs.snowflake.com/en/sql-reference/data-types-text#string-constants
"""

from __future__ import annotations

import pytest

from local_account.base import sql
from local_account.base.sql import Statement
from local_account.statement import several


@pytest.mark.parametrize(
    ("literal", "value"),
    [
        (r"'a\nb'", "a\nb"),
        (r"'\t\r\b\f'", "\t\r\b\f"),
        (r"'\0'", "\0"),
        (r"'back\\slash'", "back\\slash"),
        (r"'it\'s'", "it's"),
        ("'it''s'", "it's"),
        (r"""'\"'""", '"'),
        (r"'\x41\u00e9\101'", "AéA"),
        (r"'\z'", "z"),
        ("'two\nlines'", "two\nlines"),
        (r"$$a\nb 'c' $ d$$", r"a\nb 'c' $ d"),
        ("''", ""),
    ],
)
def test_string_constants(literal: str, value: str) -> None:
    assert Statement(literal).string() == value


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("SELECT 1", ["SELECT 1"]),
        ("SELECT 1; SELECT 2", ["SELECT 1", "SELECT 2"]),
        ("SELECT ';'; -- a; b\nSELECT $$;$$;", ["SELECT ';'", "-- a; b\nSELECT $$;$$"]),
        (";;SELECT 1;;", ["SELECT 1"]),
        ("-" * 60 + "\nSELECT 1;", ["-" * 60 + "\nSELECT 1"]),
    ],
)
def test_split(text: str, expected: list[str]) -> None:
    assert [part.text for part in sql.divided(Statement(text)) if not part.done] == expected


def test_each_statement_has_its_own_bindings() -> None:
    one, two, three = ({"type": "TEXT", "value": value} for value in "abc")
    parts = sql.divided(Statement("SELECT ?; SELECT '?'; SELECT ?::INT, ?", [one, two, three]))
    assert [part.bindings for part in parts] == [[one], None, [two, three]]
    parts = sql.divided(Statement("SELECT :2; SELECT 1", [one, two]))
    assert [part.bindings for part in parts] == [[one, two], None]


@pytest.mark.parametrize(
    "text",
    [
        "PUT file:///a;b @s",
        "BEGIN LET x := 1; END",
        "/* a block */ DECLARE x INT; BEGIN SELECT 1; END",
        "CREATE OR REPLACE PROCEDURE p() AS $$ a; b $$; SELECT 1",
        "create function f() as 'a; b'; select 1",
    ],
)
def test_semicolons_of_a_body_or_a_path_divide_nothing(text: str) -> None:
    assert [part.text for part in several.statements(Statement(text), 1, {"PUT"})] == [text]


@pytest.mark.parametrize("text", ["BEGIN; SELECT 1", "BEGIN TRANSACTION; SELECT 1", "begin work; SELECT 1"])
def test_a_transaction_is_no_body(text: str) -> None:
    assert len(several.statements(Statement(text), 0, ())) == 2


@pytest.mark.parametrize(
    ("text", "verb", "rest"),
    [
        ("  select 1", "SELECT", " 1"),
        ("-- why\n// how\n/* what */ PUT file://a @s", "PUT", " file://a @s"),
        ("(SELECT 1)", "", "(SELECT 1)"),
        ("/* never ends", "", "/* never ends"),
        ("", "", ""),
    ],
)
def test_first_word(text: str, verb: str, rest: str) -> None:
    statement = Statement(text)
    assert (statement.verb, statement.after_verb()) == (verb, rest)
