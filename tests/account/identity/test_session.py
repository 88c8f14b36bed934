"""Signing in and the simplest statements."""

from __future__ import annotations

import sqlite3
import time

import pytest
from snowflake.connector.errors import DatabaseError, ProgrammingError

from tests.account.conftest import RunningAccount


def test_administrator_signs_in(account: RunningAccount) -> None:
    row = account.run("SELECT CURRENT_USER() AS U, CURRENT_ROLE() AS R, 1 AS ONE")[0]
    assert row == {"U": "ADMIN", "R": "ACCOUNTADMIN", "ONE": 1}


def test_wrong_password_is_refused(account: RunningAccount) -> None:
    with pytest.raises(DatabaseError, match="Incorrect username or password") as failure:
        account.connect(password="wrong")
    assert failure.value.errno == 390100


def test_unknown_statement_is_refused_by_name(account: RunningAccount) -> None:
    with pytest.raises(ProgrammingError, match="Unsupported feature 'CREATE GIT REPOSITORY'") as failure:
        account.run("CREATE GIT REPOSITORY x")
    assert (failure.value.errno, failure.value.sqlstate) == (2, "0A000")


@pytest.mark.parametrize(
    ("statement", "line", "position", "word"),
    [
        ("SELEC 1", 1, 0, "SELEC"),
        ("/* a comment */ selec 1", 1, 16, "selec"),
        ("-- a comment\nCRATE DATABASE X", 2, 0, "CRATE"),
        ("NONSENSE", 1, 0, "NONSENSE"),
    ],
)
def test_unknown_first_word_is_a_syntax_error(
    account: RunningAccount, statement: str, line: int, position: int, word: str
) -> None:
    message = f"syntax error line {line} at position {position} unexpected '{word}'."
    with account.connect() as connection:
        for run in (connection.cursor().execute, connection.cursor().describe):
            with pytest.raises(ProgrammingError) as failure:
                run(statement)
            assert (failure.value.errno, failure.value.sqlstate) == (1003, "42000")
            assert message in str(failure.value.msg)


@pytest.mark.parametrize("verb", ["UNDROP TABLE", "EXPLAIN", "DECLARE"])
def test_words_that_snowflake_knows_are_refused_by_name(account: RunningAccount, verb: str) -> None:
    with pytest.raises(ProgrammingError, match=f"Unsupported feature '{verb}") as failure:
        account.run(f"{verb} X")
    assert failure.value.errno == 2


def test_session_survives_a_restart(account: RunningAccount) -> None:
    with account.connect() as connection:
        account.restart()
        assert connection.cursor().execute("SELECT 7").fetchall() == [(7,)]


def test_expired_session_is_renewed(account: RunningAccount) -> None:
    with account.connect() as connection:
        before = connection.rest.token
        with sqlite3.connect(account.settings.state / "catalog.sqlite", timeout=10) as catalog:
            catalog.execute("UPDATE tokens SET expires = ? WHERE kind = 'session'", (time.time() - 1,))
        assert connection.cursor().execute("SELECT CURRENT_ROLE()").fetchall() == [("ACCOUNTADMIN",)]
        assert connection.rest.token != before
