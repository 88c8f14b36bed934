"""Database roles: what they may be granted, who uses them, and what becomes of them with their database."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from snowflake.connector import SnowflakeConnection
from snowflake.connector.errors import ProgrammingError

from tests.account.conftest import RunningAccount, run

PASSWORD = "Sesame-opens-1"
COLUMNS = (
    "created_on name is_default is_current is_inherited granted_to_roles granted_to_database_roles "
    "granted_database_roles owner comment owner_role_type"
)


@pytest.fixture
def place(account: RunningAccount) -> Iterator[str]:
    """A database DR with a stage, database roles READER and WRITER, and a user DRU who has role DR_R."""
    account.run(
        "CREATE DATABASE DR",
        "CREATE STAGE DR.PUBLIC.FILES",
        "CREATE DATABASE ROLE DR.READER COMMENT = 'reads'",
        "CREATE DATABASE ROLE DR.WRITER",
        "CREATE ROLE DR_R",
        f"CREATE USER DRU PASSWORD = '{PASSWORD}' DEFAULT_ROLE = DR_R DEFAULT_SECONDARY_ROLES = ()",
        "GRANT ROLE DR_R TO USER DRU",
        "GRANT USAGE ON SCHEMA DR.PUBLIC TO DATABASE ROLE DR.READER",
        "GRANT READ ON STAGE DR.PUBLIC.FILES TO DATABASE ROLE DR.READER",
    )
    yield "DR"
    account.run("DROP DATABASE IF EXISTS DR", "DROP USER DRU", "DROP ROLE DR_R")


@pytest.fixture
def person(account: RunningAccount, place: str) -> Iterator[SnowflakeConnection]:
    with account.connect(user="DRU", password=PASSWORD) as connection:
        yield connection


def refused(account: RunningAccount, statement: str, text: str) -> None:
    with pytest.raises(ProgrammingError) as failure:
        account.run(statement)
    assert text in str(failure.value.msg)


def test_account_roles_use_what_database_roles_hold(
    account: RunningAccount, person: SnowflakeConnection
) -> None:
    with pytest.raises(ProgrammingError, match="does not exist or not authorized"):
        run(person, "LIST @DR.PUBLIC.FILES")
    account.run("GRANT DATABASE ROLE DR.READER TO ROLE DR_R")
    assert run(person, "LIST @DR.PUBLIC.FILES") == []
    # A role above another one has what that has.
    account.run(
        "REVOKE DATABASE ROLE DR.READER FROM ROLE DR_R",
        "GRANT DATABASE ROLE DR.READER TO DATABASE ROLE DR.WRITER",
        "GRANT DATABASE ROLE DR.WRITER TO ROLE DR_R",
    )
    assert run(person, "LIST @DR.PUBLIC.FILES") == []
    refused(account, "GRANT DATABASE ROLE DR.WRITER TO DATABASE ROLE DR.READER", "may not form a cycle")
    account.run("DROP DATABASE ROLE DR.READER")
    with pytest.raises(ProgrammingError, match="does not exist or not authorized"):
        run(person, "LIST @DR.PUBLIC.FILES")


def test_a_user_has_them_as_secondary_roles_only(
    account: RunningAccount, person: SnowflakeConnection
) -> None:
    account.run("GRANT DATABASE ROLE DR.READER TO USER DRU")
    with pytest.raises(ProgrammingError, match="does not exist or not authorized"):
        run(person, "LIST @DR.PUBLIC.FILES")
    run(person, "USE SECONDARY ROLES ALL")
    assert run(person, "LIST @DR.PUBLIC.FILES") == []
    with pytest.raises(ProgrammingError, match="Object does not exist"):
        run(person, 'USE ROLE "DR.READER"')
    assert run(person, "SELECT CURRENT_AVAILABLE_ROLES() AS R") == [{"R": '["DR_R", "PUBLIC"]'}]


def test_they_may_use_their_database_from_the_beginning(account: RunningAccount, place: str) -> None:
    columns = ("privilege", "granted_on", "name", "granted_to", "grantee_name", "grant_option")
    account.run("CREATE DATABASE ROLE DR.FRESH", "CREATE ROLE DR_KEEPER")
    row = account.run("SHOW GRANTS TO DATABASE ROLE DR.FRESH")[0]
    assert [row[name] for name in columns] == [
        "USAGE",
        "DATABASE",
        "DR",
        "DATABASE_ROLE",
        "DR.FRESH",
        "false",
    ]
    # A new owner of the database changes nothing about that.
    account.run("GRANT OWNERSHIP ON DATABASE DR TO ROLE DR_KEEPER REVOKE CURRENT GRANTS")
    assert len(account.run("SHOW GRANTS TO DATABASE ROLE DR.FRESH")) == 1
    account.run("GRANT OWNERSHIP ON DATABASE DR TO ROLE ACCOUNTADMIN", "DROP ROLE DR_KEEPER")


def test_they_stay_in_their_database(account: RunningAccount, place: str) -> None:
    account.run("CREATE DATABASE DR2", "CREATE DATABASE ROLE DR2.OTHER", "CREATE ROLE DR_UP")
    outside = "outside the database of a database role"
    refused(account, "GRANT USAGE ON DATABASE DR2 TO DATABASE ROLE DR.READER", outside)
    refused(account, "GRANT CREATE DATABASE ON ACCOUNT TO DATABASE ROLE DR.READER", outside)
    refused(account, "GRANT DATABASE ROLE DR2.OTHER TO DATABASE ROLE DR.READER", "another database")
    refused(account, "GRANT ROLE DR_UP TO DATABASE ROLE DR.READER", "Unsupported feature")
    refused(account, "GRANT DATABASE ROLE DR.NONE TO ROLE DR_UP", "'DR.NONE' does not exist")
    account.run("DROP DATABASE DR2", "DROP ROLE DR_UP")


def test_what_is_shown(account: RunningAccount, place: str) -> None:
    account.run(
        "GRANT DATABASE ROLE DR.READER TO ROLE DR_R",
        "GRANT DATABASE ROLE DR.READER TO DATABASE ROLE DR.WRITER",
        "GRANT READ ON FUTURE STAGES IN SCHEMA DR.PUBLIC TO DATABASE ROLE DR.WRITER",
        "CREATE STAGE DR.PUBLIC.LATER",
        "GRANT OWNERSHIP ON STAGE DR.PUBLIC.FILES TO DATABASE ROLE DR.WRITER COPY CURRENT GRANTS",
    )
    rows = account.run("SHOW DATABASE ROLES IN DATABASE DR")
    assert " ".join(rows[0]) == COLUMNS
    assert [(row["name"], row["granted_to_roles"], row["granted_to_database_roles"]) for row in rows] == [
        ("READER", 1, 1),
        ("WRITER", 0, 0),
    ]
    row = account.run("SHOW STAGES LIKE 'FILES' IN SCHEMA DR.PUBLIC")[0]
    assert (row["owner"], row["owner_role_type"]) == ("DR.WRITER", "DATABASE_ROLE")
    held = {
        (row["privilege"], row["granted_on"], row["name"])
        for row in account.run("SHOW GRANTS TO DATABASE ROLE DR.WRITER")
    }
    assert held == {
        ("OWNERSHIP", "STAGE", "DR.PUBLIC.FILES"),
        ("READ", "STAGE", "DR.PUBLIC.LATER"),
        ("USAGE", "DATABASE", "DR"),
        ("USAGE", "DATABASE_ROLE", "DR.READER"),
    }
    of = account.run("SHOW GRANTS OF DATABASE ROLE DR.READER")
    assert {(row["role"], row["granted_to"], row["grantee_name"]) for row in of} == {
        ("DR.READER", "ROLE", "DR_R"),
        ("DR.READER", "DATABASE_ROLE", "WRITER"),
    }
    on = {(row["privilege"], row["granted_to"], row["grantee_name"], row["granted_by_role_type"])
          for row in account.run("SHOW GRANTS ON STAGE DR.PUBLIC.FILES")}  # fmt: skip
    assert on == {
        ("OWNERSHIP", "DATABASE_ROLE", "DR.WRITER", "DATABASE_ROLE"),
        ("READ", "DATABASE_ROLE", "DR.READER", "DATABASE_ROLE"),
    }
    future = account.run("SHOW FUTURE GRANTS TO DATABASE ROLE DR.WRITER")
    assert [(row["grant_to"], row["grantee_name"]) for row in future] == [("DATABASE_ROLE", "DR.WRITER")]
    with pytest.raises(ProgrammingError, match="syntax error"):
        account.run("SHOW DATABASE ROLES")


def test_they_follow_their_database_and_end_with_it(
    account: RunningAccount, person: SnowflakeConnection
) -> None:
    account.run(
        "GRANT DATABASE ROLE DR.READER TO ROLE DR_R",
        "ALTER DATABASE ROLE DR.READER RENAME TO DR.VIEWER",
        "ALTER DATABASE DR RENAME TO DR_NEW",
    )
    assert run(person, "LIST @DR_NEW.PUBLIC.FILES") == []
    names = [row["name"] for row in account.run("SHOW GRANTS TO ROLE DR_R")]
    assert names == ["DR_NEW.VIEWER"]
    account.run("DROP DATABASE DR_NEW")
    assert account.run("SHOW GRANTS TO ROLE DR_R") == []


def test_who_may_make_and_give_them(account: RunningAccount, person: SnowflakeConnection) -> None:
    account.run("GRANT USAGE ON DATABASE DR TO ROLE DR_R")
    with pytest.raises(ProgrammingError, match="must have CREATE DATABASE ROLE granted on DATABASE DR"):
        run(person, "CREATE DATABASE ROLE DR.MINE")
    with pytest.raises(ProgrammingError, match="Grant not executed"):
        run(person, "GRANT DATABASE ROLE DR.READER TO ROLE DR_R")
    with pytest.raises(ProgrammingError, match="must have OWNERSHIP"):
        run(person, "DROP DATABASE ROLE DR.READER")
    account.run("GRANT CREATE DATABASE ROLE ON DATABASE DR TO ROLE DR_R")
    run(person, "CREATE DATABASE ROLE DR.MINE")
    run(person, "GRANT DATABASE ROLE DR.MINE TO ROLE DR_R")
    run(person, "DROP DATABASE ROLE DR.MINE")
