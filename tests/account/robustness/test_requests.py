"""Requests that come twice, too late, damaged or too large."""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import json
import os
import socket
import sqlite3
import threading
import time
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from snowflake.connector import SnowflakeConnection
from snowflake.connector.errors import DatabaseError, ProgrammingError

from local_account.base.errors import SnowflakeError
from local_account.base.settings import LocalSettings
from local_account.base.sql import Name
from local_account.http import statements
from local_account.http.protocol import Protocol
from local_account.http.statements import MAX_TEXT
from local_account.http.wire import MAX_BODY, MAX_QUERY_BODY, errors_as_json
from local_account.identity import authenticator
from local_account.identity.account import Account
from local_account.server import open_account
from tests.account.conftest import Place, RunningAccount, run, wait_until
from tests.account.robustness.wire_client import QUERY, Wire

LOGIN = "/session/v1/login-request"


@pytest.fixture(scope="module")
def connection(place: Place) -> Iterator[SnowflakeConnection]:
    with place.connect() as made:
        yield made


@pytest.fixture
def wire(place: Place, connection: SnowflakeConnection) -> Wire:
    return Wire(place.account.settings, connection)


def count(connection: SnowflakeConnection, table: str) -> int:
    return run(connection, f"SELECT COUNT(*) AS N FROM {table}")[0]["N"]


# The same request again


def test_concurrent_retries_run_a_statement_once(wire: Wire, connection: SnowflakeConnection) -> None:
    run(connection, "CREATE OR REPLACE TABLE together (a INT)")
    request = str(uuid.uuid4())
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: wire.run("INSERT INTO together VALUES (1)", request), range(8)))
    assert {answer["data"]["queryId"] for answer in answers} == {answers[0]["data"]["queryId"]}
    assert count(connection, "together") == 1


def test_retry_after_a_lost_answer_runs_a_statement_once(wire: Wire, connection: SnowflakeConnection) -> None:
    run(connection, "CREATE OR REPLACE TABLE lost (a INT)")
    request = str(uuid.uuid4())
    wire.send_only("INSERT INTO lost VALUES (1)", request)
    wait_until(lambda: count(connection, "lost") == 1)
    assert wire.run("INSERT INTO lost VALUES (1)", request)["data"]["rowset"] == [["1"]]
    assert count(connection, "lost") == 1


def test_same_request_id_of_another_session_is_another_request(
    place: Place, wire: Wire, connection: SnowflakeConnection
) -> None:
    request = str(uuid.uuid4())
    assert wire.run("SELECT CURRENT_SESSION() AS S", request)["success"]
    # As JSON, the answer can be read here.
    as_json = {"PYTHON_CONNECTOR_QUERY_RESULT_FORMAT": "JSON"}
    with place.connect(session_parameters=as_json) as other:
        answer = Wire(place.account.settings, other).run("SELECT CURRENT_SESSION() AS S", request)
        assert answer["data"]["rowset"] == [[str(other.session_id)]]


def test_retry_after_the_server_was_killed(place: Place, wire: Wire, connection: SnowflakeConnection) -> None:
    run(connection, "CREATE OR REPLACE TABLE survivors (a INT)")
    statements = {
        "CREATE ROLE ROBUST_ROLE": [["Role ROBUST_ROLE successfully created."]],
        "INSERT INTO survivors VALUES (1), (2)": [["2"]],
        "CREATE TABLE made_once (a INT)": [["Table MADE_ONCE successfully created."]],
    }
    requests = {text: str(uuid.uuid4()) for text in statements}
    answers = {text: wire.run(text, request) for text, request in requests.items()}
    place.account.kill()
    place.account.start()
    for text, rows in statements.items():
        again = wire.run(text, requests[text])
        assert again["success"], again
        assert again["data"]["rowset"] == answers[text]["data"]["rowset"] == rows
    assert count(connection, "survivors") == 2
    refused = wire.run("CREATE ROLE ROBUST_ROLE")
    assert refused["code"] == "002002"
    run(connection, "DROP ROLE ROBUST_ROLE")


