"""The system roles, and which roles a session may use."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from snowflake.connector import SnowflakeConnection
from snowflake.connector.errors import DatabaseError, ProgrammingError

from tests.account.conftest import RunningAccount, run

PASSWORD = "Sesame-opens-1"
MAKES = {
    # what: system roles that may make it themselves
    "DATABASE": {"ACCOUNTADMIN", "SYSADMIN"},
    "WAREHOUSE": {"ACCOUNTADMIN", "SYSADMIN"},
    "ROLE": {"ACCOUNTADMIN", "SECURITYADMIN", "USERADMIN"},
    "USER": {"ACCOUNTADMIN", "SECURITYADMIN", "USERADMIN"},
}


@pytest.mark.parametrize("role", ["ACCOUNTADMIN", "SECURITYADMIN", "USERADMIN", "SYSADMIN", "PUBLIC"])
def test_system_roles_make_what_is_theirs(account: RunningAccount, role: str) -> None:
    with account.connect(role=role) as session:
        # Secondary roles do not count for what is made.
        for what, makers in MAKES.items():
            if role in makers:
                run(session, f"CREATE {what} RL_MADE")
                run(session, f"DROP {what} RL_MADE")
                continue
            with pytest.raises(ProgrammingError) as failure:
                run(session, f"CREATE {what} RL_MADE")
            hint = f"Your primary role {role} must have CREATE {what} granted on ACCOUNT."
            assert (failure.value.errno, hint in str(failure.value.msg)) == (3001, True)


@pytest.fixture
def person(account: RunningAccount) -> Iterator[SnowflakeConnection]:
    """A session of a user with roles RL_A to RL_C, of which RL_A is primary and no other active."""
    letters = "ABC"
    account.run(
        "CREATE DATABASE RL",
        f"CREATE USER RLU PASSWORD = '{PASSWORD}' DEFAULT_ROLE = RL_A DEFAULT_SECONDARY_ROLES = ()",
        *(f"CREATE ROLE RL_{letter}" for letter in letters),
        *(f"GRANT ROLE RL_{letter} TO USER RLU" for letter in letters),
        "GRANT USAGE ON DATABASE RL TO ROLE RL_B",
        "CREATE ROLE RL_D",
    )
    with account.connect(user="RLU", password=PASSWORD) as connection:
        yield connection
    account.run("DROP DATABASE RL", "DROP USER RLU", *(f"DROP ROLE RL_{letter}" for letter in f"{letters}D"))


def test_secondary_roles_are_all_none_or_some(account: RunningAccount, person: SnowflakeConnection) -> None:
    def sees() -> bool:
        return bool(run(person, "SHOW DATABASES LIKE 'RL'"))

    assert not sees()
    run(person, "USE SECONDARY ROLES RL_C, RL_B")
    assert sees()
    run(person, "USE SECONDARY ROLES RL_C")
    assert not sees()
    run(person, "USE SECONDARY ROLES ALL")
    assert sees()
    # They are looked up again for every statement.
    account.run("REVOKE ROLE RL_B FROM USER RLU")
    assert not sees()
    account.run("GRANT ROLE RL_B TO ROLE RL_C")
    assert sees()
    run(person, "USE SECONDARY ROLES NONE")
    assert not sees()
    with pytest.raises(ProgrammingError, match="does not exist or not authorized"):
        run(person, "USE SECONDARY ROLES RL_D")


def test_roles_that_are_not_granted_cannot_be_used(person: SnowflakeConnection) -> None:
    assert run(person, "SELECT CURRENT_ROLE() AS R") == [{"R": "RL_A"}]
    for statement, errno in (("USE ROLE RL_D", 3013), ("USE ROLE RL_NONE", 2043)):
        with pytest.raises(ProgrammingError) as failure:
            run(person, statement)
        assert failure.value.errno == errno
    run(person, "USE ROLE RL_B")
    assert run(person, "SELECT CURRENT_ROLE() AS R") == [{"R": "RL_B"}]


def test_default_role_that_is_not_granted(account: RunningAccount) -> None:
    account.run(f"CREATE USER RL_HASTY PASSWORD = '{PASSWORD}' DEFAULT_ROLE = SYSADMIN")
    sign_in = {"user": "RL_HASTY", "password": PASSWORD}
    with pytest.raises(DatabaseError, match="default role 'SYSADMIN' is not granted to this user"):
        account.connect(**sign_in, role=None)
    with account.connect(**sign_in, role="PUBLIC") as session:
        assert run(session, "SELECT CURRENT_ROLE() AS R") == [{"R": "PUBLIC"}]
    account.run("DROP USER RL_HASTY")
