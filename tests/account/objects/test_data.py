"""Data SQL through snowflake-connector-python 4: values, changes, errors, long and large statements."""

from __future__ import annotations

import datetime
import threading
from decimal import Decimal
from typing import Any

import pytest
from snowflake.connector import SnowflakeConnection
from snowflake.connector.errors import DatabaseError, ProgrammingError
from snowflake.connector.result_batch import ArrowResultBatch

from tests.account.conftest import Place, RunningAccount, wait_until

VALUES = (
    1,
    "é",
    1.5,
    datetime.datetime(2020, 1, 2, 3, 4, 5, 678901),
    True,
    datetime.date(1969, 12, 31),
    b"\x01\xff",
    Decimal("3.25"),
    datetime.time(1, 2, 3),
)
SHAPE = "a INT, b VARCHAR, c FLOAT, d TIMESTAMP_NTZ, e BOOLEAN, f DATE, g BINARY, h NUMBER(10,2), i TIME"


@pytest.fixture
def cursor(place: Place) -> Any:
    with place.connect(paramstyle="qmark") as connection:
        yield connection.cursor()


def test_bound_values_come_back_as_they_were(cursor: Any) -> None:
    cursor.execute(f"CREATE OR REPLACE TABLE kinds ({SHAPE})")
    cursor.execute("INSERT INTO kinds VALUES (?,?,?,?,?,?,?,?,?)", VALUES)
    assert cursor.rowcount == 1
    assert cursor.execute("SELECT * FROM kinds WHERE a = ?", (1,)).fetchall() == [VALUES]


def test_null_and_time_before_1970(cursor: Any) -> None:
    moment = datetime.datetime(1901, 2, 3, 4, 5, 6, 789000)
    row = cursor.execute("SELECT NULL AS n, '1901-02-03 04:05:06.789'::TIMESTAMP_NTZ AS t").fetchone()
    assert row == (None, moment)


def test_unnamed_columns_are_named_by_their_text(cursor: Any) -> None:
    cursor.execute("CREATE OR REPLACE TABLE named (a INT)")
    cursor.execute("SELECT COUNT(*), MAX(a), a AS x FROM named GROUP BY a")
    assert [column.name for column in cursor.description] == ["COUNT(*)", "MAX(A)", "X"]


def test_many_rows_in_one_statement(cursor: Any) -> None:
    cursor.execute("CREATE OR REPLACE TABLE many (a INT, b VARCHAR)")
    cursor.executemany("INSERT INTO many VALUES (?, ?)", [(number, str(number)) for number in range(1000)])
    assert cursor.rowcount == 1000
    assert cursor.execute("SELECT COUNT(*), MAX(a) FROM many").fetchone() == (1000, 999)


def test_failing_batch_changes_nothing(cursor: Any) -> None:
    cursor.execute("CREATE OR REPLACE TABLE batch (a INT NOT NULL)")
    with pytest.raises(DatabaseError):
        cursor.executemany("INSERT INTO batch VALUES (?)", [(1,)] * 300 + [(None,)])
    assert cursor.execute("SELECT COUNT(*) FROM batch").fetchone() == (0,)


def test_large_result(cursor: Any) -> None:
    cursor.execute("SELECT SEQ4() AS n, 'row ' || SEQ4() AS t FROM TABLE(GENERATOR(ROWCOUNT => 200000))")
    rows = cursor.fetchall()
    assert (len(rows), rows[-1]) == (200000, (199999, "row 199999"))


def test_arrow_for_pandas(cursor: Any) -> None:
    cursor.execute("SELECT 1 AS a, 'x' AS b, NULL AS c, '2020-01-02'::DATE AS d")
    batches = cursor.get_result_batches()
    assert all(isinstance(batch, ArrowResultBatch) for batch in batches)
    assert cursor.fetchall() == [(1, "x", None, datetime.date(2020, 1, 2))]