def test_answers_with_secrets_are_not_kept(place: Place, wire: Wire, connection: SnowflakeConnection) -> None:
    run(connection, "CREATE USER ROBUST_BOT")
    text, request = (
        "ALTER USER ROBUST_BOT ADD PROGRAMMATIC ACCESS TOKEN T ROLE_RESTRICTION = PUBLIC",
        str(uuid.uuid4()),
    )
    answer = wire.run(text, request)
    assert answer["success"], answer
    secret = answer["data"]["rowset"][0][1]
    place.account.kill()
    place.account.start()
    again = wire.run(text, request)
    assert (again["code"], "whether it took effect is not known" in again["message"]) == ("000603", True)
    for file in place.account.settings.state.glob("catalog.sqlite*"):
        assert secret.encode() not in file.read_bytes()
    run(connection, "DROP USER ROBUST_BOT")


def test_open_transaction_ends_with_the_server_and_says_so(place: Place) -> None:
    with place.connect() as session:
        run(session, "CREATE OR REPLACE TABLE halves (a INT)")
        run(session, "BEGIN")
        run(session, "INSERT INTO halves VALUES (1)")
        place.account.kill()
        place.account.start()
        with pytest.raises(ProgrammingError, match="rolled back") as failure:
            run(session, "INSERT INTO halves VALUES (2)")
        assert failure.value.errno == 625
        assert count(session, "halves") == 0


# Sessions


def expire(account: RunningAccount, kind: str, user: str = "ADMIN") -> None:
    with sqlite3.connect(account.settings.state / "catalog.sqlite", timeout=10) as catalog:
        catalog.execute(
            "UPDATE tokens SET expires = ? WHERE kind = ? AND json_extract(content, '$.user') = ?",
            (time.time() - 1, kind, user),
        )


def test_renewed_session_goes_on_where_it_was(place: Place) -> None:
    with place.connect() as session:
        run(session, "CREATE SCHEMA IF NOT EXISTS ELSEWHERE")
        run(session, "USE ROLE SYSADMIN")
        expire(place.account, "session")
        place.account.restart()
        row = run(session, "SELECT CURRENT_ROLE() AS R, CURRENT_SCHEMA() AS S")[0]
        assert row == {"R": "SYSADMIN", "S": "ELSEWHERE"}
        run(session, "USE ROLE ACCOUNTADMIN")
        run(session, "DROP SCHEMA ELSEWHERE")


def test_session_whose_master_token_expired_must_sign_in_again(account: RunningAccount) -> None:
    account.run("CREATE OR REPLACE USER ROBUST_LATE PASSWORD = 'Long-enough-1'")
    with account.connect(user="ROBUST_LATE", password="Long-enough-1") as session:
        expire(account, "session", "ROBUST_LATE")
        expire(account, "master", "ROBUST_LATE")
        with pytest.raises(DatabaseError) as failure:
            run(session, "SELECT 1")
        assert failure.value.errno == 390114
    account.run("DROP USER ROBUST_LATE")


def test_tokens_of_a_closed_session_are_good_for_nothing(account: RunningAccount) -> None:
    session = account.connect()
    wire, master = Wire(account.settings, session), Wire(account.settings)
    assert session.rest
    master.token = session.rest.master_token
    session.close()
    assert wire.run("SELECT 1")["code"] == "390104"
    renewal = {"oldSessionToken": wire.token, "requestType": "RENEW"}
    assert master.post("/session/token-request", renewal)[1]["code"] == "390114"


@pytest.mark.parametrize(
    "header", ["", "Basic eDp5", 'Snowflake Token="None"', "Snowflake Token=", "Snowflake"]
)
def test_bad_tokens(account: RunningAccount, header: str) -> None:
    status, answer = Wire(account.settings).post(QUERY, {"sqlText": "SELECT 1"}, Authorization=header)
    assert (status, answer["success"], answer["code"]) == (200, False, "390104")


