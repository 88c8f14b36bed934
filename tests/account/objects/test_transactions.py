"""Transactions over tables: a failing statement is undone alone, and COMMIT stores what it says.

See https://docs.snowflake.com/en/sql-reference/transactions
"""

from __future__ import annotations

import contextlib
import random
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from snowflake.connector import SnowflakeConnection
from snowflake.connector.errors import DatabaseError, ProgrammingError

from tests.account.conftest import Place

_SEED = 20260601
_SEQUENCES, _LENGTH = 12, 30
_ABORTED = 615

Rows = list[tuple[int, str | None]]


@pytest.fixture
def connection(place: Place) -> Iterator[SnowflakeConnection]:
    with place.connect(paramstyle="qmark") as made:
        yield made


@pytest.fixture
def cursor(connection: SnowflakeConnection) -> Any:
    return connection.cursor()


def _rows(cursor: Any, table: str) -> list[Any]:
    return sorted(cursor.execute(f"SELECT * FROM {table}").fetchall())


def _run(cursor: Any, *statements: str) -> None:
    for statement in statements:
        cursor.execute(statement)


def _fails(cursor: Any, statement: str) -> int | None:
    with pytest.raises(DatabaseError) as failure:
        cursor.execute(statement)
    return failure.value.errno


_FAILING = [
    "SELECT nosuchfn(1)",
    "SELECT absent FROM {t}",
    "SELECT * FROM absent_table",
    "SELECT 'x'::INT",
    "SELECT TO_NUMBER(s || 'x') FROM (SELECT 'y' AS s)",
    "INSERT INTO {t} VALUES (NULL, 'x')",
    "INSERT INTO {t} VALUES ('word', 'x')",
    "INSERT INTO {t} VALUES (1, 2, 3)",
    "INSERT INTO {t} SELECT 8, 'ok' UNION ALL SELECT NULL, 'bad'",
    "INSERT INTO {t} (absent) VALUES (1)",
    "INSERT OVERWRITE INTO {t} SELECT NULL, 'bad'",
    "UPDATE {t} SET absent = a",
    "INSERT INTO {t} SELECT a + 'x'::INT, b FROM (SELECT 1 AS a, 'x' AS b)",
    "DELETE FROM {t} WHERE nosuchfn(a) = 1",
    "DELETE FROM {t} WHERE absent = 1",
    "MERGE INTO {t} USING (SELECT 1 AS a) s ON {t}.a = s.a WHEN NOT MATCHED THEN INSERT (a, b) "
    "VALUES ('word', 'x') WHEN MATCHED THEN UPDATE SET b = TO_NUMBER('x')",
    "SELEC 1",
    "SELECT * FROM FROM",
]


def _insert(number: int) -> tuple[str, Callable[[Rows], Rows]]:
    return f"INSERT INTO {{t}} VALUES ({number}, 'v{number}')", lambda rows: [*rows, (number, f"v{number}")]


def _double(number: int) -> tuple[str, Callable[[Rows], Rows]]:
    wanted = f"INSERT INTO {{t}} SELECT a + 1, 'copy' FROM {{t}} WHERE a = {number}"
    return wanted, lambda rows: rows + [(a + 1, "copy") for a, _ in rows if a == number]


def _update(number: int) -> tuple[str, Callable[[Rows], Rows]]:
    wanted = f"UPDATE {{t}} SET b = b || '+', a = a + 1 WHERE a < {number}"
    return wanted, lambda rows: [(a + 1, f"{b}+") if a < number else (a, b) for a, b in rows]


def _delete(number: int) -> tuple[str, Callable[[Rows], Rows]]:
    return f"DELETE FROM {{t}} WHERE a = {number}", lambda rows: [row for row in rows if row[0] != number]


def _overwrite(number: int) -> tuple[str, Callable[[Rows], Rows]]:
    return f"INSERT OVERWRITE INTO {{t}} SELECT {number}, 'only'", lambda _: [(number, "only")]


def _merge(number: int) -> tuple[str, Callable[[Rows], Rows]]:
    def apply(rows: Rows) -> Rows:
        if any(a == number for a, _ in rows):
            return [(a, "merged") if a == number else (a, b) for a, b in rows]
        return [*rows, (number, "new")]

    wanted = (
        f"MERGE INTO {{t}} USING (SELECT {number} AS a) s ON {{t}}.a = s.a WHEN MATCHED THEN UPDATE SET "
        "b = 'merged' WHEN NOT MATCHED THEN INSERT (a, b) VALUES (s.a, 'new')"
    )
    return wanted, apply


