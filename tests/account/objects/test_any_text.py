"""Any text can be a name, and any text comes back as it was stored.

See https://docs.snowflake.com/en/sql-reference/identifiers-syntax
and https://docs.snowflake.com/en/sql-reference/data-types-text#string-constants
"""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from snowflake.connector.cursor import DictCursor
from snowflake.connector.errors import DatabaseError

from local_account.base.sql import quote
from local_account.tables.translation.names import decoded, encoded
from tests.account.bounded import bounded
from tests.account.conftest import RunningAccount

ONE_LETTER = {
    **{"\b": "\\b", "\f": "\\f", "\n": "\\n", "\r": "\\r", "\t": "\\t", "\0": "\\0"},
    **{"'": "\\'", '"': '\\"', "\\": "\\\\"},
}
CHARACTERS = st.characters(exclude_categories=["Cs"])
# Python's driver reads the names of Arrow's columns only up to a NUL.
NAME_CHARACTERS = st.characters(exclude_categories=["Cs"], exclude_characters="\0")
IDENTIFIERS = st.text(NAME_CHARACTERS, min_size=1, max_size=20) | st.text(
    NAME_CHARACTERS, min_size=250, max_size=255
)
TEXTS = st.text(CHARACTERS | st.sampled_from("'\"\\$;?-/*:\n\0"), max_size=300)
SIZES = st.sampled_from([1, 1, 1, 400])

examples = bounded(25)


@pytest.fixture(scope="module")
def cursor(account: RunningAccount) -> Any:
    with account.connect(paramstyle="qmark") as connection:
        cursor = connection.cursor(DictCursor)
        for statement in (
            "CREATE WAREHOUSE any_text",
            "CREATE DATABASE any_text",
            "CREATE TABLE texts (form VARCHAR, value VARCHAR)",
        ):
            cursor.execute(statement)
        yield cursor


@examples
@given(IDENTIFIERS, IDENTIFIERS)
def test_engine_names_differ_whatever_their_case(one: str, other: str) -> None:
    assert decoded(encoded(one)) == one
    for twin in (other, one.swapcase(), one.upper(), one.lower(), encoded(one), encoded(one).lower()):
        assert (encoded(one).upper() == encoded(twin).upper()) == (one == twin)


@examples
@given(IDENTIFIERS, IDENTIFIERS)
def test_any_text_can_be_a_name(cursor: Any, name: str, column: str) -> None:
    quoted, field = quote(name), quote(column)
    full = f"{quoted}.{quoted}.{quoted}"

    def rows(statement: str) -> list[dict[str, Any]]:
        return cursor.execute(statement).fetchall()

    cursor.execute(f"CREATE OR REPLACE DATABASE {quoted}")
    cursor.execute(f"CREATE SCHEMA {quoted}.{quoted}")
    cursor.execute(f"CREATE TABLE {quoted} ({field} INT)")
    cursor.execute(f"INSERT INTO {full} ({field}) VALUES (1), (2)")
    assert rows(f"SELECT * FROM {quoted} WHERE {quoted}.{field} > 1") == [{column: 2}]
    assert rows(f"SELECT {field} + 1 AS {quoted} FROM {full} AS {quoted} ORDER BY {quoted}.{field}") == [
        {name: 2},
        {name: 3},
    ]
    shown = [(row["name"], row["schema_name"], row["rows"]) for row in rows("SHOW TABLES")]
    assert shown == [(name, name, 2)]
    assert [row["name"] for row in rows(f"DESCRIBE TABLE {full}")] == [column]
    assert [row["name"] for row in rows(f"SHOW SCHEMAS IN DATABASE {quoted}")].count(name) == 1
    cursor.execute(f"DROP TABLE {full}")
    assert rows("SHOW TABLES") == []
    cursor.execute(f"DROP DATABASE {quoted}")


def test_half_a_surrogate_pair_is_no_text(cursor: Any) -> None:
    for statement, values in (
        ('CREATE TABLE "\ud800" (a INT)', ()),
        ("INSERT INTO any_text.public.texts VALUES ('', 'a\udfff')", ()),
        ("INSERT INTO any_text.public.texts VALUES ('', ?)", ("\udc00",)),
    ):
        with pytest.raises(DatabaseError, match="Invalid UTF8"):
            cursor.execute(statement, values)


def letters(text: str) -> str:
    """A constant with the escapes of one letter, and hexadecimal ones for what has none."""
    return f"'{''.join(ONE_LETTER.get(letter) or escaped(letter) for letter in text)}'"


def escaped(letter: str) -> str:
    if letter.isprintable() or ord(letter) > 0xFFFF:
        return letter
    return f"\\x{ord(letter):02x}" if ord(letter) < 0x100 else f"\\u{ord(letter):04x}"


def doubled(text: str) -> str:
    """A constant in which only quotes and backslashes are doubled."""
    return "'" + text.replace("\\", "\\\\").replace("'", "''") + "'"


@examples
@given(TEXTS, SIZES)
def test_any_text_comes_back_as_it_was(cursor: Any, text: str, times: int) -> None:
    text *= times
    constants = {"letters": letters(text), "doubled": doubled(text)}
    if "$$" not in text and not text.endswith("$"):
        constants["dollars"] = f"$${text}$$"
    cursor.execute("TRUNCATE TABLE any_text.public.texts")
    for form, constant in constants.items():
        cursor.execute(f"INSERT INTO any_text.public.texts VALUES ('{form}', {constant})")
    cursor.execute("INSERT INTO any_text.public.texts VALUES ('bound', ?)", (text,))
    cursor.executemany(
        "INSERT INTO any_text.public.texts VALUES (?, ?)", [("batch", text), ("batch again", text)]
    )
    found = {
        row["FORM"]: row["VALUE"] for row in cursor.execute("SELECT * FROM any_text.public.texts").fetchall()
    }
    assert found == dict.fromkeys([*constants, "bound", "batch", "batch again"], text)
    selected = cursor.execute(
        "SELECT form FROM any_text.public.texts WHERE value = ? AND form = 'bound'", (text,)
    )
    assert selected.fetchall() == [{"FORM": "bound"}]
