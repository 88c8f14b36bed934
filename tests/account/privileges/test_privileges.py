"""Every statement asks for its privileges, and for no others."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from snowflake.connector.errors import ProgrammingError

from tests.account.conftest import RunningAccount, run
from tests.account.privileges.privilege_cases import CASES, DB, OWNED, SETUP, USE_DB, WH
from tests.account.privileges.privilege_table import ABSENT, ACTOR, OWNER, USER, Case, Stand, stand


@pytest.fixture(scope="module")
def table(account: RunningAccount) -> Iterator[Stand]:
    with stand(account, WH) as made:
        account.run(*SETUP, *(f"GRANT OWNERSHIP ON {item} TO ROLE {OWNER}" for item in OWNED))
        yield made
        account.run(
            "DROP INTEGRATION PV_EAI",
            f"DROP DATABASE {DB}",
            "DROP DATABASE PV_OWNED",
            f"DROP WAREHOUSE {WH}",
            "DROP ROLE PV_THING",
            "DROP USER PV_OTHER",
            "DROP COMPUTE POOL PV_POOL",
        )


@pytest.mark.parametrize("case", CASES, ids=str)
def test_privileges(table: Stand, case: Case) -> None:
    table.check(case)


def test_managing_warehouses_takes_the_place_of_privileges_on_each(
    table: Stand, account: RunningAccount
) -> None:
    resume = Case(f"ALTER WAREHOUSE {WH} RESUME IF SUSPENDED", {"MANAGE WAREHOUSES ON ACCOUNT": ABSENT})
    table.check(resume)


def test_the_administrator_alone_changes_the_account(table: Stand) -> None:
    with pytest.raises(ProgrammingError, match="Insufficient privileges to operate on account"):
        run(table.actor, "ALTER ACCOUNT SET TIMEZONE = 'UTC'")


def test_a_role_that_is_revoked_is_of_no_use_in_open_sessions(table: Stand, account: RunningAccount) -> None:
    account.run(f"GRANT {USE_DB} TO ROLE {ACTOR}")
    assert run(table.actor, "SHOW DATABASES LIKE 'PV'")
    account.run(f"REVOKE ROLE {ACTOR} FROM USER {USER}")
    assert run(table.actor, "SHOW DATABASES LIKE 'PV'") == []
    account.run(f"GRANT ROLE {ACTOR} TO USER {USER}")
    assert run(table.actor, "SHOW DATABASES LIKE 'PV'")
    account.run(f"REVOKE {USE_DB} FROM ROLE {ACTOR}")