_GOOD = [_insert, _insert, _double, _update, _delete, _overwrite, _merge]


@pytest.mark.parametrize("number", range(_SEQUENCES))
def test_outcome_is_that_of_a_model(place: Place, cursor: Any, number: int) -> None:
    """Random good and failing statements; after each one the session and another one see the model's rows."""
    choose = random.Random(_SEED + number)  # noqa: S311 no secret
    table = f"modelled_{number}"
    cursor.execute(f"CREATE OR REPLACE TABLE {table} (a INT NOT NULL, b VARCHAR)")
    stored: Rows = []
    present: Rows = []
    is_open = False
    done = []
    with place.connect() as other:
        for _ in range(_LENGTH):
            kind = choose.random()
            if kind < 0.2:
                verb = choose.choice(["BEGIN", "COMMIT", "ROLLBACK", "BEGIN"])
                cursor.execute(verb)
                present = list(stored) if verb == "ROLLBACK" else present
                is_open = verb == "BEGIN"
                done.append(verb)
            elif kind < 0.55:
                done.append(choose.choice(_FAILING).format(t=table))
                _fails(cursor, done[-1])
            else:
                text, apply = choose.choice(_GOOD)(choose.randrange(6))
                done.append(text.format(t=table))
                cursor.execute(done[-1])
                present = apply(present)
            if not is_open:
                stored = list(present)
            assert _rows(cursor, table) == sorted(present), done
            assert _rows(other.cursor(), table) == sorted(stored), done
        cursor.execute("COMMIT")
        assert _rows(other.cursor(), table) == sorted(present), done


@pytest.mark.parametrize("failing", [text for text in _FAILING if "MERGE" not in text])
def test_failing_statement_is_undone_alone(cursor: Any, failing: str) -> None:
    cursor.execute("CREATE OR REPLACE TABLE alone (a INT NOT NULL, b VARCHAR)")
    _run(cursor, "BEGIN", "INSERT INTO alone VALUES (1, 'x')")
    _fails(cursor, failing.format(t="alone"))
    _run(cursor, "INSERT INTO alone VALUES (2, 'y')", "COMMIT")
    assert _rows(cursor, "alone") == [(1, "x"), (2, "y")]


def test_failing_statement_without_autocommit(place: Place, cursor: Any) -> None:
    _run(cursor, "CREATE OR REPLACE TABLE by_hand (a INT NOT NULL)", "ALTER SESSION SET AUTOCOMMIT = FALSE")
    cursor.execute("INSERT INTO by_hand VALUES (1)")
    _fails(cursor, "INSERT INTO by_hand VALUES (NULL)")
    cursor.execute("INSERT INTO by_hand VALUES (2)")
    assert place.run("SELECT COUNT(*) AS n FROM by_hand") == [{"N": 0}]
    cursor.execute("COMMIT")
    assert place.run("SELECT COUNT(*) AS n FROM by_hand") == [{"N": 2}]


def test_bound_values_and_batches_in_a_transaction(cursor: Any) -> None:
    cursor.execute("CREATE OR REPLACE TABLE bound (a INT NOT NULL, b VARCHAR)")
    cursor.execute("BEGIN")
    cursor.execute("INSERT INTO bound VALUES (?, ?)", (0, "'quoted\\n'\n"))
    cursor.executemany("INSERT INTO bound VALUES (?, ?)", [(number, "x") for number in range(1, 500)])
    with pytest.raises(DatabaseError):
        cursor.executemany(
            "INSERT INTO bound VALUES (?, ?)", [*((number, "y") for number in range(300)), (None, "")]
        )
    cursor.execute("COMMIT")
    assert _rows(cursor, "bound") == [(0, "'quoted\\n'\n"), *((number, "x") for number in range(1, 500))]


def test_failing_overwrite_keeps_the_rows(cursor: Any) -> None:
    _run(cursor, "CREATE OR REPLACE TABLE over (a INT NOT NULL)", "INSERT INTO over VALUES (1)")
    _fails(cursor, "INSERT OVERWRITE INTO over SELECT NULL")
    assert _rows(cursor, "over") == [(1,)]


def test_names_keep_the_schema_of_their_time(place: Place, cursor: Any) -> None:
    _run(
        cursor, "CREATE SCHEMA elsewhere", "CREATE TABLE elsewhere.t (a INT)", "CREATE TABLE public.t (a INT)"
    )
    _run(cursor, "USE SCHEMA public", "BEGIN", "INSERT INTO t VALUES (1)", "USE SCHEMA elsewhere")
    _run(cursor, "INSERT INTO t VALUES (2)", "USE SCHEMA public")
    _fails(cursor, "SELECT nosuchfn(1)")
    _run(cursor, "INSERT INTO t VALUES (3)", "COMMIT")
    assert (_rows(cursor, "public.t"), _rows(cursor, "elsewhere.t")) == ([(1,), (3,)], [(2,)])


