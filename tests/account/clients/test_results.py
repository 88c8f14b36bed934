"""What drivers ask for beyond one statement: several in one request, scripts on stages, cancelling."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from snowflake.connector.cursor import SnowflakeCursor
from snowflake.connector.errors import ProgrammingError

from tests.account.conftest import Place

THREE = (
    "CREATE OR REPLACE TABLE several (a VARCHAR); INSERT INTO several VALUES ('a;b'); SELECT * FROM several"
)


@pytest.fixture
def cursor(place: Place) -> Iterator[SnowflakeCursor]:
    with place.connect() as connection:
        yield connection.cursor()


def _rows(cursor: SnowflakeCursor, statement: str) -> list[Any]:
    cursor.execute(statement)
    return cursor.fetchall()


def _sets(cursor: SnowflakeCursor) -> list[list[Any]]:
    found = [cursor.fetchall()]
    while cursor.nextset():
        found.append(cursor.fetchall())
    return found


@pytest.mark.parametrize("count", [3, 0])
def test_several_statements_in_one_request(cursor: SnowflakeCursor, count: int) -> None:
    cursor.execute(THREE, num_statements=count)
    assert _sets(cursor) == [[("Table SEVERAL successfully created.",)], [(1,)], [("a;b",)]]


def test_session_parameter_allows_several_statements(cursor: SnowflakeCursor) -> None:
    cursor.execute("ALTER SESSION SET MULTI_STATEMENT_COUNT = 0")
    cursor.execute("SELECT 1; SELECT 2;")
    assert _sets(cursor) == [[(1,)], [(2,)]]


def test_number_of_statements_must_be_as_announced(cursor: SnowflakeCursor) -> None:
    for count in (None, 3):
        with pytest.raises(
            ProgrammingError, match=f"did not match the desired statement count {count or 1}"
        ) as raised:
            cursor.execute("SELECT 1; SELECT 2", num_statements=count)
        assert (raised.value.errno, raised.value.sqlstate) == (8, "0A000")


def test_statements_before_the_failing_one_stay(cursor: SnowflakeCursor) -> None:
    with pytest.raises(ProgrammingError, match="ABSENT' does not exist"):
        cursor.execute(
            "CREATE OR REPLACE TABLE before (a INT); SELECT * FROM absent; SELECT 1", num_statements=3
        )
    assert _rows(cursor, "SELECT COUNT(*) FROM before") == [(0,)]


def test_session_is_rid_of_its_queries(place: Place) -> None:
    with place.connect() as connection, place.connect() as other:
        cursor = connection.cursor()
        waiting = []
        for _ in range(2):
            cursor.execute_async("SELECT SYSTEM$WAIT(60)")
            waiting.append(str(cursor.sfqid))
        told = _rows(cursor, f"SELECT SYSTEM$CANCEL_QUERY('{waiting[0]}')")
        assert told == [(f"query [{waiting[0]}] terminated.",)]
        other.cursor().execute(f"SELECT SYSTEM$CANCEL_ALL_QUERIES({connection.session_id})")
        for query in waiting:
            assert not connection.is_still_running(connection.get_query_status(query))
        again = _rows(cursor, f"SELECT SYSTEM$CANCEL_QUERY('{waiting[0]}')")
        assert again == [("Identified SQL statement is not currently executing.",)]


def test_files_are_copied_between_stages(cursor: SnowflakeCursor, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("a")
    for statement in (
        "CREATE OR REPLACE STAGE origin",
        "CREATE OR REPLACE STAGE target",
        f"PUT file://{tmp_path}/a.txt @origin/dir/below AUTO_COMPRESS = FALSE",
        f"PUT file://{tmp_path}/a.txt @origin/other AUTO_COMPRESS = FALSE",
    ):
        cursor.execute(statement)
    assert _rows(cursor, "COPY FILES INTO @target/to FROM @origin/dir") == [("to/below/a.txt",)]
    assert _rows(cursor, "COPY FILES INTO @target FROM @origin/other/a.txt") == [("a.txt",)]
    names = [row[0] for row in _rows(cursor, "LIST @target")]
    assert names == ["target/a.txt", "target/to/below/a.txt"]


def test_script_on_a_stage(cursor: SnowflakeCursor, tmp_path: Path) -> None:
    (tmp_path / "made.sql").write_text("CREATE OR REPLACE TABLE made (a INT); SELECT 'done;' AS told;")
    (tmp_path / "fails.sql").write_text("SELECT * FROM absent")
    cursor.execute("CREATE OR REPLACE STAGE scripts")
    cursor.execute(f"PUT file://{tmp_path}/*.sql @scripts AUTO_COMPRESS = FALSE")
    assert _rows(cursor, "EXECUTE IMMEDIATE FROM @scripts/made.sql") == [("done;",)]
    assert _rows(cursor, "SELECT COUNT(*) FROM made") == [(0,)]
    for script in ("fails.sql", "absent.sql"):
        with pytest.raises(ProgrammingError, match="does not exist"):
            cursor.execute(f"EXECUTE IMMEDIATE FROM @scripts/{script}")
    with pytest.raises(ProgrammingError, match="Unsupported feature 'EXECUTE IMMEDIATE FROM … USING'"):
        cursor.execute("EXECUTE IMMEDIATE FROM @scripts/made.sql USING (a => 1)")


def test_each_of_several_statements_has_a_result_by_its_id(cursor: SnowflakeCursor) -> None:
    cursor.execute("SELECT 1; SELECT 2 AS two", num_statements=2)
    _sets(cursor)
    assert cursor.sfqid
    assert _rows(cursor, f"SELECT * FROM TABLE(RESULT_SCAN('{cursor.sfqid}'))") == [(2,)]
