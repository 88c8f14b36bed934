"""Service functions: queries that call an endpoint of a service.

See https://docs.snowflake.com/en/sql-reference/sql/create-function-spcs and
https://docs.snowflake.com/en/developer-guide/snowpark-container-services/working-with-services
"""

from __future__ import annotations

import json
import threading
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from snowflake.connector import SnowflakeConnection
from snowflake.connector.errors import DatabaseError, ProgrammingError

from tests.account.asking import run, wait_until
from tests.account.services.batch_server import CODE
from tests.account.spcs_world import DATABASE, OWNER, World

pytestmark = pytest.mark.docker
SERVICE, WAREHOUSE, USER = "BATCHES", "BATCHES_WH", "BATCHES_USER"
_READY = {"readinessProbe": {"port": 8000, "path": "/ready"}}
_API = [{"name": "api", "port": 8000}, {"name": "raw-tcp", "port": 8000, "protocol": "TCP"}]


class Place:
    """A running service, and sessions of the role that owns the functions."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.owner = world.connect(warehouse=WAREHOUSE)

    @contextmanager
    def function(self, name: str, signature: str, path: str, options: str = "") -> Iterator[str]:
        """A function of the service, dropped afterwards; `signature` is `(a VARCHAR) RETURNS VARCHAR`."""
        run(
            self.owner,
            f"CREATE FUNCTION {name}{signature} SERVICE = {SERVICE} ENDPOINT = api {options} AS '{path}'",
        )
        try:
            yield name
        finally:
            plain = name.strip('"')
            for row in run(self.owner, f"SHOW USER FUNCTIONS LIKE '{plain}'"):
                signature = row["arguments"].partition(" RETURN ")[0].removeprefix(plain)
                run(self.owner, f"DROP FUNCTION {name}{signature}")

    def value(self, query: str, session: SnowflakeConnection | None = None) -> Any:
        """The only cell of a query's answer."""
        rows = run(session or self.owner, query)
        assert len(rows) == 1
        return next(iter(rows[0].values()))

    def refused(self, query: str, session: SnowflakeConnection | None = None) -> DatabaseError:
        with pytest.raises(DatabaseError) as caught:
            run(session or self.owner, query)
        return caught.value

    def service_tells(self) -> dict[str, Any]:
        """Sizes of the batches that the service got, and how many it lets wait."""
        rows = self.world.run(f"SHOW SERVICE INSTANCES IN SERVICE {SERVICE}")
        with urllib.request.urlopen(f"http://{rows[0]['ip_address']}:8000/", timeout=5) as answer:
            return json.load(answer)


@pytest.fixture(scope="module")
def place(world: World) -> Iterator[Place]:
    world.account.run(
        f"CREATE WAREHOUSE IF NOT EXISTS {WAREHOUSE}",
        f"GRANT USAGE ON WAREHOUSE {WAREHOUSE} TO ROLE {OWNER}",
        f"GRANT CREATE FUNCTION, CREATE TABLE, CREATE VIEW ON SCHEMA {DATABASE}.PUBLIC TO ROLE {OWNER}",
        f"CREATE ROLE {USER}",
        f"GRANT ROLE {USER} TO ROLE SYSADMIN",
        role="ACCOUNTADMIN",
    )
    with world.service(SERVICE, world.spec(CODE, container=_READY, endpoints=_API)):
        made = Place(world)
        rows = "SELECT SEQ4() AS n FROM TABLE(GENERATOR(ROWCOUNT => 10000))"
        run(made.owner, f"CREATE OR REPLACE TABLE many AS {rows}")
        yield made
        run(made.owner, "DROP TABLE many")
        made.owner.close()
    world.account.run(f"DROP WAREHOUSE {WAREHOUSE}", f"DROP ROLE {USER}", role="ACCOUNTADMIN")