def test_time_of_a_change_stays(cursor: Any) -> None:
    cursor.execute("CREATE OR REPLACE TABLE timed (a TIMESTAMP_LTZ, b DATE)")
    _run(cursor, "BEGIN", "INSERT INTO timed SELECT CURRENT_TIMESTAMP(), CURRENT_DATE()")
    before = _rows(cursor, "timed")
    _fails(cursor, "SELECT nosuchfn(1)")
    cursor.execute("COMMIT")
    assert _rows(cursor, "timed") == before


def test_constant_defaults_stay(cursor: Any) -> None:
    cursor.execute(
        "CREATE OR REPLACE TABLE constant (a INT, b BOOLEAN DEFAULT FALSE, c VARCHAR DEFAULT 'it''s (x)', "
        "d NUMBER(10, 2) DEFAULT -1.5, e DATE DEFAULT '2020-01-01'::DATE)"
    )
    _run(cursor, "BEGIN", "INSERT INTO constant (a) VALUES (1)")
    before = _rows(cursor, "constant")
    _fails(cursor, "SELECT nosuchfn(1)")
    cursor.execute("COMMIT")
    assert _rows(cursor, "constant") == before
    assert len(before) == 1


def test_temporary_table_in_a_transaction(cursor: Any) -> None:
    _run(cursor, "CREATE TEMPORARY TABLE passing (a INT)", "BEGIN", "INSERT INTO passing VALUES (1)")
    _run(cursor, "INSERT INTO passing SELECT a + 1 FROM passing")
    _fails(cursor, "SELECT 'x'::INT FROM passing")
    cursor.execute("COMMIT")
    assert _rows(cursor, "passing") == [(1,), (2,)]


def test_changes_that_others_make_do_no_harm(place: Place, cursor: Any) -> None:
    """Other tables do not matter at all, and constants are inserted whatever else is in the table."""
    _run(cursor, "CREATE OR REPLACE TABLE mine (a INT)", "CREATE OR REPLACE TABLE theirs (a INT)")
    _run(cursor, "CREATE OR REPLACE TABLE both (a INT)", "BEGIN", "INSERT INTO mine VALUES (1)")
    _run(cursor, "UPDATE mine SET a = a + 1", "INSERT INTO both VALUES (1)")
    place.run("INSERT INTO theirs VALUES (2)", "INSERT INTO both VALUES (2)")
    _fails(cursor, "SELECT nosuchfn(1)")
    cursor.execute("COMMIT")
    assert (_rows(cursor, "mine"), _rows(cursor, "both")) == ([(2,)], [(1,), (2,)])


@pytest.mark.parametrize(
    ("change", "meanwhile"),
    [
        ("INSERT INTO lost SELECT COUNT(*) FROM source", "INSERT INTO source VALUES (1)"),
        ("INSERT INTO lost SELECT COUNT(*) FROM seen", "INSERT INTO source VALUES (1)"),
        ("UPDATE lost SET a = a + 1", "INSERT INTO lost VALUES (9)"),
        ("INSERT OVERWRITE INTO lost VALUES (3)", "INSERT INTO lost VALUES (9)"),
        ("INSERT INTO source VALUES (1)", "CREATE OR REPLACE TABLE source (a INT, b INT DEFAULT 7)"),
        ("INSERT INTO lost VALUES (UNIFORM(1, 1000000000, RANDOM()))", "SELECT 1"),
        ("INSERT INTO lost SELECT RANDOM()", "SELECT 1"),
        ("INSERT INTO with_default (a) VALUES (1)", "SELECT 1"),
    ],
)
def test_what_cannot_be_kept_is_said(place: Place, cursor: Any, change: str, meanwhile: str) -> None:
    """Changes that may come out differently a second time are not stored, and no statement hides that."""
    _run(cursor, "CREATE OR REPLACE TABLE lost (a INT)", "CREATE OR REPLACE TABLE source (a INT)")
    _run(cursor, "CREATE OR REPLACE VIEW seen AS SELECT * FROM source")
    _run(cursor, "CREATE OR REPLACE TABLE with_default (a INT, b TIMESTAMP DEFAULT CURRENT_TIMESTAMP())")
    _run(cursor, "INSERT INTO lost VALUES (5)", "BEGIN")
    with contextlib.suppress(ProgrammingError):
        cursor.execute(change)
    place.run(meanwhile)
    before = place.run("SELECT a FROM lost ORDER BY a")
    assert _fails(cursor, "SELECT nosuchfn(a) FROM lost") == 2140
    assert _fails(cursor, "SELECT a FROM lost") == _ABORTED
    assert _fails(cursor, "INSERT INTO lost VALUES (7)") == _ABORTED
    assert _fails(cursor, "COMMIT") == _ABORTED
    assert place.run("SELECT a FROM lost ORDER BY a") == before
    assert _rows(cursor, "with_default") == []
    _run(cursor, "BEGIN", "INSERT INTO lost VALUES (8)", "COMMIT")
    assert (8,) in _rows(cursor, "lost")


