"""Results of earlier statements: RESULT_SCAN, LAST_QUERY_ID and chains with `->>`.

See https://docs.snowflake.com/en/sql-reference/functions/result_scan,
https://docs.snowflake.com/en/sql-reference/functions/last_query_id and
https://docs.snowflake.com/en/sql-reference/operators-flow
"""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from decimal import Decimal

import pytest
from snowflake.connector import SnowflakeConnection
from snowflake.connector.errors import ProgrammingError

from tests.account.asking import run
from tests.account.conftest import Place

LAST = "TABLE(RESULT_SCAN(LAST_QUERY_ID()))"


@pytest.fixture
def connection(place: Place) -> Iterator[SnowflakeConnection]:
    with place.connect(paramstyle="qmark") as connection:
        run(connection, "CREATE OR REPLACE TABLE kept (name VARCHAR, n INT)")
        yield connection


def _id(connection: SnowflakeConnection, statement: str) -> str:
    cursor = connection.cursor()
    cursor.execute(statement)
    return str(cursor.sfqid)


def test_result_of_show_is_a_table(connection: SnowflakeConnection) -> None:
    run(connection, "SHOW TABLES LIKE 'KEPT'")
    assert run(connection, f"""SELECT "name" FROM {LAST} WHERE "rows" = 0""") == [{"name": "KEPT"}]
    run(connection, "DESCRIBE TABLE kept")
    run(connection, f'INSERT INTO kept SELECT "name", COUNT(*) FROM {LAST} AS d GROUP BY ALL')
    run(connection, "SHOW TABLES LIKE 'KEPT'")
    run(connection, f'CREATE OR REPLACE TABLE copied AS SELECT "created_on" AS c, "rows" AS r FROM {LAST}')
    copied = run(connection, "SELECT k.name, c.r, c.c FROM copied AS c JOIN kept AS k ON k.n = 1 ORDER BY 1")
    assert [(row["NAME"], row["R"]) for row in copied] == [("N", 2), ("NAME", 2)]
    assert all(isinstance(row["C"], datetime.datetime) for row in copied)


def test_types_of_columns_are_kept(connection: SnowflakeConnection) -> None:
    query = (
        "SELECT 1.50 AS d, '2024-01-02'::DATE AS a, PARSE_JSON('{\"x\": 5}') AS j, TRUE AS b, 'ü''\\n' AS t, "
        "NULL AS z, '2024-01-02 03:04:05'::TIMESTAMP_NTZ AS m"
    )
    first = run(connection, query)
    assert run(connection, f"SELECT * FROM {LAST} WHERE b") == first
    run(connection, query)
    assert run(connection, f"SELECT d + 1 AS d, a + 1 AS a, j:x::INT AS j FROM {LAST}") == [
        {"D": Decimal("2.50"), "A": datetime.date(2024, 1, 3), "J": 5}
    ]


def test_numbers_of_statements(connection: SnowflakeConnection) -> None:
    cursor = connection.cursor()
    ids = [_id(connection, f"SELECT {number}") for number in range(2)]
    with pytest.raises(ProgrammingError):
        cursor.execute("SELECT nothing_of_this_name")
    # The failed statement counts, and so does the one that the fixture has run.
    asked = cursor.execute("SELECT LAST_QUERY_ID(-3), LAST_QUERY_ID(-2), LAST_QUERY_ID(3), LAST_QUERY_ID(99)")
    assert asked is not None
    assert asked.fetchall() == [(ids[0], ids[1], ids[1], None)]
    before = cursor.sfqid
    assert run(connection, "SELECT LAST_QUERY_ID() AS id") == [{"ID": before}]


def test_what_is_no_result(connection: SnowflakeConnection, place: Place) -> None:
    with place.connect() as other:
        mine = _id(other, "SELECT 1 AS one")
    assert run(connection, f"SELECT one + 1 AS two FROM TABLE(RESULT_SCAN('{mine}'))") == [{"TWO": 2}]
    for statement in (
        "SELECT * FROM TABLE(RESULT_SCAN('00000000-0000-0000-0000-000000000000'))",
        "SELECT a FROM TABLE(RESULT_SCAN('absent')) AS r WHERE a > 1",
        "SELECT * FROM TABLE(RESULT_SCAN(LAST_QUERY_ID(999)))",
    ):
        with pytest.raises(ProgrammingError, match=r"Statement .* not found") as failure:
            run(connection, statement)
        assert failure.value.errno == 709
    with pytest.raises(
        ProgrammingError, match="Unsupported feature 'CREATE VIEW from the result of a query'"
    ):
        run(connection, f"CREATE VIEW v AS SELECT * FROM TABLE(RESULT_SCAN('{mine}'))")


def test_another_users_result_is_not_found(connection: SnowflakeConnection, place: Place) -> None:
    query = _id(connection, "SELECT 'secret'")
    run(connection, "CREATE USER IF NOT EXISTS result_reader PASSWORD = 'Geheim-4711-x'")
    with (
        place.account.connect(user="result_reader", password="Geheim-4711-x") as reader,
        pytest.raises(ProgrammingError, match="not found"),
    ):
        run(reader, f"SELECT * FROM TABLE(RESULT_SCAN('{query}'))")
    run(connection, "DROP USER result_reader")