# Asynchronous and cancelled statements


def test_asynchronous_statement_and_its_result(connection: SnowflakeConnection) -> None:
    cursor = connection.cursor()
    cursor.execute_async("CALL SYSTEM$WAIT(1)")
    assert cursor.sfqid
    wait_until(lambda: not connection.is_still_running(connection.get_query_status(cursor.sfqid)))
    cursor.get_results_from_sfqid(cursor.sfqid)
    assert cursor.fetchall() == [("waited 1 seconds",)]


@pytest.mark.parametrize("how", ["query", "request"])
def test_cancelled_statement(connection: SnowflakeConnection, wire: Wire, how: str) -> None:
    request = str(uuid.uuid4())
    query = wire.run("CALL SYSTEM$WAIT(60)", request, asyncExec=True)["data"]["queryId"]
    if how == "query":
        assert connection.cursor().abort_query(query)
    else:
        assert wire.post("/queries/v1/abort-request", {"requestId": request})[1]["success"]
    answer = wire.run("CALL SYSTEM$WAIT(60)", request)
    assert (answer["code"], answer["data"]["queryId"]) == ("000604", query)


def test_statement_of_another_user_cannot_be_seen_or_cancelled(account: RunningAccount, wire: Wire) -> None:
    account.run("CREATE OR REPLACE USER ROBUST_OTHER PASSWORD = 'Long-enough-1'")
    request = str(uuid.uuid4())
    query = wire.run("CALL SYSTEM$WAIT(60)", request, asyncExec=True)["data"]["queryId"]
    with account.connect(user="ROBUST_OTHER", password="Long-enough-1") as session:
        other = Wire(account.settings, session)
        other.post("/queries/v1/abort-request", {"requestId": request})
        assert other.post(f"/queries/{query}/abort-request", {})[1]["code"] == "000707"
        assert session.get_query_status(query).name == "NO_DATA"
    assert wire.post(f"/queries/{query}/abort-request", {})[1]["success"]
    assert wire.run("CALL SYSTEM$WAIT(60)", request)["code"] == "000604"
    account.run("DROP USER ROBUST_OTHER")


# Damaged and oversized requests


def nested(depth: int) -> bytes:
    return b'{"sqlText":' + b"[" * depth + b"]" * depth + b"}"


PACKED = {"Content_Encoding": "gzip"}
BAD_BODIES: dict[str, tuple[bytes, dict[str, str]]] = {
    "no JSON": (b"SELECT 1", {}),
    "a list": (b"[1]", {}),
    "half": (b'{"sqlText": "SEL', {}),
    "no UTF-8": (b'{"sqlText": "\xff\xfe"}', {}),
    "deep": (nested(100_000), {}),
    "text is a number": (b'{"sqlText": 1}', {}),
    "bindings are a list": (b'{"sqlText": "SELECT ?", "bindings": [1]}', {}),
    "bindings are texts": (b'{"sqlText": "SELECT ?", "bindings": {"1": "x"}}', {}),
    "not packed": (b"plain", PACKED),
    "packed in half": (gzip.compress(b'{"sqlText": "SELECT 1"}')[:-9], PACKED),
    "form": (b"sqlText=SELECT+1", {"Content_Type": "application/x-www-form-urlencoded"}),
}


@pytest.mark.parametrize("name", BAD_BODIES)
def test_damaged_body(wire: Wire, name: str) -> None:
    body, headers = BAD_BODIES[name]
    status, answer = wire.post(QUERY, body, **headers)
    assert (status, answer["success"], answer["code"]) == (200, False, "390999")


@pytest.mark.parametrize("data", [[], "x", {"LOGIN_NAME": 1}, {"LOGIN_NAME": "A", "SESSION_PARAMETERS": []}])
def test_damaged_login(account: RunningAccount, data: Any) -> None:
    status, answer = Wire(account.settings).post(LOGIN, {"data": data})
    assert (status, answer["success"]) == (200, False)