def test_missing_moments(cursor: Any) -> None:
    cursor.execute("SELECT NULL::TIMESTAMP_NTZ AS a UNION ALL SELECT '2020-01-02'::TIMESTAMP_NTZ")
    assert set(cursor.fetchall()) == {(datetime.datetime(2020, 1, 2),), (None,)}


def test_functions_without_a_database(account: RunningAccount) -> None:
    found = account.run("SELECT '2020-01-02'::TIMESTAMP_NTZ AS t, OBJECT_CONSTRUCT('a', 1) AS o")
    assert found == [{"T": datetime.datetime(2020, 1, 2), "O": '{"a":1}'}]


def test_transaction_rolls_back(cursor: Any) -> None:
    cursor.execute("CREATE OR REPLACE TABLE undone (a INT)")
    for statement in ("BEGIN", "INSERT INTO undone VALUES (1)", "ROLLBACK"):
        cursor.execute(statement)
    assert cursor.execute("SELECT COUNT(*) FROM undone").fetchone() == (0,)


def test_describing_runs_nothing(cursor: Any) -> None:
    cursor.execute("CREATE OR REPLACE TABLE described (a INT, b VARCHAR)")
    assert [column.name for column in cursor.describe("SELECT a, b FROM described")] == ["A", "B"]
    cursor.describe("INSERT INTO described VALUES (1, 'x')")
    cursor.describe("DROP TABLE described")
    assert cursor.execute("SELECT COUNT(*) FROM described").fetchone() == (0,)


def test_asynchronous_query(place: Place) -> None:
    with place.connect() as connection:
        cursor = connection.cursor()
        cursor.execute_async("SELECT COUNT(*) FROM TABLE(GENERATOR(ROWCOUNT => 1000))")
        query = cursor.sfqid
        wait_until(lambda: not connection.is_still_running(connection.get_query_status(query)))
        cursor.get_results_from_sfqid(query)
        assert cursor.fetchall() == [(1000,)]


def test_cancelled_query_ends(place: Place) -> None:
    slow = "SELECT SUM(SIN(SEQ4())) FROM TABLE(GENERATOR(ROWCOUNT => 100000000000))"
    with place.connect() as connection:
        with pytest.raises(ProgrammingError, match="canceled"):
            connection.cursor().execute(slow, timeout=1)
        assert connection.cursor().execute("SELECT 1 + 1").fetchall() == [(2,)]


def test_sessions_run_at_the_same_time(place: Place) -> None:
    def work(number: int) -> None:
        with place.connect() as connection:
            connection.cursor().execute(f"CREATE OR REPLACE TABLE parallel_{number} AS SELECT {number} AS a")
            found = connection.cursor().execute(f"SELECT a FROM parallel_{number}").fetchall()
            done.append((number, found))

    done: list[tuple[int, Any]] = []
    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(done) == [(number, [(number,)]) for number in range(8)]


@pytest.mark.parametrize(
    ("statement", "code", "text"),
    [
        ("SELECT * FROM absent", 2003, "ABSENT' does not exist or not authorized"),
        ("SELECT absent FROM present", 904, "invalid identifier 'ABSENT'"),
        ("SELECT absent(1)", 2140, "Unknown function ABSENT"),
        ("SELECT * FROM FROM", 1003, "syntax error"),
        ("SELECT 'x'::INT", 100038, "Numeric value 'x' is not recognized"),
        ("SELECT 1 / 0", 100051, "Division by zero"),
        ("SELECT a / b FROM (SELECT 1.5 AS a, 0 AS b)", 100051, "Division by zero"),
        ("SELECT 1e0 / 0e0", 100051, "Division by zero"),
        ("SELECT MOD(1, 0)", 100051, "Division by zero"),
        ("SELECT 'zz'::BINARY", 100115, "is not a legal hex-encoded value: 'zz'"),
        ("SELECT TO_BINARY('abc')", 100115, "is not a legal hex-encoded value: 'abc'"),
        ("CREATE TABLE present (a INT)", 2002, "already exists"),
        ("SELECT * FROM '/etc/passwd'", 2, "Unsupported feature"),
        ("SELECT * FROM read_text('/etc/passwd')", 2, "Unsupported feature"),
        ("SELECT content FROM TABLE(read_text('/etc/passwd'))", 2, "Unsupported feature"),
        ("SELECT * FROM (SELECT 1), LATERAL query_table('x')", 2, "Unsupported feature"),
        ("SELECT * FROM _fs_global._fs_information_schema._fs_users", 2003, "does not exist"),
        ("SELECT * FROM (WITH hidden AS (SELECT 1) SELECT 1), hidden", 2003, "HIDDEN' does not exist"),
        ("COPY INTO present FROM @somewhere", 2003, "SOMEWHERE' does not exist or not authorized"),
    ],
)
def test_errors_are_snowflakes(cursor: Any, statement: str, code: int, text: str) -> None:
    cursor.execute("CREATE TABLE IF NOT EXISTS present (a INT)")
    with pytest.raises(ProgrammingError) as failure:
        cursor.execute(statement)
    assert failure.value.errno == code
    assert text in str(failure.value)


