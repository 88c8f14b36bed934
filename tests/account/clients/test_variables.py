"""Session variables and names in texts.

See https://docs.snowflake.com/en/sql-reference/session-variables and
https://docs.snowflake.com/en/sql-reference/identifier-literal
"""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import strategies as st
from snowflake.connector import SnowflakeConnection
from snowflake.connector.errors import DatabaseError, ProgrammingError

from local_account.base.sql import literal
from tests.account.asking import run
from tests.account.bounded import bounded
from tests.account.conftest import Place, RunningAccount


@pytest.fixture(scope="module")
def connection(place: Place) -> Iterator[SnowflakeConnection]:
    with place.connect(paramstyle="qmark") as connection:
        yield connection


def _value(connection: SnowflakeConnection, statement: str, values: Any = None) -> Any:
    cursor = connection.cursor()
    cursor.execute(statement, values)
    rows: list[Any] = cursor.fetchall()
    assert len(rows) == 1 and len(rows[0]) == 1
    return rows[0][0]


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("42", 42),
        ("-5", -5),
        ("'it''s'", "it's"),
        (r"'back\\slash\nline'", "back\\slash\nline"),
        ("TRUE", True),
        ("NULL", None),
        ("1.5::FLOAT", 1.5),
        ("'2024-02-29'::DATE", datetime.date(2024, 2, 29)),
        ("'2024-02-29 10:11:12.5'::TIMESTAMP_NTZ", datetime.datetime(2024, 2, 29, 10, 11, 12, 500000)),
        ("(SELECT COUNT(*) FROM VALUES (1), (2))", 2),
        ("CURRENT_ROLE() || '!'", "ACCOUNTADMIN!"),
        ("TO_BINARY('00FF', 'HEX')", b"\x00\xff"),
    ],
)
def test_a_variable_keeps_value_and_type(
    connection: SnowflakeConnection, expression: str, value: object
) -> None:
    assert run(connection, f"SET v = {expression}") == [{"status": "Statement executed successfully."}]
    assert _value(connection, "SELECT $v") == value
    assert _value(connection, "SELECT $V FROM VALUES (1)") == value
    if type(value) is int:
        assert _value(connection, "SELECT 1-$v") == 1 - value


def test_show_set_and_unset(place: Place) -> None:
    with place.connect() as connection:
        run(connection, "SET (low, high) = (1, 'x')")
        run(connection, "SET (low, high) = (SELECT $low + 1, $low)")
        rows = run(connection, "SHOW VARIABLES")
        seen = [(row["name"], row["value"], row["type"]) for row in rows]
        assert seen == [("HIGH", "1", "fixed"), ("LOW", "2", "fixed")]
        assert rows[0]["session_id"] == connection.session_id
        assert [row["name"] for row in run(connection, "SHOW VARIABLES LIKE 'l%'")] == ["LOW"]
        asked = run(connection, "SELECT GETVARIABLE('LOW') AS a, GETVARIABLE('low') AS b, $low")
        assert asked == [{"A": "2", "B": None, "$LOW": 2}]
        run(connection, "UNSET (low, high)")
        run(connection, "UNSET low")
        assert run(connection, "SHOW VARIABLES") == []
    with place.connect() as other:
        run(other, "SET low = 1")
        run(other, "SET low = 7 + $low")
        with place.connect() as third, pytest.raises(ProgrammingError, match="'\\$LOW' does not exist"):
            run(third, "SELECT $low")


@pytest.mark.parametrize(
    ("statement", "code", "message"),
    [
        ("SELECT $absent", 2211, "error line 1 at position 7\nSession variable '$ABSENT' does not exist"),
        ("SET v = (SELECT column1 FROM VALUES (1), (2))", 90150, "returns more than one row"),
        ("SET (v, w) = (SELECT column1, 2 FROM VALUES (1), (2))", 90150, "returns more than one row"),
        ("SET (v, w) = (1, 2, 3)", 2220, "The number of variables (2) does not match"),
        (f"SET v = '{'é' * 129}'", 100078, "Its size is 258; the limit is 256"),
        ("SET public = 1", 2219, "Invalid variable name 'PUBLIC'"),
        ("SET v = PARSE_JSON('{}')", 2, "Unsupported feature 'SET of a value of type VARIANT'"),
        ("SET v =", 1003, "unexpected '<EOF>'"),
        ("USE ROLE $name", 1003, "syntax error"),
        ("DROP TABLE IDENTIFIER('t; DROP SCHEMA s')", 1003, "unexpected ';'"),
        ("DROP TABLE IDENTIFIER('a.b c')", 1003, "unexpected 'c'"),
        ("SELECT * FROM IDENTIFIER(t)", 1003, "unexpected 't'"),
    ],
)
def test_what_is_refused(connection: SnowflakeConnection, statement: str, code: int, message: str) -> None:
    run(connection, "SET (v, name) = ('before', 'PUBLIC')")
    with pytest.raises(DatabaseError) as failure:
        run(connection, statement)
    assert failure.value.errno == code
    assert message in str(failure.value.msg)
    assert _value(connection, "SELECT $v") == "before"