def test_unknown_encoding(wire: Wire) -> None:
    assert wire.post(QUERY, b"x", Content_Encoding="br")[0] == 415


def test_unknown_route(wire: Wire) -> None:
    assert wire.post("/queries/v9/query-request", {})[0] == 404


def test_compressed_bomb(wire: Wire) -> None:
    bomb = gzip.compress(b"\0" * (MAX_QUERY_BODY + 1))
    assert len(bomb) < MAX_BODY
    assert wire.post(QUERY, bomb, **PACKED)[0] == 413


def test_sign_in_with_a_large_body(account: RunningAccount) -> None:
    body = {"data": {"LOGIN_NAME": "x" * MAX_BODY}}
    assert Wire(account.settings).post(LOGIN, body)[0] == 413


def test_statement_of_one_megabyte(connection: SnowflakeConnection) -> None:
    text = "x" * (MAX_TEXT - 40)
    assert run(connection, f"SELECT LENGTH('{text}') AS N")[0]["N"] == len(text)


def test_larger_statement_is_refused(connection: SnowflakeConnection) -> None:
    with pytest.raises(ProgrammingError, match="larger than") as failure:
        run(connection, f"SELECT '{'x' * MAX_TEXT}'")
    assert (failure.value.errno, failure.value.sqlstate) == (602, "54000")


@pytest.mark.parametrize(
    "text",
    [
        "SELECT " + "(" * 3000 + "1" + ")" * 3000,
        "SELECT " + "-" * 1 + "(-" * 3000 + "1" + ")" * 3000,
        "SELECT * FROM " + "(SELECT * FROM " * 600 + "(SELECT 1)" + ")" * 600,
    ],
    ids=["parentheses", "operators", "queries"],
)
def test_deeply_nested_statement_is_refused(connection: SnowflakeConnection, text: str) -> None:
    with pytest.raises(ProgrammingError, match="nested too deeply"):
        run(connection, text)
    assert run(connection, "SELECT 1 AS A") == [{"A": 1}]


@pytest.mark.parametrize("line", ["-" * 30, "-" * 60, "//" + "-" * 5000, "/*" + "*" * 5000 + "*/"])
def test_comment_lines_before_several_statements(connection: SnowflakeConnection, line: str) -> None:
    cursor = connection.cursor()
    cursor.execute(f"{line}\nSELECT 1;\n{line}\nSELECT 2", num_statements=2)
    assert cursor.fetchall() == [(1,)]
    assert cursor.nextset()
    assert cursor.fetchall() == [(2,)]


@pytest.mark.parametrize(
    "text",
    [
        "SELECT " + "1," * 250_000 + "1",
        "WITH a0 AS (SELECT 1 AS x)"
        + "".join(f", a{number} AS (SELECT * FROM a{number - 1})" for number in range(1, 15_000))
        + " SELECT 1",
    ],
    ids=["items", "definitions"],
)
def test_long_statement_keeps_nobody_waiting(place: Place, wire: Wire, text: str) -> None:
    with place.connect() as other, ThreadPoolExecutor(1) as pool:
        request = str(uuid.uuid4())
        long = pool.submit(wire.run, text, request)
        # Each answer comes while the long statement is read, or the long one has ended by itself.
        for _ in range(5):
            assert run(other, "SELECT 1 AS ONE") == [{"ONE": 1}]
        wire.post("/queries/v1/abort-request", {"requestId": request})
        assert long.result()["code"] in (None, "000604", "001003")


def test_slow_clients_hold_nobody_up(account: RunningAccount, connection: SnowflakeConnection) -> None:
    with contextlib.ExitStack() as stack:
        for number in range(200):
            slow = stack.enter_context(socket.create_connection(("127.0.0.1", account.settings.port)))
            half = b"POST /session/v1/login-request HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n"
            slow.sendall(half if number % 2 else half + b"\r\n{")
        assert run(connection, "SELECT 1 AS A") == [{"A": 1}]


