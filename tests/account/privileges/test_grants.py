"""Roles and privileges: who may grant what, and what SHOW GRANTS tells."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from snowflake.connector import SnowflakeConnection
from snowflake.connector.errors import DatabaseError, ProgrammingError

from tests.account.conftest import RunningAccount, run

PASSWORD = "Sesame-opens-1"


@pytest.fixture(scope="module")
def place(account: RunningAccount) -> Iterator[str]:
    """A database with a schema G.S, roles G_A and G_B, and a user GU who has G_A."""
    account.run(
        "CREATE DATABASE G",
        "CREATE SCHEMA G.S",
        "CREATE WAREHOUSE GW INITIALLY_SUSPENDED = TRUE",
        "CREATE ROLE G_A",
        "CREATE ROLE G_B",
        f"CREATE USER GU PASSWORD = '{PASSWORD}' DEFAULT_ROLE = G_A DEFAULT_SECONDARY_ROLES = ()",
        "GRANT ROLE G_A TO USER GU",
    )
    yield "G.S"
    account.run("DROP DATABASE G", "DROP WAREHOUSE GW", "DROP USER GU", "DROP ROLE G_A", "DROP ROLE G_B")


@pytest.fixture
def person(account: RunningAccount, place: str) -> Iterator[SnowflakeConnection]:
    """A session of GU in role G_A."""
    with account.connect(user="GU", password=PASSWORD) as connection:
        yield connection


def grants(account: RunningAccount, on: str) -> set[tuple[Any, ...]]:
    """(privilege, grantee, grant option, granted by) of SHOW GRANTS ON."""
    return {
        (row["privilege"], row["grantee_name"], row["grant_option"], row["granted_by"])
        for row in account.run(f"SHOW GRANTS ON {on}")
    }


def refused(connection: SnowflakeConnection, statement: str) -> int:
    """Error number with which a statement is refused."""
    with pytest.raises(ProgrammingError) as failure:
        run(connection, statement)
    return failure.value.errno


def test_invisible_objects_look_absent(account: RunningAccount, person: SnowflakeConnection) -> None:
    assert refused(person, "USE DATABASE G") == 2043
    assert refused(person, "DESCRIBE SCHEMA G.S") == 2003
    assert run(person, "SHOW DATABASES LIKE 'G'") == []
    account.run("GRANT USAGE ON DATABASE G TO ROLE G_A", "GRANT USAGE ON SCHEMA G.S TO ROLE G_A")
    run(person, "USE SCHEMA G.S")
    assert [row["name"] for row in run(person, "SHOW SCHEMAS IN DATABASE G")] == ["INFORMATION_SCHEMA", "S"]
    account.run("REVOKE USAGE ON SCHEMA G.S FROM ROLE G_A", "REVOKE USAGE ON DATABASE G FROM ROLE G_A")
    assert refused(person, "USE SCHEMA G.S") == 2043


def test_grant_rows(account: RunningAccount, place: str) -> None:
    account.run("GRANT USAGE, OPERATE ON WAREHOUSE GW TO ROLE G_A WITH GRANT OPTION")
    owner = ("OWNERSHIP", "ACCOUNTADMIN", "true", "ACCOUNTADMIN")
    given = {(word, "G_A", "true", "ACCOUNTADMIN") for word in ("USAGE", "OPERATE")}
    assert grants(account, "WAREHOUSE GW") == {owner, *given}
    account.run("REVOKE GRANT OPTION FOR USAGE ON WAREHOUSE GW FROM ROLE G_A")
    assert ("USAGE", "G_A", "false", "ACCOUNTADMIN") in grants(account, "WAREHOUSE GW")
    held = {
        (row["granted_on"], row["name"], row["privilege"]) for row in account.run("SHOW GRANTS TO ROLE G_A")
    }
    assert {("WAREHOUSE", "GW", "USAGE"), ("WAREHOUSE", "GW", "OPERATE")} <= held
    account.run("REVOKE ALL PRIVILEGES ON WAREHOUSE GW FROM ROLE G_A")
    assert grants(account, "WAREHOUSE GW") == {owner}


def test_grant_option_gives_on_and_holds_back_a_revoke(
    account: RunningAccount, person: SnowflakeConnection
) -> None:
    account.run("GRANT MONITOR ON WAREHOUSE GW TO ROLE G_A WITH GRANT OPTION")
    assert refused(person, "GRANT USAGE ON WAREHOUSE GW TO ROLE G_B") == 3102
    run(person, "GRANT MONITOR ON WAREHOUSE GW TO ROLE G_B")
    assert ("MONITOR", "G_B", "false", "G_A") in grants(account, "WAREHOUSE GW")
    with pytest.raises(ProgrammingError, match="Dependent grant of privilege 'MONITOR'"):
        account.run("REVOKE MONITOR ON WAREHOUSE GW FROM ROLE G_A")
    account.run("REVOKE MONITOR ON WAREHOUSE GW FROM ROLE G_A CASCADE")
    assert len(grants(account, "WAREHOUSE GW")) == 1


@pytest.mark.parametrize(
    ("statement", "errno"),
    [
        ("GRANT OPERATE ON SCHEMA G.S TO ROLE G_A", 3008),
        ("GRANT USAGE ON STAGE G.S.NONE TO ROLE G_A", 2003),
        ("GRANT USAGE ON DATABASE G TO ROLE NONE", 2003),
        ("GRANT USAGE ON DATABASE G TO USER GU", 2),
        ("GRANT USAGE ON FUNCTION G.S.F() TO ROLE G_A", 2003),
        ("GRANT OWNERSHIP ON ACCOUNT TO ROLE G_A", 2),
        ("GRANT USAGE ON DATABASE G TO ROLE G_A x", 1003),
        ("REVOKE OWNERSHIP ON DATABASE G FROM ROLE ACCOUNTADMIN", 2),
        ("DROP ROLE SYSADMIN", 3001),
        ("REVOKE ROLE SYSADMIN FROM ROLE ACCOUNTADMIN", 3001),
    ],
)
def test_refused_grants(account: RunningAccount, place: str, statement: str, errno: int) -> None:
    with pytest.raises(ProgrammingError) as failure:
        account.run(statement)
    assert failure.value.errno == errno


def test_future_grants_apply_to_what_is_made_later(account: RunningAccount, place: str) -> None:
    account.run(
        "GRANT READ ON FUTURE STAGES IN DATABASE G TO ROLE G_B",
        "GRANT READ, WRITE ON FUTURE STAGES IN SCHEMA G.S TO ROLE G_A",
        "CREATE STAGE G.S.LATER",
    )
    # Grants of the schema take the place of those of the database.
    assert {row[:2] for row in grants(account, "STAGE G.S.LATER")} == {
        ("OWNERSHIP", "ACCOUNTADMIN"),
        ("READ", "G_A"),
        ("WRITE", "G_A"),
    }
    row = account.run("SHOW FUTURE GRANTS IN SCHEMA G.S")[0]
    assert (row["grant_on"], row["name"], row["grant_to"]) == ("STAGE", "G.S.<STAGE>", "ROLE")
    account.run(
        "REVOKE READ, WRITE ON FUTURE STAGES IN SCHEMA G.S FROM ROLE G_A",
        "REVOKE ALL ON FUTURE STAGES IN DATABASE G FROM ROLE G_B",
        "GRANT OWNERSHIP ON FUTURE STAGES IN SCHEMA G.S TO ROLE G_B",
        "CREATE STAGE G.S.THEIRS",
    )
    assert {row[:2] for row in grants(account, "STAGE G.S.THEIRS")} == {("OWNERSHIP", "G_B")}
    account.run("REVOKE OWNERSHIP ON FUTURE STAGES IN SCHEMA G.S FROM ROLE G_B")
    assert account.run("SHOW FUTURE GRANTS IN SCHEMA G.S") == []


def test_all_objects_of_a_schema(account: RunningAccount, place: str) -> None:
    account.run("CREATE SCHEMA G.MANY", "CREATE STAGE G.MANY.A", "CREATE STAGE G.MANY.B")
    account.run("GRANT READ ON ALL STAGES IN SCHEMA G.MANY TO ROLE G_A")
    for stage in ("A", "B"):
        assert ("READ", "G_A", "false", "ACCOUNTADMIN") in grants(account, f"STAGE G.MANY.{stage}")
    account.run("DROP SCHEMA G.MANY")
    assert not [row for row in account.run("SHOW GRANTS TO ROLE G_A") if row["name"].startswith("G.MANY")]


def test_ownership_moves_with_a_decision_about_grants(account: RunningAccount, place: str) -> None:
    account.run("CREATE STAGE G.S.MINE", "GRANT READ ON STAGE G.S.MINE TO ROLE G_A")
    with pytest.raises(ProgrammingError, match="Dependent grant of privilege 'READ'"):
        account.run("GRANT OWNERSHIP ON STAGE G.S.MINE TO ROLE G_B")
    account.run("GRANT OWNERSHIP ON STAGE G.S.MINE TO ROLE G_B COPY CURRENT GRANTS")
    assert grants(account, "STAGE G.S.MINE") == {
        ("OWNERSHIP", "G_B", "true", "G_B"),
        ("READ", "G_A", "false", "G_B"),
    }
    account.run("GRANT OWNERSHIP ON STAGE G.S.MINE TO ROLE ACCOUNTADMIN REVOKE CURRENT GRANTS")
    assert len(grants(account, "STAGE G.S.MINE")) == 1


def test_managed_access_leaves_grants_to_the_schema_owner(
    account: RunningAccount, person: SnowflakeConnection
) -> None:
    account.run(
        "CREATE SCHEMA G.M WITH MANAGED ACCESS",
        "GRANT USAGE ON DATABASE G TO ROLE G_A",
        "GRANT USAGE, CREATE STAGE ON SCHEMA G.M TO ROLE G_A",
    )
    run(person, "CREATE STAGE G.M.ST")
    assert refused(person, "GRANT READ ON STAGE G.M.ST TO ROLE G_B") == 3102
    account.run("ALTER SCHEMA G.M DISABLE MANAGED ACCESS")
    run(person, "GRANT READ ON STAGE G.M.ST TO ROLE G_B")
    account.run("DROP SCHEMA G.M", "REVOKE USAGE ON DATABASE G FROM ROLE G_A")


def test_roles_form_no_cycle(account: RunningAccount, place: str) -> None:
    account.run("GRANT ROLE G_A TO ROLE G_B")
    with pytest.raises(ProgrammingError, match="may not form a cycle"):
        account.run("GRANT ROLE G_B TO ROLE G_A")
    assert [row["grantee_name"] for row in account.run("SHOW GRANTS OF ROLE G_A")] == ["G_B", "GU"]
    assert account.run("SHOW ROLES LIKE 'G_B'")[0]["granted_roles"] == 1
    account.run("REVOKE ROLE G_A FROM ROLE G_B")


def test_only_the_owner_gives_a_role_away(account: RunningAccount, person: SnowflakeConnection) -> None:
    assert refused(person, "GRANT ROLE G_B TO USER GU") == 3102
    assert refused(person, "USE ROLE G_B") == 3013


def test_secondary_roles_help_but_do_not_create(account: RunningAccount, person: SnowflakeConnection) -> None:
    account.run(
        "GRANT ROLE G_B TO USER GU",
        "GRANT USAGE ON DATABASE G TO ROLE G_B",
        "GRANT USAGE, CREATE STAGE ON SCHEMA G.S TO ROLE G_B",
    )
    assert refused(person, "USE DATABASE G") == 2043
    run(person, "USE SECONDARY ROLES ALL")
    run(person, "USE SCHEMA G.S")
    assert refused(person, "CREATE STAGE G.S.NO") == 3001
    run(person, "USE SECONDARY ROLES NONE")
    run(person, "USE ROLE G_B")
    run(person, "CREATE STAGE G.S.YES")
    # An administrator whose roles do not include the owner cannot drop it either.
    with pytest.raises(ProgrammingError, match="Insufficient privileges"):
        account.run("DROP STAGE G.S.YES")
    run(person, "DROP STAGE G.S.YES")
    account.run("REVOKE ROLE G_B FROM USER GU")


def test_renamed_role_keeps_what_it_has(account: RunningAccount, place: str) -> None:
    account.run("CREATE ROLE G_OLD", "GRANT USAGE ON DATABASE G TO ROLE G_OLD", "GRANT ROLE G_OLD TO USER GU")
    with account.connect(user="GU", password=PASSWORD, role="G_OLD") as session:
        account.run("ALTER ROLE G_OLD RENAME TO G_NEW")
        assert run(session, "SELECT CURRENT_ROLE() AS R") == [{"R": "G_NEW"}]
        assert [row["name"] for row in run(session, "SHOW DATABASES LIKE 'G'")] == ["G"]
    assert ("USAGE", "G_NEW", "false", "ACCOUNTADMIN") in grants(account, "DATABASE G")
    account.run("DROP ROLE G_NEW")
    assert "G_NEW" not in {row[1] for row in grants(account, "DATABASE G")}
    with pytest.raises(DatabaseError, match="is not granted to this user"):
        account.connect(user="GU", password=PASSWORD, role="G_NEW")


def test_dropped_role_leaves_its_objects_to_the_dropper(account: RunningAccount, place: str) -> None:
    account.run(
        "CREATE ROLE G_GONE", "CREATE STAGE G.S.LEFT", "GRANT OWNERSHIP ON STAGE G.S.LEFT TO ROLE G_GONE"
    )
    account.run("DROP ROLE G_GONE")
    assert ("OWNERSHIP", "ACCOUNTADMIN", "true", "ACCOUNTADMIN") in grants(account, "STAGE G.S.LEFT")