def test_lost_transaction_ends_with_rollback(cursor: Any) -> None:
    _run(cursor, "CREATE OR REPLACE TABLE given_up (a INT)", "BEGIN", "INSERT INTO given_up SELECT RANDOM()")
    _fails(cursor, "SELECT nosuchfn(1)")
    _run(cursor, "ROLLBACK", "INSERT INTO given_up VALUES (1)", "COMMIT")
    assert _rows(cursor, "given_up") == [(1,)]


def test_definitions_store_the_changes_first(place: Place, cursor: Any) -> None:
    _run(cursor, "CREATE OR REPLACE TABLE first (a INT)", "CREATE OR REPLACE TABLE second (a INT)")
    for definition in ("DROP TABLE second", "CREATE TABLE third (a INT)", "DROP TABLE third"):
        _run(cursor, "BEGIN", "INSERT INTO first VALUES (1)")
        _fails(cursor, "SELECT nosuchfn(1)")
        _run(cursor, definition, "ROLLBACK")
    assert place.run("SELECT COUNT(*) AS n FROM first") == [{"N": 3}]
    assert _fails(cursor, "SELECT * FROM second") == 2003


def test_second_begin_is_ignored(cursor: Any) -> None:
    _run(cursor, "CREATE OR REPLACE TABLE twice (a INT)", "BEGIN", "INSERT INTO twice VALUES (1)", "BEGIN")
    _run(cursor, "INSERT INTO twice VALUES (2)", "ROLLBACK")
    assert _rows(cursor, "twice") == []


def test_describing_that_fails_changes_nothing(cursor: Any) -> None:
    _run(cursor, "CREATE OR REPLACE TABLE asked (a INT)", "BEGIN", "INSERT INTO asked VALUES (1)")
    with pytest.raises(ProgrammingError):
        cursor.describe("SELECT nosuchfn(a) FROM asked")
    cursor.execute("COMMIT")
    assert _rows(cursor, "asked") == [(1,)]


def test_cancelled_statement_is_undone_alone(cursor: Any) -> None:
    _run(cursor, "CREATE OR REPLACE TABLE stopped (a INT)", "BEGIN", "INSERT INTO stopped VALUES (1)")
    slow = "INSERT INTO stopped SELECT SUM(SIN(SEQ4())) FROM TABLE(GENERATOR(ROWCOUNT => 100000000000))"
    with pytest.raises(ProgrammingError, match="canceled"):
        cursor.execute(slow, timeout=1)
    _run(cursor, "INSERT INTO stopped VALUES (2)", "COMMIT")
    assert _rows(cursor, "stopped") == [(1,), (2,)]


def test_conflict_with_another_session_is_said(place: Place, cursor: Any) -> None:
    _run(cursor, "CREATE OR REPLACE TABLE contested (a INT, b INT)")
    _run(cursor, "INSERT INTO contested VALUES (1, 0)", "BEGIN", "UPDATE contested SET b = 1")
    with place.connect() as connection:
        other = connection.cursor()
        _run(other, "BEGIN", "INSERT INTO contested VALUES (2, 2)")
        _fails(other, "UPDATE contested SET b = 2 WHERE a = 1")
        _run(other, "INSERT INTO contested VALUES (3, 3)", "COMMIT")
    cursor.execute("COMMIT")
    assert _rows(cursor, "contested") == [(1, 1), (2, 2), (3, 3)]