def test_every_type_goes_there_and_comes_back(place: Place) -> None:
    """https://docs.snowflake.com/en/sql-reference/external-functions-data-format"""
    moment = datetime(2020, 2, 28, 23, 2, 3, tzinfo=UTC)
    kinds = {
        "NUMBER(38,0)": ("1234567890123456789012345678901234567", 1234567890123456789012345678901234567),
        "NUMBER(10,2)": ("-1.50", Decimal("-1.50")),
        "FLOAT": ("0.1::FLOAT", 0.1),
        "VARCHAR": ("'ä \"quoted\" \\\\ \\n 𝄞'", 'ä "quoted" \\ \n 𝄞'),
        "BOOLEAN": ("TRUE", True),
        "DATE": ("'2020-02-29'::DATE", date(2020, 2, 29)),
        "TIMESTAMP_NTZ": ("'2020-02-29 01:02:03.4'::TIMESTAMP_NTZ", datetime(2020, 2, 29, 1, 2, 3, 400000)),
        "TIMESTAMP_LTZ": ("'2020-02-29 01:02:03 +0200'::TIMESTAMP_TZ", moment),
        "TIMESTAMP_TZ": ("'2020-02-29 01:02:03.1 +0200'::TIMESTAMP_TZ", moment.replace(microsecond=100000)),
        "BINARY": ("'00FF'::BINARY", b"\x00\xff"),
    }  # fmt: skip
    for kind, (literal, expected) in kinds.items():
        with place.function("SAME", f"(a {kind}) RETURNS {kind}", "/echo"):
            assert place.value(f"SELECT same({literal})") == expected, kind
            assert place.value("SELECT same(NULL)") is None
    for kind, literal in {"VARIANT": "'text'", "OBJECT": '{"a":[1,null]}', "ARRAY": '[1,{"b":"c"}]'}.items():
        given = literal if kind == "VARIANT" else f"PARSE_JSON('{literal}')"
        with place.function("SAME", f"(a {kind}) RETURNS {kind}", "/echo"):
            assert json.loads(place.value(f"SELECT same({given})")) == json.loads(literal.replace("'", '"'))


def test_the_request_is_as_documented(place: Place) -> None:
    signature = "(a NUMBER, b VARCHAR, c TIMESTAMP_NTZ, d TIMESTAMP_TZ, e OBJECT, f BOOLEAN) RETURNS VARCHAR"
    with place.function("RAW", signature, "/raw"):
        day, more = "'2014-01-01 16:00:00'", "PARSE_JSON('{\"k\":1}'), NULL"
        body = place.value(f"SELECT raw(10, 'Alex', {day}::TIMESTAMP_NTZ, {day}::TIMESTAMP_TZ, {more})")
    assert json.loads(body) == {
        "data": [[0, 10, "Alex", "2014-01-01 16:00:00", "2014-01-01 16:00:00 -0800", {"k": 1}, None]]
    }
    options = "CONTEXT_HEADERS = (CURRENT_USER, current_role, CURRENT_STATEMENT, CURRENT_TIMESTAMP)"
    with place.function("TELL", "(n INTEGER) RETURNS VARIANT", "/headers", options):
        cursor = place.owner.cursor()
        found = json.loads(cursor.execute("SELECT\ntell(1) /*Äß*/ AS x").fetchall()[0][0])
    assert found["sf-external-function-current-query-id"] == cursor.sfqid
    assert found["sf-external-function-query-batch-id"].startswith(cursor.sfqid or "-")
    assert (found["sf-external-function-format"], found["sf-external-function-format-version"]) == (
        "json",
        "1.0",
    )
    assert (found["sf-external-function-name"], found["sf-external-function-signature"]) == (
        "TELL",
        "(N NUMBER)",
    )
    assert found["sf-external-function-return-type"] == "VARIANT"
    assert found["sf-context-current-role"] == OWNER
    assert found["sf-context-current-user"] == place.world.account.credentials()["user"]
    assert found["sf-context-current-statement"] == "SELECT tell(1) /* */ AS x"
    assert "sf-context-current-timestamp-base64" in found


def test_many_rows_go_in_batches(place: Place) -> None:
    run(
        place.owner,
        "CREATE OR REPLACE TABLE many AS SELECT SEQ4() AS n FROM TABLE(GENERATOR(ROWCOUNT => 10000))",
    )
    before = len(place.service_tells()["sizes"])
    with place.function("TWICE", "(n NUMBER) RETURNS NUMBER", "/twice", "MAX_BATCH_ROWS = 300"):
        rows = run(place.owner, "SELECT n, twice(n) AS m FROM many")
        assert sorted((row["N"], row["M"]) for row in rows) == [(n, 2 * n) for n in range(10000)]
        sizes = place.service_tells()["sizes"][before:]
        assert sum(sizes) == 10000
        assert max(sizes) == 300
        run(place.owner, "CREATE TABLE doubled AS SELECT n, twice(n) AS m FROM many WHERE twice(n) < 20")
        run(place.owner, "INSERT INTO doubled SELECT n, twice(twice(n)) FROM many WHERE n = 5000")
        run(place.owner, "UPDATE doubled SET m = twice(m) WHERE n = 1")
        assert place.value("SELECT COUNT(*) FROM doubled") == 11
        assert place.value("SELECT SUM(m)::NUMBER FROM doubled WHERE n IN (1, 5000)") == 20004
        assert run(place.owner, "DESCRIBE TABLE doubled")[1]["name"] == "M"
        before = len(place.service_tells()["sizes"])
        described = place.owner.cursor().describe("SELECT twice(n), twice(1) AS x FROM many")
        assert [column.name for column in described] == ["TWICE(N)", "X"]
        assert len(place.service_tells()["sizes"]) == before, "a description calls nothing"
    run(place.owner, "DROP TABLE doubled")