def test_answers_are_json_however_the_statement_fails(wire: Wire) -> None:
    for text in ("", ";", "\0", "'", "/*", "CREATE", "SELECT 1;;SELECT 2", "\ud83d\ude00", '"', "@"):
        status, answer = wire.post(QUERY, json.dumps({"sqlText": text}).encode())
        assert status == 200
        assert not answer["success"], text
        assert answer["code"].isdigit()


# Bounds


@pytest.fixture
def small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Account]:
    """An account without a server, with room for two sessions and three statements."""
    monkeypatch.setattr(authenticator, "MAX_SESSIONS", 2)
    monkeypatch.setattr(statements, "MAX_PARALLEL", 1)
    monkeypatch.setattr(statements, "MAX_WAITING", 2)
    account = open_account(LocalSettings(tmp_path, 1, "small"))
    yield account
    account.close()


def test_sessions_are_bounded(small: Account) -> None:
    user = small.catalog.find("USER", Name("", "", "ADMIN"))
    assert user
    first, _ = [small.authenticator.open(authenticator.new_session(small.catalog, user)) for _ in range(2)]
    with pytest.raises(SnowflakeError) as refusal:
        small.authenticator.open(authenticator.new_session(small.catalog, user))
    assert refusal.value.code == "390150"
    small.authenticator.close(first[0])
    assert small.authenticator.open(authenticator.new_session(small.catalog, user))


def test_waiting_statements_are_bounded(small: Account) -> None:
    async def crowd() -> list[Any]:
        runner = statements.Statements(small)
        one = authenticator.Session(1, "ADMIN", "ACCOUNTADMIN")
        asked = [statements.Request(str(number), "CALL SYSTEM$WAIT(1)") for number in range(3)]
        queries = [runner.submit(one, request) for request in asked]
        with pytest.raises(statements.BusyError):
            runner.submit(one, statements.Request("4", "SELECT 1"))
        assert runner.submit(one, asked[0]) is queries[0]
        for query in queries[1:]:
            runner.cancel(query)
        await asyncio.wait({query.task for query in queries})
        after = await runner.submit(one, statements.Request("5", "SELECT 1")).task
        runner.close()
        return after.rows

    assert asyncio.run(crowd()) == [["1"]]


def test_sign_ins_that_wait_hold_no_other_session_up(small: Account) -> None:
    """A service's sign-in may wait for its container; more of them than asyncio has threads."""
    waiting, end = threading.Semaphore(0), threading.Event()

    def wait(*_: object) -> authenticator.Session:
        waiting.release()
        end.wait(60)
        raise SnowflakeError("390303", "08004", "not now")

    async def crowd() -> int:
        app = web.Application(middlewares=[errors_as_json])
        protocol = Protocol(small)
        protocol._sign_in = {"OAUTH": wait}
        protocol.add_routes(app)
        user = small.catalog.find("USER", Name("", "", "ADMIN"))
        assert user
        token, _ = small.authenticator.open(authenticator.new_session(small.catalog, user))
        async with TestClient(TestServer(app)) as client:
            body = {"data": {"AUTHENTICATOR": "OAUTH", "TOKEN": "x"}}
            threads = min(32, (os.cpu_count() or 1) + 4)
            sign_ins = [asyncio.create_task(client.post(LOGIN, json=body)) for _ in range(threads + 4)]
            await asyncio.to_thread(waiting.acquire)
            headers = {"Authorization": f'Snowflake Token="{token}"'}
            try:
                async with asyncio.timeout(30):
                    answer = await client.post(
                        f"{QUERY}?requestId=1", json={"sqlText": "SELECT 1"}, headers=headers
                    )
                    return len((await answer.json())["data"]["rowset"])
            finally:
                end.set()
                await asyncio.gather(*sign_ins)

    assert asyncio.run(crowd()) == 1