def test_tables_need_a_warehouse(place: Place) -> None:
    place.run("CREATE TABLE IF NOT EXISTS warehoused (a INT)")
    with place.connect(warehouse=None) as connection:
        assert connection.cursor().execute("SELECT 1").fetchall() == [(1,)]
        with pytest.raises(ProgrammingError, match="No active warehouse selected") as failure:
            connection.cursor().execute("SELECT * FROM warehoused")
    assert failure.value.errno == 606


def test_dropped_schema_starts_empty_when_made_again(place: Place) -> None:
    name = f"{place.database}.again"
    for _ in range(2):
        place.run(
            f"CREATE SCHEMA {name}", f"CREATE TABLE {name}.t (a INT)", f"INSERT INTO {name}.t VALUES (1)"
        )
        assert place.run(f"SELECT COUNT(*) AS n FROM {name}.t") == [{"N": 1}]
        place.run(f"DROP SCHEMA {name}")
    with pytest.raises(ProgrammingError, match="does not exist"):
        place.run(f"SELECT * FROM {name}.t")


def test_show_and_describe(place: Place) -> None:
    place.run("CREATE TABLE shown (a INT NOT NULL, b VARCHAR(10)) COMMENT = 'seen'")
    place.run("CREATE VIEW shown_view AS SELECT a FROM shown")
    table = place.run("SHOW TABLES LIKE 'shown'")[0]
    assert (table["name"], table["owner"], table["comment"]) == ("SHOWN", "ACCOUNTADMIN", "seen")
    assert [view["name"] for view in place.run("SHOW VIEWS")] == ["SHOWN_VIEW"]
    described = [(row["name"], row["type"], row["null?"]) for row in place.run("DESCRIBE TABLE shown")]
    assert described == [("A", "NUMBER(38,0)", "N"), ("B", "VARCHAR(10)", "Y")]
    assert [row["column_name"] for row in place.run("SHOW COLUMNS IN TABLE shown")] == ["A", "B"]
    place.run("DROP VIEW shown_view", "DROP TABLE shown")
    assert place.run("SHOW TABLES LIKE 'shown'") == []


def test_temporary_table_is_of_one_session(place: Place, session: SnowflakeConnection) -> None:
    with place.connect() as mine:
        mine.cursor().execute("CREATE TEMPORARY TABLE passing (a INT)")
        assert mine.cursor().execute("SELECT COUNT(*) FROM passing").fetchall() == [(0,)]
        with pytest.raises(ProgrammingError, match="does not exist"):
            place.run("SELECT * FROM passing")


def test_tables_survive_a_restart(account: RunningAccount, place: Place) -> None:
    place.run("CREATE TABLE kept (a INT)", "INSERT INTO kept VALUES (42)")
    account.restart()
    assert place.run("SELECT a FROM kept") == [{"A": 42}]