def test_rows_with_null(place: Place) -> None:
    values = "FROM VALUES ('a', 1), (NULL, 2), ('c', NULL)"
    with place.function("STRICTLY", "(a VARCHAR, b NUMBER) RETURNS VARCHAR STRICT", "/size"):
        rows = run(place.owner, f"SELECT strictly(column1, column2) AS x {values}")
    assert [row["X"] for row in rows] == ["1", None, None]
    with place.function("CALLED", "(a VARCHAR, b NUMBER) RETURNS VARCHAR CALLED ON NULL INPUT", "/size"):
        assert [row["X"] for row in run(place.owner, f"SELECT called(column1, column2) AS x {values}")] == [
            "3"
        ] * 3


def test_failures_are_tried_again(place: Place) -> None:
    with place.function("FLAKY", "(a NUMBER) RETURNS NUMBER", "/fail/3"):
        assert place.value("SELECT flaky(7)") == 7
        run(place.owner, "ALTER FUNCTION flaky(NUMBER) SET MAX_BATCH_RETRIES = 2")
        error = place.refused("SELECT flaky(7)")
        assert (error.errno, error.sqlstate) == (100351, "P0000")
        assert "Request failed for external function FLAKY with remote service error: 503 'not yet'" in str(
            error
        )
        assert f"endpoint api of service {DATABASE}.PUBLIC.{SERVICE}" in str(error)
        run(place.owner, "ALTER FUNCTION flaky(NUMBER) SET ON_BATCH_FAILURE = RETURN_NULL")
        assert place.value("SELECT flaky(7)") is None
    with place.function("ODD", "(a NUMBER) RETURNS NUMBER", "/odd", "MAX_BATCH_ROWS = 1"):
        values = "FROM VALUES (1), (2), (3), (4)"
        assert "400 'odd'" in str(place.refused(f"SELECT odd(column1) {values}"))
        run(place.owner, "ALTER FUNCTION odd(NUMBER) SET ON_BATCH_FAILURE = RETURN_NULL")
        assert [row["X"] for row in run(place.owner, f"SELECT odd(column1) AS x {values}")] == [
            None,
            2,
            None,
            4,
        ]
    with place.function("LATER", "(a NUMBER) RETURNS NUMBER", "/later"):
        assert place.value("SELECT later(1)") == 4, "a batch that the service works on is asked for again"


def test_bad_answers(place: Place) -> None:
    answers = {
        "{}": 'top-level JSON object must contain "data" JSON array element',
        "no-json": "Invalid response: it is not JSON",
        '{"data":[]}': "Function received the wrong number of rows. Expected: 1, got: 0",
        '{"data":[[1,1]]}': "Row numbers out of order. Expected: 0, got: 1",
        '{"data":[[0]]}': "Row 0 is not an array of a row number and one value",
        '{"data":[[0,"x"]]}': 'Row 0: "x" is no NUMBER(5,2)',
        '{"data":[[0,1e999999]]}': "is no NUMBER(5,2)",
        '{"data":[[0,{"a":1}]]}': "is no NUMBER(5,2)",
    }
    for answer, told in answers.items():
        with place.function("BAD", "(a NUMBER) RETURNS NUMBER(5,2)", f"/answer/{answer}"):
            error = place.refused("SELECT bad(1)")
        assert (error.errno, error.sqlstate) == (100287, "22P02")
        assert "Error parsing JSON response for external function BAD with request batch id: " in str(error)
        assert told in str(error)
    with place.function("GOOD", "(a NUMBER) RETURNS NUMBER(5,2)", '/answer/{"data":[[0,"999.994"]]}'):
        assert place.value("SELECT good(1)") == Decimal("999.99")


