"""Statements about services, jobs and images ask for their privileges; those of the owner count for ever."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from snowflake.connector.errors import ProgrammingError

from tests.account.conftest import RunningAccount, run
from tests.account.privileges.privilege_cases_spcs import (
    CASES,
    CLEANUP,
    MAKE_FUNCTION,
    MAKE_GATEWAY,
    MAKE_SERVICE,
    OWN,
    OWNER_HAS,
    SETUP,
    SV,
    S,
    spec,
)
from tests.account.privileges.privilege_table import OWNER, Case, Stand, stand
from tests.account.spcs_world import World

pytestmark = pytest.mark.docker


@pytest.fixture(scope="module")
def table(account: RunningAccount, world: World) -> Iterator[Stand]:
    """No container runs: the pool is suspended, as nothing here depends on what a service does."""
    with stand(account) as made:
        account.run(*SETUP)
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "service.yaml"
            file.write_text(spec().split("$$")[1])
            account.run(f"PUT file://{file} @{S}.SPECS AUTO_COMPRESS = FALSE")
        account.run(*MAKE_SERVICE, role=OWNER)
        account.run(*MAKE_FUNCTION)
        account.run(*MAKE_GATEWAY)
        yield made
        account.run(*CLEANUP)


@pytest.mark.parametrize("case", [case for case in CASES if OWN not in case.needs], ids=str)
def test_privileges(table: Stand, case: Case) -> None:
    table.check(case)


@pytest.mark.parametrize("lost", OWNER_HAS[2:])
def test_a_new_specification_is_checked_against_its_owner(table: Stand, lost: str) -> None:
    run(table.admin, f"REVOKE {lost} FROM ROLE {OWNER}")
    with pytest.raises(ProgrammingError, match="does not exist or not authorized"):
        run(table.admin, f"ALTER SERVICE {SV} {spec()}")
    run(table.admin, f"GRANT {lost} TO ROLE {OWNER}")
    run(table.admin, f"ALTER SERVICE {SV} {spec()}")


@pytest.mark.parametrize("case", [case for case in CASES if OWN in case.needs], ids=str)
def test_what_takes_ownership(table: Stand, case: Case) -> None:
    for grant in OWNER_HAS:
        run(table.admin, f"REVOKE {grant} FROM ROLE {OWNER}")
    table.check(case)