def test_privileges_on_tables(account: RunningAccount, place: Place) -> None:
    role = f"{place.database}_READER"
    place.run(
        "CREATE TABLE guarded (a INT)",
        f"CREATE ROLE {role}",
        f"GRANT ROLE {role} TO USER {account.credentials()['user']}",
        f"GRANT USAGE ON WAREHOUSE {place.warehouse} TO ROLE {role}",
    )

    def refused(statement: str) -> int:
        with pytest.raises(ProgrammingError) as failure:
            place.run("USE SECONDARY ROLES NONE", statement, role=role)
        return failure.value.errno

    query = f"SELECT * FROM {place.database}.PUBLIC.guarded"
    assert refused(query) == 2003
    place.run(f"GRANT USAGE ON DATABASE {place.database} TO ROLE {role}")
    place.run(f"GRANT USAGE ON SCHEMA {place.database}.PUBLIC TO ROLE {role}")
    assert refused(query) == 2003
    place.run(f"GRANT SELECT ON TABLE guarded TO ROLE {role}")
    assert place.run("USE SECONDARY ROLES NONE", query, role=role) == []
    assert refused(f"INSERT INTO {place.database}.PUBLIC.guarded VALUES (1)") == 3001
    assert refused(f"CREATE TABLE {place.database}.PUBLIC.other (a INT)") == 3001
    assert refused(f"DROP TABLE {place.database}.PUBLIC.guarded") == 3001


def test_columns_of_values_by_number(cursor: Any) -> None:
    rows = cursor.execute('SELECT $1 AS "A", $2 + 1 AS b FROM VALUES (1::INT, 2), (3, NULL) ORDER BY 1')
    assert rows
    assert rows.fetchall() == [(1, 3), (3, None)]


def test_cast_of_a_bound_value(place: Place) -> None:
    with place.connect(paramstyle="qmark") as connection:
        rows = connection.cursor().execute("SELECT ?::INT + 1, '?::', ?::VARCHAR", ("4", 5))
        assert rows
        assert rows.fetchall() == [(5, "?::", "5")]


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("DIV0(1, 0)", 0),
        ("IFF(n = 0, 0, 1 / n)", 0),
        ("NULL / 0", None),
        ("'ab'::BINARY", b"\xab"),
        ("TO_BINARY('ABff')", b"\xab\xff"),
        ("hexadecimal::BINARY", b"\x0a\xff"),
        ("'ab'::BINARY::VARCHAR", "AB"),
        ("bytes::VARCHAR", "5CFF"),
        ("bytes::BINARY", b"\x5c\xff"),
        ("""PARSE_JSON('"a"')::STRING""", "a"),
        ("PARSE_JSON('null')::STRING", None),
        ("json::VARCHAR", 'it\'s "é"'),
        ("UPPER(json::VARCHAR)", 'IT\'S "É"'),
        ("object::VARCHAR", '{"a":[1,"b"]}'),
        ("hexadecimal::VARCHAR", "0aFF"),
        ("DATE_TRUNC('month', day)", datetime.date(2024, 5, 1)),
        ("DATE_TRUNC('week', '2024-05-08'::DATE)", datetime.date(2024, 5, 6)),
        ("DATE_TRUNC('hour', moment)", datetime.datetime(2024, 5, 6, 7)),
        ("DATE_TRUNC('year', moment)::DATE", datetime.date(2024, 1, 1)),
    ],
)
def test_values_are_snowflakes(cursor: Any, expression: str, value: Any) -> None:
    cursor.execute(
        "CREATE TABLE IF NOT EXISTS valued AS SELECT 0 AS n, '0aFF' AS hexadecimal, x'5cff' AS bytes, "
        """PARSE_JSON('"it''s \\\\"é\\\\""') AS json, PARSE_JSON('{"a": [1, "b"]}') AS object, """
        "'2024-05-06'::DATE AS day, '2024-05-06 07:08:09'::TIMESTAMP_NTZ AS moment"
    )
    assert cursor.execute(f"SELECT {expression} FROM valued").fetchall() == [(value,)]