def test_a_batch_that_takes_too_long(place: Place) -> None:
    with place.function("HANGS", "(a NUMBER) RETURNS NUMBER", "/hang", "BATCH_TIMEOUT_SECS = 1"):
        error = place.refused("SELECT hangs(1)")
    assert (error.errno, error.sqlstate) == (100350, "P0000")
    assert "Request failed for external function HANGS. Error: Timeout was reached" in str(error)


def test_a_waiting_call_can_be_cancelled_and_keeps_nobody_waiting(place: Place) -> None:
    before = place.service_tells()["waiting"]
    with place.function("HANGS", "(a NUMBER) RETURNS NUMBER", "/hang"), place.world.connect() as other:
        run(other, f"USE WAREHOUSE {WAREHOUSE}")
        cursor = place.owner.cursor()
        cursor.execute_async("SELECT hangs(n) FROM many")
        wait_until(lambda: place.service_tells()["waiting"] > before, 20)
        assert place.value("SELECT COUNT(*) FROM many", other) == 10000
        run(other, "CREATE TABLE meanwhile (a INT)")
        run(other, "DROP TABLE meanwhile")
        assert "terminated" in place.value(f"SELECT SYSTEM$CANCEL_QUERY('{cursor.sfqid}')", other)
        with pytest.raises(DatabaseError, match="canceled"):
            cursor.get_results_from_sfqid(cursor.sfqid)
            cursor.fetchall()
    assert place.value("SELECT COUNT(*) FROM many") == 10000, "the session goes on"


def test_overloads_and_names(place: Place) -> None:
    """https://docs.snowflake.com/en/developer-guide/udf-stored-procedure-naming-conventions"""
    with (
        place.function("F", "(a VARCHAR) RETURNS VARCHAR", "/upper"),
        place.function("F", "(a NUMBER) RETURNS NUMBER", "/twice"),
    ):
        calls = "f('a') A, f(4) B, f(f(n)) C, f(n::VARCHAR || 'x') D, f(1.5::FLOAT) E"
        rows = run(place.owner, f"SELECT {calls} FROM many WHERE n = 3")
        assert rows == [{"A": "A", "B": 8, "C": 12, "D": "3X", "E": 4}]
        assert "F(VARCHAR) RETURN VARCHAR" in {
            row["arguments"] for row in run(place.owner, "SHOW FUNCTIONS LIKE 'f'")
        }
        error = place.refused("SELECT f(PARSE_JSON('1'), 2)")
        assert error.errno == 1044
        assert "Invalid argument types for function 'F'" in str(error)
        assert place.refused("SELECT f(no_column) FROM many").errno == 904
        assert run(
            place.owner, "SELECT f(n) AS x, COUNT(*) AS c FROM many WHERE n < 2 GROUP BY f(n) ORDER BY 1"
        ) == [
            {"X": 0, "C": 1},
            {"X": 2, "C": 1},
        ]
    with place.function('"mixed Case"', "(a VARCHAR, b VARCHAR DEFAULT 'it''s') RETURNS VARCHAR", "/raw"):
        for call in (
            "\"mixed Case\"('x')",
            f"{DATABASE}.PUBLIC.\"mixed Case\"('x')",
            "public.\"mixed Case\"(a => 'x')",
        ):
            assert json.loads(place.value(f"SELECT {call}")) == {"data": [[0, "x", "it's"]]}
        for call in ('"mixed Case"()', "\"mixed Case\"('a', 'b', 'c')"):
            assert "arguments for function" in str(place.refused(f"SELECT {call}"))
        assert place.refused(f"SELECT {DATABASE}.PUBLIC.\"Mixed CASE\"('x')").errno == 2140
        run(place.owner, 'ALTER FUNCTION "mixed Case"(VARCHAR, VARCHAR) RENAME TO renamed')
        assert "x" in place.value("SELECT renamed('x')")
        run(place.owner, 'ALTER FUNCTION renamed(VARCHAR, VARCHAR) RENAME TO "mixed Case"')
    assert place.refused("SELECT renamed('x')").errno == 2140