def test_texts_are_left_alone(connection: SnowflakeConnection) -> None:
    run(connection, "SET v = 1")
    rows = run(connection, "SELECT 'costs $v $w' AS a, $$ $v $w $$ AS b, $1 AS c FROM VALUES (2)")
    assert rows == [{"A": "costs $v $w", "B": " $v $w ", "C": 2}]
    run(connection, "CREATE OR REPLACE TABLE with_dollars (v$ INT)")
    assert run(connection, "SELECT v$, v$ + $v AS w FROM with_dollars") == []


def test_a_connection_sets_variables(account: RunningAccount) -> None:
    with account.connect(session_parameters={"$size": "it's"}) as connection:
        assert _value(connection, "SELECT $SIZE") == "it's"


def test_variables_end_with_the_server_and_are_not_on_disk(account: RunningAccount) -> None:
    with account.connect() as connection:
        run(connection, "SET v = 'my-secret-value'")
        account.restart()
        with pytest.raises(ProgrammingError, match=r"'\$V' does not exist"):
            run(connection, "SELECT $v")
    files = [file for file in account.settings.state.iterdir() if file.name.startswith("catalog")]
    assert files
    assert not any(b"my-secret-value" in file.read_bytes() for file in files)


def test_identifier_stands_for_every_name(connection: SnowflakeConnection, place: Place) -> None:
    schema = f"{place.database}.PUBLIC"
    for statement, *values in (
        ("SET (sch, t, r, w, size) = (?, 'NAMED', 'named_role', 'named_warehouse', 'SMALL')", schema),
        ("USE SCHEMA IDENTIFIER($sch)",),
        ("CREATE OR REPLACE TABLE IDENTIFIER($t) (n INT, info VARCHAR)",),
        ("INSERT INTO IDENTIFIER(?) VALUES (?, 'x')", "named", 5),
        ("CREATE OR REPLACE ROLE IDENTIFIER($r) COMMENT = ?", "it's \\ one"),
        ("CREATE WAREHOUSE IF NOT EXISTS IDENTIFIER($w) WAREHOUSE_SIZE = $size",),
        ("GRANT SELECT ON TABLE IDENTIFIER($t) TO ROLE IDENTIFIER($r)",),
        ("GRANT USAGE ON WAREHOUSE IDENTIFIER($w) TO ROLE IDENTIFIER($r)",),
        ("ALTER WAREHOUSE IDENTIFIER($w) SET COMMENT = $size",),
    ):
        connection.cursor().execute(statement, values)
    assert (
        _value(connection, "SELECT IDENTIFIER('n') FROM IDENTIFIER($t) WHERE IDENTIFIER(?) = 'x'", ["info"])
        == 5
    )
    assert _value(connection, "SELECT n FROM TABLE($t)") == 5
    assert (
        _value(connection, "SELECT n FROM TABLE('named') AS x JOIN TABLE(?) AS y USING (n)", ["named"]) == 5
    )
    assert _value(connection, "SELECT IDENTIFIER('abs')(-3)") == 3
    shown = run(connection, "SHOW GRANTS TO ROLE IDENTIFIER($r)")
    assert {row["privilege"] for row in shown} == {"SELECT", "USAGE"}
    assert run(connection, "SHOW ROLES LIKE 'NAMED_ROLE'")[0]["comment"] == "it's \\ one"
    assert run(connection, "SHOW WAREHOUSES LIKE 'NAMED_%'")[0]["size"] == "Small"
    assert [row["name"] for row in run(connection, "DESCRIBE TABLE IDENTIFIER($t)")] == ["N", "INFO"]
    for statement in ("WAREHOUSE IDENTIFIER($w)", "ROLE IDENTIFIER($r)", "TABLE IDENTIFIER('named')"):
        assert "successfully dropped" in run(connection, f"DROP {statement}")[0]["status"]


@bounded(60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(st.characters(exclude_categories=["Cs"]) | st.sampled_from("'\"\\$;?-/*:\n\0"), max_size=60))
def test_variable_binding_and_literal_are_the_same(connection: SnowflakeConnection, text: str) -> None:
    """In a query, which the data engine runs, and in a statement that the catalog answers."""
    cursor = connection.cursor()
    cursor.execute("SET v = ?", (text,))
    cursor.execute(f"SET w = {literal(text)}")
    cursor.execute(f"SELECT $v, $w, ?, {literal(text)} FROM VALUES (1)", (text,))
    assert cursor.fetchall() == [(text,) * 4]
    cursor.execute("CREATE ROLE IF NOT EXISTS any_text")
    for expression, values in (("$v", None), ("?", (text,)), (literal(text), None)):
        cursor.execute(f"ALTER ROLE any_text SET COMMENT = {expression}", values)
        assert run(connection, "SHOW ROLES LIKE 'ANY_TEXT'")[0]["comment"] == text
