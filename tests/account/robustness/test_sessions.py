"""A hundred sessions that change the catalog at the same time."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from snowflake.connector import SnowflakeConnection
from snowflake.connector.errors import ProgrammingError

from tests.account.conftest import RunningAccount, run

SESSIONS = 100
WITH_TABLES = 10
# Someone else was faster: exists already, does not exist, gone in between.
RACES = {2002, 2003, 2043, 90105}


@pytest.fixture(scope="module")
def sessions(account: RunningAccount) -> Iterator[list[SnowflakeConnection]]:
    account.run(
        "CREATE ROLE CROWD_ALL",
        "CREATE DATABASE CROWD",
        "CREATE SCHEMA CROWD.CHURN",
        "CREATE WAREHOUSE CROWD_WH INITIALLY_SUSPENDED = TRUE",
        "CREATE USER CROWD_SHARED",
    )
    with ThreadPoolExecutor(SESSIONS) as pool:
        made = list(pool.map(lambda _: account.connect(database="CROWD", schema="PUBLIC"), range(SESSIONS)))
    yield made
    with ThreadPoolExecutor(SESSIONS) as pool:
        list(pool.map(lambda one: one.close(), made))
    account.run(
        "DROP DATABASE CROWD", "DROP WAREHOUSE CROWD_WH", "DROP ROLE CROWD_ALL", "DROP USER CROWD_SHARED"
    )


def at_once(sessions: list[SnowflakeConnection], work: object) -> list[object]:
    """Run `work(number, session)` in all sessions, begun together."""
    assert callable(work)
    start = threading.Barrier(len(sessions))

    def begin(number: int) -> object:
        start.wait(60)
        return work(number, sessions[number])

    with ThreadPoolExecutor(len(sessions)) as pool:
        return list(pool.map(begin, range(len(sessions))))


def own_objects(number: int, session: SnowflakeConnection) -> None:
    """Make, change and in every second session drop objects of each kind."""
    schema = f"CROWD.S_{number}"
    for statement in (
        f"CREATE ROLE CROWD_R_{number}",
        f"GRANT ROLE CROWD_R_{number} TO ROLE CROWD_ALL",
        f"CREATE SCHEMA {schema}",
        f"CREATE STAGE {schema}.FILES",
        f"CREATE SECRET {schema}.WORD TYPE = GENERIC_STRING SECRET_STRING = 'x'",
        f"CREATE IMAGE REPOSITORY {schema}.IMAGES",
        f"CREATE NETWORK RULE {schema}.RULE MODE = EGRESS TYPE = HOST_PORT VALUE_LIST = ('a.example')",
        f"ALTER STAGE {schema}.FILES SET COMMENT = 'of {number}'",
        f"GRANT READ ON STAGE {schema}.FILES TO ROLE CROWD_R_{number}",
        f"CREATE USER CROWD_U_{number} DEFAULT_ROLE = CROWD_R_{number}",
        f"GRANT ROLE CROWD_R_{number} TO USER CROWD_U_{number}",
    ):
        run(session, statement)
    if number < WITH_TABLES:
        run(session, "USE WAREHOUSE CROWD_WH")
        run(session, f"CREATE TABLE {schema}.T (A INT)")
        run(session, f"INSERT INTO {schema}.T VALUES ({number})")
    if number % 2:
        run(session, f"DROP SCHEMA {schema}")
        run(session, f"DROP USER CROWD_U_{number}")


def test_every_session_finds_what_it_made(
    account: RunningAccount, sessions: list[SnowflakeConnection]
) -> None:
    at_once(sessions, own_objects)
    kept = {f"S_{number}" for number in range(0, SESSIONS, 2)}
    shown = {row["name"] for row in account.run("SHOW SCHEMAS IN DATABASE CROWD")}
    assert {name for name in shown if name.startswith("S_")} == kept
    stages = {row["schema_name"]: row for row in account.run("SHOW STAGES IN DATABASE CROWD")}
    assert {name: stages[name]["comment"] for name in kept} == {name: f"of {name[2:]}" for name in kept}
    granted = {row["name"] for row in account.run("SHOW GRANTS TO ROLE CROWD_ALL")}
    assert granted == {f"CROWD_R_{number}" for number in range(SESSIONS)}
    users = {row["name"] for row in account.run("SHOW USERS LIKE 'CROWD_U_%'")}
    assert users == {f"CROWD_U_{number}" for number in range(0, SESSIONS, 2)}
    for number in range(0, WITH_TABLES, 2):
        read = ("USE WAREHOUSE CROWD_WH", f"SELECT A FROM CROWD.S_{number}.T")
        assert account.run(*read) == [{"A": number}]
    at_once(sessions, lambda number, session: run(session, f"DROP ROLE CROWD_R_{number}"))
    for user in users:
        account.run(f"DROP USER {user}")


def test_changes_of_one_object_are_all_kept(
    account: RunningAccount, sessions: list[SnowflakeConnection]
) -> None:
    options = {
        "COMMENT": ("comment", "'together'", "together"),
        "EMAIL": ("email", "'a@b.example'", "a@b.example"),
        "FIRST_NAME": ("first_name", "'F'", "F"),
        "LAST_NAME": ("last_name", "'L'", "L"),
        "DISPLAY_NAME": ("display_name", "'D'", "D"),
        "DEFAULT_WAREHOUSE": ("default_warehouse", "CROWD_WH", "CROWD_WH"),
        "DEFAULT_NAMESPACE": ("default_namespace", "CROWD.PUBLIC", "CROWD.PUBLIC"),
    }
    names = list(options)
    for _ in range(3):
        account.run("ALTER USER CROWD_SHARED UNSET " + ", ".join(names))

        def change(number: int, session: SnowflakeConnection) -> None:
            name = names[number % len(names)]
            run(session, f"ALTER USER CROWD_SHARED SET {name} = {options[name][1]}")

        at_once(sessions, change)
        shown = account.run("SHOW USERS LIKE 'CROWD_SHARED'")[0]
        assert {name: shown[options[name][0]] for name in names} == {name: options[name][2] for name in names}


def test_races_leave_nothing_behind(account: RunningAccount, sessions: list[SnowflakeConnection]) -> None:
    rounds = [
        "CREATE SCHEMA IF NOT EXISTS CROWD.CHURN",
        "CREATE OR REPLACE STAGE CROWD.CHURN.FILES",
        "GRANT READ ON STAGE CROWD.CHURN.FILES TO ROLE PUBLIC",
        "CREATE IMAGE REPOSITORY CROWD.CHURN.IMAGES",
        "ALTER STAGE CROWD.CHURN.FILES RENAME TO CROWD.CHURN.OTHER",
        "DROP SCHEMA CROWD.CHURN",
        "CREATE OR REPLACE SCHEMA CROWD.CHURN",
        "DROP STAGE CROWD.CHURN.OTHER",
    ]

    def churn(number: int, session: SnowflakeConnection) -> set[int]:
        met = set()
        for step in range(len(rounds)):
            try:
                run(session, rounds[(number + step) % len(rounds)])
            except ProgrammingError as error:
                met.add(error.errno)
        return met

    met = set().union(*at_once(sessions, churn))
    assert met <= RACES
    assert "failed inside the account" not in account.log()
    with sqlite3.connect(account.settings.state / "catalog.sqlite", timeout=10) as catalog:
        orphans = catalog.execute(
            "SELECT type, database, schema, name FROM objects AS o WHERE schema <> '' AND NOT EXISTS "
            "(SELECT 1 FROM objects AS p WHERE p.type='SCHEMA' AND p.database=o.database AND p.name=o.schema)"
        ).fetchall()
        grants = catalog.execute(
            "SELECT privilege, object FROM grants WHERE object <> 0 "
            "AND object NOT IN (SELECT id FROM objects)"
        ).fetchall()
    assert (orphans, grants) == ([], [])