def test_where_calls_cannot_stand(place: Place) -> None:
    with place.function("UP", "(a VARCHAR) RETURNS VARCHAR", "/upper"):
        for statement in (
            "CREATE VIEW v AS SELECT up('a') AS x",
            "CREATE TABLE d (a VARCHAR DEFAULT up('a'))",
        ):
            assert "Unsupported feature 'a service function in" in str(place.refused(statement))
        assert place.refused("SELECT * FROM TABLE(up('a'))").errno in (2, 1003)
        run(place.owner, "CREATE OR REPLACE TEMPORARY TABLE lines (a VARCHAR)")
        assert place.refused("INSERT INTO lines VALUES (up('a'))").errno == 2014
        for call in ("LOCAL_ACCOUNT_CALL_0('a')", "LOCAL_ACCOUNT_ANSWER('a', ['b'])"):
            assert place.refused(f"SELECT {call}").errno == 2140


def test_a_change_that_called_a_function_is_not_made_twice(place: Place) -> None:
    """https://docs.snowflake.com/en/sql-reference/transactions"""
    run(place.owner, "CREATE OR REPLACE TABLE kept (a VARCHAR)")
    with place.function("UP", "(a VARCHAR) RETURNS VARCHAR", "/upper"):
        run(place.owner, "BEGIN")
        run(place.owner, "INSERT INTO kept SELECT up('a')")
        place.refused("SELECT 1 / 0")
        assert "a change in it called a service function" in str(place.refused("SELECT * FROM kept"))
        run(place.owner, "ROLLBACK")
        run(place.owner, "BEGIN")
        run(place.owner, "INSERT INTO kept SELECT up('b')")
        run(place.owner, "COMMIT")
    assert run(place.owner, "SELECT * FROM kept") == [{"A": "B"}]
    run(place.owner, "DROP TABLE kept")


def test_a_suspended_service_is_resumed_by_a_call(place: Place) -> None:
    world = place.world
    with place.function("UP", "(a VARCHAR) RETURNS VARCHAR", "/upper"):
        world.run(f"ALTER SERVICE {SERVICE} SUSPEND")
        world.wait_for(SERVICE, "SUSPENDED")
        assert place.value("SELECT up('woke')") == "WOKE"
        assert world.status(SERVICE) == "RUNNING"
        world.run(f"ALTER SERVICE {SERVICE} SET AUTO_RESUME = FALSE", f"ALTER SERVICE {SERVICE} SUSPEND")
        assert "the service is suspended, and it has AUTO_RESUME = FALSE" in str(
            place.refused("SELECT up('a')")
        )
        world.run(f"ALTER SERVICE {SERVICE} SET AUTO_RESUME = TRUE", f"ALTER SERVICE {SERVICE} RESUME")
        world.wait_for(SERVICE)


def test_who_may_call(place: Place) -> None:
    """Without any one of these privileges the call is refused."""
    name, admin = f"{DATABASE}.PUBLIC.UP", place.world.account
    needs = {
        f"USAGE ON DATABASE {DATABASE}": 2140,
        f"USAGE ON SCHEMA {DATABASE}.PUBLIC": 2140,
        f"USAGE ON FUNCTION {name}(VARCHAR)": 2140,
        f"USAGE ON WAREHOUSE {WAREHOUSE}": 606,
    }
    with place.function("UP", "(a VARCHAR) RETURNS VARCHAR", "/upper"):
        admin.run(*(f"GRANT {need} TO ROLE {USER}" for need in needs))
        with place.world.connect(USER, warehouse=WAREHOUSE) as user:
            assert place.value(f"SELECT {name}('a')", user) == "A"
            for need, code in needs.items():
                admin.run(f"REVOKE {need} FROM ROLE {USER}")
                assert place.refused(f"SELECT {name}('a')", user).errno == code, need
                admin.run(f"GRANT {need} TO ROLE {USER}")
            admin.run(f"GRANT OWNERSHIP ON FUNCTION {name}(VARCHAR) TO ROLE {USER} COPY CURRENT GRANTS")
            error = place.refused(f"SELECT {name}('a')", user)
            assert (error.errno, "GRANT SERVICE ROLE" in str(error)) == (2003, True)
            place.world.run(f"GRANT SERVICE ROLE {SERVICE}!ALL_ENDPOINTS_USAGE TO ROLE {USER}")
            assert place.value(f"SELECT {name}('a')", user) == "A"
            place.world.run(f"REVOKE SERVICE ROLE {SERVICE}!ALL_ENDPOINTS_USAGE FROM ROLE {USER}")
            admin.run(f"GRANT OWNERSHIP ON FUNCTION {name}(VARCHAR) TO ROLE {OWNER} REVOKE CURRENT GRANTS")


