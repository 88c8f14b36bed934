"""GRANT and REVOKE in full: what is done in part, options, future grants, ownership, managed access."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from snowflake.connector import SnowflakeConnection
from snowflake.connector.errors import ProgrammingError

from tests.account.conftest import RunningAccount, run

PASSWORD = "Sesame-opens-1"
Error = Callable[[str], ProgrammingError]


@pytest.fixture(scope="module")
def place(account: RunningAccount) -> Iterator[str]:
    """A database R with schemas S and M (managed access), roles R_A to R_C, and a user RU who has R_A."""
    account.run(
        "CREATE DATABASE R",
        "CREATE SCHEMA R.S",
        "CREATE SCHEMA R.M WITH MANAGED ACCESS",
        *(f"CREATE ROLE R_{letter}" for letter in "ABC"),
        f"CREATE USER RU PASSWORD = '{PASSWORD}' DEFAULT_ROLE = R_A DEFAULT_SECONDARY_ROLES = ()",
        "GRANT ROLE R_A TO USER RU",
        "GRANT USAGE ON DATABASE R TO ROLE R_A",
        "GRANT USAGE, CREATE STAGE ON SCHEMA R.S TO ROLE R_A",
        "GRANT USAGE, CREATE STAGE ON SCHEMA R.M TO ROLE R_A",
    )
    yield "R"
    account.run("DROP DATABASE R", "DROP USER RU", *(f"DROP ROLE R_{letter}" for letter in "ABC"))


@pytest.fixture(scope="module")
def person(account: RunningAccount, place: str) -> Iterator[SnowflakeConnection]:
    """A session of RU in role R_A."""
    with account.connect(user="RU", password=PASSWORD) as connection:
        yield connection


@pytest.fixture(scope="module")
def refused(person: SnowflakeConnection) -> Error:
    """The error of a statement of RU."""

    def run_it(statement: str) -> ProgrammingError:
        with pytest.raises(ProgrammingError) as failure:
            run(person, statement)
        return failure.value

    return run_it


def held(account: RunningAccount, on: str) -> set[tuple[str, str, str]]:
    """(privilege, grantee, granted by) of SHOW GRANTS ON, without ownership."""
    rows = account.run(f"SHOW GRANTS ON {on}")
    return {
        (row["privilege"], row["grantee_name"], row["granted_by"])
        for row in rows
        if row["privilege"] != "OWNERSHIP"
    }


def test_what_may_not_be_granted_is_named_and_the_rest_is_granted(
    account: RunningAccount, place: str, refused: Error
) -> None:
    account.run(
        "CREATE SCHEMA R.PART",
        "GRANT USAGE ON SCHEMA R.PART TO ROLE R_A",
        "GRANT MONITOR, MODIFY ON SCHEMA R.PART TO ROLE R_A WITH GRANT OPTION",
    )
    error = refused("GRANT MONITOR, USAGE, CREATE STAGE ON SCHEMA R.PART TO ROLE R_B")
    assert (error.errno, error.sqlstate) == (3011, "42501")
    assert "Grant partially executed: privileges [CREATE STAGE, USAGE] not granted." in str(error.msg)
    assert ("MONITOR", "R_B", "R_A") in held(account, "SCHEMA R.PART")
    error = refused("GRANT ALL ON SCHEMA R.PART TO ROLE R_C")
    assert (error.errno, "MODIFY" in str(error.msg), "USAGE" in str(error.msg)) == (3011, False, True)
    assert {row for row in held(account, "SCHEMA R.PART") if row[1] == "R_C"} == {
        ("MODIFY", "R_C", "R_A"),
        ("MONITOR", "R_C", "R_A"),
    }
    error = refused("GRANT USAGE ON SCHEMA R.PART TO ROLE R_B")
    assert (error.errno, "Grant not executed: Insufficient privileges." in str(error.msg)) == (3102, True)


def test_only_what_one_gave_may_be_taken_back(
    account: RunningAccount, person: SnowflakeConnection, refused: Error
) -> None:
    account.run("GRANT MODIFY ON SCHEMA R.PART TO ROLE R_B")
    error = refused("REVOKE MODIFY ON SCHEMA R.PART FROM ROLE R_B")
    assert (error.errno, "Revoke not executed: Insufficient privileges." in str(error.msg)) == (3103, True)
    error = refused("REVOKE MONITOR, MODIFY ON SCHEMA R.PART FROM ROLE R_B")
    assert error.errno == 3012
    assert "Revoke partially executed: privileges [MODIFY] not revoked." in str(error.msg)
    assert {row[0] for row in held(account, "SCHEMA R.PART") if row[1] == "R_B"} == {"MODIFY"}
    # Without the option the role keeps the privilege, and gives it to nobody else.
    account.run("REVOKE GRANT OPTION FOR MONITOR ON SCHEMA R.PART FROM ROLE R_A CASCADE")
    assert refused("GRANT MONITOR ON SCHEMA R.PART TO ROLE R_B").errno == 3102
    assert ("MONITOR", "R_A", "ACCOUNTADMIN") in held(account, "SCHEMA R.PART")
    assert ("MONITOR", "R_C", "R_A") not in held(account, "SCHEMA R.PART")


def test_the_administrator_keeps_some_privileges_on_the_account_to_itself(
    account: RunningAccount, place: str
) -> None:
    with account.connect(role="SECURITYADMIN") as session:
        run(session, "USE SECONDARY ROLES NONE")
        run(session, "GRANT CREATE NETWORK POLICY ON ACCOUNT TO ROLE R_B")
        for privilege in ("BIND SERVICE ENDPOINT", "CREATE COMPUTE POOL", "CREATE INTEGRATION"):
            with pytest.raises(ProgrammingError, match="Grant not executed") as failure:
                run(session, f"GRANT {privilege} ON ACCOUNT TO ROLE R_B")
            assert failure.value.errno == 3102
    with account.connect(role="SYSADMIN") as session:
        run(session, "USE SECONDARY ROLES NONE")
        run(session, "GRANT CREATE DATABASE ON ACCOUNT TO ROLE R_B")
    given = {row for row in held(account, "ACCOUNT") if row[1] == "R_B"}
    assert given == {
        ("CREATE NETWORK POLICY", "R_B", "SECURITYADMIN"),
        ("CREATE DATABASE", "R_B", "SYSADMIN"),
    }
    with pytest.raises(ProgrammingError, match="MANAGE LISTING AUTO FULFILLMENT") as failure:
        account.run("GRANT ALL ON ACCOUNT TO ROLE R_C")
    assert failure.value.errno == 3011
    assert ("CREATE COMPUTE POOL", "R_C", "ACCOUNTADMIN") in held(account, "ACCOUNT")
    account.run("REVOKE ALL PRIVILEGES ON ACCOUNT FROM ROLE R_C")
    assert not {row for row in held(account, "ACCOUNT") if row[1] == "R_C"}
    # Privileges that this account cannot give are no obstacle when others are taken away.
    account.run("GRANT MANAGE WAREHOUSES ON ACCOUNT TO ROLE R_C")
    listed = "MANAGE LISTING AUTO FULFILLMENT, MANAGE WAREHOUSES, MANAGE ORGANIZATION SUPPORT CASES"
    account.run(f"REVOKE {listed} ON ACCOUNT FROM ROLE R_C")
    assert not {row for row in held(account, "ACCOUNT") if row[1] == "R_C"}
    with pytest.raises(ProgrammingError, match="Revoke not executed"):
        account.run("USE SECONDARY ROLES NONE", "REVOKE ALL ON ACCOUNT FROM ROLE R_C", role="SYSADMIN")


@pytest.mark.parametrize(
    ("privilege", "on"),
    [
        ("EVOLVE SCHEMA", "TABLE R.S.EVOLVING"),
        ("MANAGE SHARE TARGET", "ACCOUNT"),
        ("CREATE SNOWFLAKE.ML.FORECAST", "SCHEMA R.S"),
        ("CREATE SNOWFLAKE.ML.ANOMALY_DETECTION", "SCHEMA R.S"),
    ],
)
def test_rare_privileges(account: RunningAccount, place: str, privilege: str, on: str) -> None:
    account.run("CREATE TABLE IF NOT EXISTS R.S.EVOLVING (A INT)")
    account.run(f"GRANT {privilege} ON {on} TO ROLE R_B")
    assert (privilege, "R_B", "ACCOUNTADMIN") in held(account, on)
    account.run(f"REVOKE {privilege} ON {on} FROM ROLE R_B")
    assert privilege not in {row[0] for row in held(account, on) if row[1] == "R_B"}


def test_managing_grants_acts_for_the_owner(account: RunningAccount, person: SnowflakeConnection) -> None:
    run(person, "CREATE STAGE R.S.OWN")
    account.run("GRANT READ ON STAGE R.S.OWN TO ROLE R_B", role="SECURITYADMIN")
    assert held(account, "STAGE R.S.OWN") == {("READ", "R_B", "R_A")}


def test_writing_to_a_stage_takes_reading(account: RunningAccount, person: SnowflakeConnection) -> None:
    with pytest.raises(ProgrammingError, match="requires READ"):
        run(person, "GRANT WRITE ON STAGE R.S.OWN TO ROLE R_C")
    run(person, "GRANT READ, WRITE ON STAGE R.S.OWN TO ROLE R_C")
    with pytest.raises(ProgrammingError, match="requires READ"):
        run(person, "REVOKE READ ON STAGE R.S.OWN FROM ROLE R_C")
    run(person, "REVOKE ALL ON STAGE R.S.OWN FROM ROLE R_C")
    assert {row[1] for row in held(account, "STAGE R.S.OWN")} == {"R_B"}


def test_future_grants_need_the_right_to_manage_grants(
    account: RunningAccount, refused: Error, place: str
) -> None:
    error = refused("GRANT READ ON FUTURE STAGES IN SCHEMA R.S TO ROLE R_B")
    assert (error.errno, "must have MANAGE GRANTS granted on SCHEMA R.S" in str(error.msg)) == (3001, True)
    with pytest.raises(ProgrammingError, match="Unsupported feature 'GRANT ON FUTURE IMAGE REPOSITORY'"):
        account.run("GRANT READ ON FUTURE IMAGE REPOSITORIES IN SCHEMA R.S TO ROLE R_B")
    account.run("GRANT OWNERSHIP ON FUTURE SECRETS IN SCHEMA R.S TO ROLE R_B")
    with pytest.raises(ProgrammingError, match="future grant of OWNERSHIP"):
        account.run("GRANT OWNERSHIP ON FUTURE SECRETS IN SCHEMA R.S TO ROLE R_C")
    with pytest.raises(ProgrammingError, match="Unsupported feature 'GRANT OWNERSHIP ON SERVICE'"):
        account.run("GRANT OWNERSHIP ON FUTURE SERVICES IN SCHEMA R.S TO ROLE R_B")
    assert len(account.run("SHOW FUTURE GRANTS TO ROLE R_B LIMIT 1")) == 1
    account.run("REVOKE OWNERSHIP ON FUTURE SECRETS IN SCHEMA R.S FROM ROLE R_B")


def test_future_schemas(account: RunningAccount, place: str) -> None:
    account.run(
        "GRANT USAGE, CREATE STAGE ON FUTURE SCHEMAS IN DATABASE R TO ROLE R_B WITH GRANT OPTION",
        "CREATE SCHEMA R.LATER",
    )
    assert {row[:2] for row in held(account, "SCHEMA R.LATER")} == {("USAGE", "R_B"), ("CREATE STAGE", "R_B")}
    row = account.run("SHOW FUTURE GRANTS IN DATABASE R")[0]
    assert (row["grant_on"], row["name"], row["grant_option"]) == ("SCHEMA", "R.<SCHEMA>", "true")
    account.run("REVOKE ALL ON FUTURE SCHEMAS IN DATABASE R FROM ROLE R_B", "DROP SCHEMA R.LATER")
    assert account.run("SHOW FUTURE GRANTS IN DATABASE R") == []


def test_managed_access_keeps_ownership_below_the_owner_of_the_schema(
    account: RunningAccount, person: SnowflakeConnection
) -> None:
    account.run("GRANT OWNERSHIP ON FUTURE STAGES IN DATABASE R TO ROLE R_B")
    run(person, "CREATE STAGE R.M.MINE")
    owner = account.run("SHOW STAGES LIKE 'MINE' IN SCHEMA R.M")[0]["owner"]
    assert owner == "R_A", "future ownership of the database does not reach into managed schemas"
    for statement in (
        "GRANT OWNERSHIP ON STAGE R.M.MINE TO ROLE R_B",
        "GRANT OWNERSHIP ON FUTURE STAGES IN SCHEMA R.M TO ROLE R_B",
    ):
        with pytest.raises(ProgrammingError, match="Grant not executed"):
            account.run(statement)
    account.run("GRANT READ ON STAGE R.M.MINE TO ROLE R_A")
    assert {row["grant_option"] for row in account.run("SHOW GRANTS ON STAGE R.M.MINE")} == {"false"}
    shown = {(row["privilege"], row["grantee_name"]) for row in account.run("SHOW GRANTS ON SCHEMA R.M")}
    assert {("OWNERSHIP", "ACCOUNTADMIN"), ("MANAGE GRANTS", "ACCOUNTADMIN")} <= shown
    account.run(
        "REVOKE OWNERSHIP ON FUTURE STAGES IN DATABASE R FROM ROLE R_B", "GRANT ROLE R_B TO ROLE SYSADMIN"
    )
    account.run("GRANT OWNERSHIP ON STAGE R.M.MINE TO ROLE R_B COPY CURRENT GRANTS")
    account.run("REVOKE ROLE R_B FROM ROLE SYSADMIN")


def test_ownership_is_given_away_by_its_owner(
    account: RunningAccount, person: SnowflakeConnection, refused: Error
) -> None:
    for name in ("ONE", "TWO"):
        run(person, f"CREATE STAGE R.S.{name}")
        run(person, f"GRANT READ ON STAGE R.S.{name} TO ROLE R_C")
    # To copy grants the new owner must be among one's own roles.
    assert refused("GRANT OWNERSHIP ON STAGE R.S.ONE TO ROLE R_B COPY CURRENT GRANTS").errno == 3102
    assert refused("GRANT OWNERSHIP ON STAGE R.S.ONE TO ROLE R_B").errno == 3036
    run(person, "GRANT OWNERSHIP ON STAGE R.S.ONE TO ROLE R_B REVOKE CURRENT GRANTS")
    assert held(account, "STAGE R.S.ONE") == set()
    assert refused("DROP STAGE R.S.ONE").errno == 2003
    account.run("GRANT OWNERSHIP ON ALL STAGES IN SCHEMA R.S TO ROLE R_B COPY CURRENT GRANTS")
    assert held(account, "STAGE R.S.TWO") == {("READ", "R_C", "R_B")}
    account.run(
        "CREATE ROLE R_OLD", "GRANT ROLE R_OLD TO ROLE R_C", "GRANT OWNERSHIP ON ROLE R_OLD TO ROLE R_B"
    )
    assert account.run("SHOW ROLES LIKE 'R_OLD'")[0]["owner"] == "R_B"
    account.run("GRANT OWNERSHIP ON ROLE R_OLD TO ROLE ACCOUNTADMIN COPY CURRENT GRANTS", "DROP ROLE R_OLD")


def test_all_objects_say_how_many(account: RunningAccount, place: str) -> None:
    account.run("CREATE SCHEMA R.MANY", "CREATE STAGE R.MANY.A", "CREATE STAGE R.MANY.B")
    for statement in (
        "GRANT READ ON ALL STAGES IN SCHEMA R.MANY TO ROLE R_B",
        "REVOKE READ ON ALL STAGES IN SCHEMA R.MANY FROM ROLE R_B",
    ):
        assert account.run(statement)[0]["status"] == "Statement executed successfully. 2 objects affected."
    account.run("DROP SCHEMA R.MANY")


@pytest.mark.parametrize(
    ("statement", "text"),
    [
        ("GRANT SELECT ON SCHEMA R.S TO ROLE R_B", "Invalid object type 'SCHEMA' for privilege 'SELECT'."),
        ("GRANT MANAGE GRANTS ON SCHEMA R.S TO ROLE R_B", "Unsupported feature 'MANAGE GRANTS ON SCHEMA'"),
        ("GRANT USAGE ON DATABASE R TO SHARE X", "Unsupported feature 'GRANT TO SHARE'"),
        ("GRANT CALLER USAGE ON DATABASE R TO ROLE R_B", "Unsupported feature 'GRANT CALLER'"),
        ("SHOW GRANTS TO SHARE X", "Unsupported feature 'SHOW GRANTS TO SHARE'"),
        ("SHOW GRANTS OF APPLICATION ROLE X", "Unsupported feature 'SHOW GRANTS OF APPLICATION'"),
    ],
)
def test_what_there_is_not(account: RunningAccount, place: str, statement: str, text: str) -> None:
    with pytest.raises(ProgrammingError) as failure:
        account.run(statement)
    assert text in str(failure.value.msg)


def test_columns_of_show_grants(account: RunningAccount, place: str) -> None:
    to = "created_on privilege granted_on name granted_to grantee_name grant_option granted_by"
    of = "created_on role granted_to grantee_name granted_by"
    shown = {
        "ON ACCOUNT": f"{to} granted_by_role_type",
        "ON SCHEMA R.S": f"{to} granted_by_role_type",
        "TO ROLE R_A": to,
        "TO USER RU": to.replace(" name ", " name role "),
        "OF ROLE R_A": of,
    }
    for form, expected in shown.items():
        assert " ".join(account.run(f"SHOW GRANTS {form}")[0]) == expected, form
    own = account.run("SHOW GRANTS", user="RU", password=PASSWORD)
    assert [(row["role"], row["granted_to"], row["grantee_name"]) for row in own] == [("R_A", "USER", "RU")]
    assert len(account.run("SHOW GRANTS ON ACCOUNT LIMIT 2")) == 2