def test_a_scanned_result_in_a_transaction(connection: SnowflakeConnection) -> None:
    query = _id(connection, "SELECT 'a' AS name, 1 AS n")
    run(connection, "BEGIN")
    run(connection, f"INSERT INTO kept SELECT * FROM TABLE(RESULT_SCAN('{query}'))")
    with pytest.raises(ProgrammingError):
        run(connection, f"SELECT no_such_column FROM TABLE(RESULT_SCAN('{query}'))")
    run(connection, f"INSERT INTO kept SELECT name, n + 1 FROM TABLE(RESULT_SCAN('{query}'))")
    run(connection, "COMMIT")
    assert run(connection, "SELECT n FROM kept ORDER BY n") == [{"N": 1}, {"N": 2}]


def test_chains(connection: SnowflakeConnection) -> None:
    rows = run(connection, """SHOW TABLES ->> SELECT "name" FROM $1 WHERE "name" = 'KEPT'""")
    assert rows == [{"name": "KEPT"}]
    rows = run(
        connection, "SELECT 1 AS a ->> SELECT a + 1 AS b FROM $1 ->> SELECT x.a, y.b FROM $2 x, $1 AS y"
    )
    assert rows == [{"A": 1, "B": 2}]
    rows = run(
        connection,
        "INSERT INTO kept VALUES ('z', 3) ->> SELECT * FROM kept "
        "->> SELECT n, '->>' AS t FROM $1 JOIN $2 ON TRUE",
    )
    assert rows == [{"N": 3, "T": "->>"}]
    cursor = connection.cursor()
    cursor.execute("SELECT ? AS a ->> SELECT a, ? AS b FROM $1", ("x", "y"))
    assert cursor.fetchall() == [("x", "y")]
    assert run(connection, f"SELECT a FROM {LAST}") == [{"A": "x"}]


def test_each_statement_of_a_chain_has_the_role_of_its_moment(connection: SnowflakeConnection) -> None:
    """https://docs.snowflake.com/en/sql-reference/operators-flow"""
    role = run(connection, "SELECT CURRENT_ROLE() AS R")[0]["R"]
    read = "SELECT COUNT(*) FROM kept"
    run(connection, "USE SECONDARY ROLES NONE")
    with pytest.raises(ProgrammingError) as refused:
        run(connection, f"{read} ->> USE ROLE PUBLIC ->> {read}")
    assert refused.value.errno == 2003
    run(connection, f"USE ROLE {role} ->> {read}")
    run(connection, "USE SECONDARY ROLES ALL")


@pytest.mark.parametrize(
    ("chain", "word"),
    [("SELECT 1 ->>", "<EOF>"), ("->> SELECT 1", "->>"), ("SELECT 1 ->> SELECT * FROM $2", "$2")],
)
def test_broken_chains(connection: SnowflakeConnection, chain: str, word: str) -> None:
    with pytest.raises(ProgrammingError) as failure:
        run(connection, chain)
    assert failure.value.errno == 1003
    assert f"unexpected '{word}'" in str(failure.value.msg)


def test_a_failing_link_ends_the_chain(connection: SnowflakeConnection) -> None:
    with pytest.raises(ProgrammingError, match="NOT_THERE"):
        run(connection, "INSERT INTO kept VALUES ('a', 1) ->> SELECT * FROM not_there ->> DELETE FROM kept")
    assert run(connection, "SELECT n FROM kept") == [{"N": 1}]


def test_bindings_of_several_statements(connection: SnowflakeConnection) -> None:
    cursor = connection.cursor()
    cursor.execute(
        "INSERT INTO kept VALUES (?, 1); SELECT name, ? FROM kept WHERE n = ?",
        ("a;?", "b", 1),
        num_statements=2,
    )
    assert cursor.fetchall() == [(1,)]
    assert cursor.nextset() and cursor.fetchall() == [("a;?", "b")]


def test_several_statements_that_are_waited_for_later(connection: SnowflakeConnection) -> None:
    cursor = connection.cursor()
    cursor.execute_async("SELECT 1; SELECT 2 AS two; SELECT 'c'", num_statements=3)
    later = connection.cursor()
    later.get_results_from_sfqid(str(cursor.sfqid))
    found = [later.fetchall()]
    while later.nextset():
        found.append(later.fetchall())
    assert found == [[(1,)], [(2,)], [("c",)]]


def test_sessions_number_of_statements_holds_for_one(place: Place) -> None:
    with place.connect() as connection:
        run(connection, "ALTER SESSION SET MULTI_STATEMENT_COUNT = 5")
        with pytest.raises(
            ProgrammingError, match="count 1 did not match the desired statement count 5"
        ) as failure:
            run(connection, "SELECT 1")
        assert failure.value.errno == 8