def test_two_sessions_call_at_the_same_time(place: Place) -> None:
    """Each request has the query id of its own statement."""
    options = "CONTEXT_HEADERS = (CURRENT_SESSION) MAX_BATCH_ROWS = 50"
    found: list[set[tuple[str, str]]] = []

    def ask() -> None:
        with place.world.connect(warehouse=WAREHOUSE) as session:
            query = (
                'SELECT DISTINCT x:"sf-external-function-current-query-id"::VARCHAR, '
                'x:"sf-context-current-session"::VARCHAR FROM (SELECT tell(n) AS x FROM many WHERE n < 1000)'
            )
            found.append(set(session.cursor().execute(query).fetchall()))  # pyright: ignore[reportArgumentType]

    with place.function("TELL", "(n INTEGER) RETURNS VARIANT", "/headers", options):
        threads = [threading.Thread(target=ask) for _ in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert [len(one) for one in found] == [1, 1, 1]
    assert len(set.union(*found)) == 3


def test_what_goes_and_what_stays(world: World, place: Place) -> None:
    """A function outlives its service; the drop of a database takes its functions along."""
    world.account.run("CREATE DATABASE GONE", f"GRANT ALL ON SCHEMA GONE.PUBLIC TO ROLE {OWNER}",
                      f"GRANT USAGE ON DATABASE GONE TO ROLE {OWNER}", role="ACCOUNTADMIN")  # fmt: skip
    target = f"SERVICE = {DATABASE}.PUBLIC.SHORT ENDPOINT = api"
    with world.service("SHORT", world.spec(CODE, container=_READY, endpoints=_API)):
        run(place.owner, f"CREATE FUNCTION GONE.PUBLIC.F(a VARCHAR) RETURNS VARCHAR {target} AS 'upper'")
        assert place.value("SELECT GONE.PUBLIC.F('a')") == "A"
        for endpoint, told in {"absent": "does not exist", '"raw-tcp"': "its protocol must be HTTP"}.items():
            to = f"SERVICE = {SERVICE} ENDPOINT = {endpoint}"
            error = place.refused(f"CREATE FUNCTION GONE.PUBLIC.G() RETURNS VARCHAR {to} AS '/'")
            assert told in str(error)
    error = place.refused("SELECT GONE.PUBLIC.F('a')")
    assert (error.errno, f"Service '{DATABASE}.PUBLIC.SHORT' does not exist" in str(error)) == (2003, True)
    assert len(run(place.owner, "SHOW FUNCTIONS IN DATABASE GONE")) == 1
    run(place.owner, f"ALTER FUNCTION GONE.PUBLIC.F(VARCHAR) SET SERVICE = '{SERVICE}' ENDPOINT = 'api'")
    assert place.value("SELECT GONE.PUBLIC.F('b')") == "B"
    world.account.run("DROP DATABASE GONE", "CREATE DATABASE GONE", role="ACCOUNTADMIN")
    assert run(place.owner, "SHOW FUNCTIONS IN ACCOUNT") == []
    world.account.run("DROP DATABASE GONE", role="ACCOUNTADMIN")


def test_no_warehouse_no_call(place: Place) -> None:
    with place.function("UP", "(a VARCHAR) RETURNS VARCHAR", "/upper"), place.world.connect() as session:
        with pytest.raises(ProgrammingError) as caught:
            run(session, "SELECT up('a')")
        assert caught.value.errno == 606


def test_many_bound_rows_are_one_change(place: Place) -> None:
    """Functions of several signatures are told apart by the bound values, too."""
    with (
        place.function("F", "(a VARCHAR) RETURNS VARCHAR", "/upper"),
        place.function("F", "(a NUMBER) RETURNS NUMBER", "/twice"),
        place.world.connect(warehouse=WAREHOUSE, paramstyle="qmark") as session,
    ):
        run(session, "CREATE TEMPORARY TABLE bound (a VARCHAR, b NUMBER)")
        session.cursor().executemany("INSERT INTO bound SELECT f(?), f(?)", [("a", 1), ("b", 2)])
        rows = run(session, "SELECT a, b FROM bound ORDER BY b")
    assert rows == [{"A": "A", "B": 2}, {"A": "B", "B": 4}]