def test_sessions_side_by_side_lose_nothing(place: Place) -> None:
    """What COMMIT says is stored, and nothing else, whatever other sessions commit meanwhile."""
    place.run("CREATE OR REPLACE TABLE shared_by_all (worker INT, number INT)")
    stored: Rows = []

    def work(worker: int) -> None:
        choose = random.Random(_SEED + worker)  # noqa: S311 no secret
        with place.connect() as connection:
            cursor = connection.cursor()
            for number in range(0, 60, 3):
                mine = [(worker, number + step) for step in range(3)]
                try:
                    cursor.execute("BEGIN")
                    for row in mine:
                        cursor.execute(f"INSERT INTO shared_by_all VALUES {row}")
                        if choose.random() < 0.3:
                            _fails(cursor, "INSERT INTO shared_by_all VALUES (1, 'word')")
                    cursor.execute("COMMIT")
                    stored.extend(mine)
                except DatabaseError:
                    cursor.execute("ROLLBACK")

    threads = [threading.Thread(target=work, args=(worker,)) for worker in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with place.connect() as connection:
        assert _rows(connection.cursor(), "shared_by_all") == sorted(stored)
    # Constants do not depend on what others commit, so no transaction is lost.
    assert len(stored) == 4 * 60


def test_every_definition_stores_the_changes_first(cursor: Any) -> None:
    """See https://docs.snowflake.com/en/sql-reference/transactions#ddl"""
    cursor.execute("CREATE OR REPLACE TABLE stored_first (a INT)")
    for number, definition in enumerate(
        ("CREATE ROLE stored_role", "ALTER ROLE stored_role SET COMMENT = 'x'")
    ):
        for statement in ("BEGIN", f"INSERT INTO stored_first VALUES ({number})", definition, "ROLLBACK"):
            cursor.execute(statement)
    for statement in ("BEGIN", "INSERT INTO stored_first VALUES (3)", "ALTER SESSION SET QUERY_TAG = 'x'"):
        cursor.execute(statement)
    cursor.execute("ROLLBACK")
    cursor.execute("DROP ROLE stored_role")
    assert cursor.execute("SELECT a FROM stored_first ORDER BY a").fetchall() == [(0,), (1,)]


def test_transaction_that_an_error_ends(cursor: Any) -> None:
    """See https://docs.snowflake.com/en/sql-reference/parameters#transaction-abort-on-error"""
    cursor.execute("CREATE OR REPLACE TABLE ended (a INT)")
    cursor.execute("ALTER SESSION SET TRANSACTION_ABORT_ON_ERROR = TRUE")
    for failing in ("SELECT absent FROM ended", "SELECT * FROM absent"):
        cursor.execute("BEGIN")
        cursor.execute("INSERT INTO ended VALUES (1)")
        for statement in (failing, "INSERT INTO ended VALUES (2)", "COMMIT"):
            with pytest.raises(DatabaseError):
                cursor.execute(statement)
    cursor.execute("INSERT INTO ended VALUES (3)")
    assert cursor.execute("SELECT a FROM ended").fetchall() == [(3,)]


def test_time_zone_that_changes_in_a_transaction(cursor: Any) -> None:
    """A repeated change would read its times in the new zone."""
    cursor.execute("CREATE OR REPLACE TABLE zoned (t TIMESTAMP_LTZ)")
    for statement in (
        "ALTER SESSION SET TIMEZONE = 'Asia/Tokyo'",
        "BEGIN",
        "INSERT INTO zoned VALUES ('2024-01-01 00:00:00')",
        "ALTER SESSION SET TIMEZONE = 'UTC'",
    ):
        cursor.execute(statement)
    with pytest.raises(DatabaseError):
        cursor.execute("SELECT absent FROM zoned")
    with pytest.raises(DatabaseError, match="parameters for times changed in it"):
        cursor.execute("COMMIT")
    assert cursor.execute("SELECT COUNT(*) FROM zoned").fetchone() == (0,)


def test_transaction_over_two_databases_is_refused(cursor: Any) -> None:
    cursor.execute("CREATE OR REPLACE TABLE here (a INT)")
    cursor.execute("SELECT CURRENT_DATABASE()")
    database = cursor.fetchone()[0]
    cursor.execute("CREATE DATABASE other_database")
    cursor.execute("CREATE TABLE other_database.public.there (a INT)")
    cursor.execute(f"USE DATABASE {database}")
    cursor.execute("BEGIN")
    cursor.execute("INSERT INTO here VALUES (1)")
    with pytest.raises(
        DatabaseError, match="Unsupported feature 'one transaction that changes two databases'"
    ):
        cursor.execute("INSERT INTO other_database.public.there VALUES (1)")
    cursor.execute("COMMIT")
    assert cursor.execute("SELECT a FROM here").fetchall() == [(1,)]
    cursor.execute("DROP DATABASE other_database")
