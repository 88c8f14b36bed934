"""Account parameters that say which workload types may run."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from snowflake.connector.errors import ProgrammingError

from tests.account.conftest import RunningAccount
from tests.account.spcs_world import POOL, World

PARAMETERS = ("ALLOWED_SPCS_WORKLOAD_TYPES", "DISALLOWED_SPCS_WORKLOAD_TYPES")
CLOSED = [
    ("ALLOWED", "NOTEBOOK"),
    ("ALLOWED", "'STREAMLIT, ML_JOB'"),
    ("DISALLOWED", "'USER'"),
    ("DISALLOWED", "ALL"),
]
OPEN = [("ALLOWED", "'NOTEBOOK,user'"), ("ALLOWED", "ALL"), ("DISALLOWED", "'NOTEBOOK'")]


@pytest.fixture
def world(world: World, account: RunningAccount) -> Iterator[World]:
    yield world
    account.run(*(f"ALTER ACCOUNT UNSET {name}" for name in PARAMETERS))


@pytest.fixture
def limited(world: World, account: RunningAccount, list_of: str, types: str) -> World:
    account.run(f"ALTER ACCOUNT SET {list_of}_SPCS_WORKLOAD_TYPES = {types}")
    return world


@pytest.mark.docker
@pytest.mark.parametrize(("list_of", "types"), CLOSED)
def test_services_of_users_are_refused(limited: World) -> None:
    with pytest.raises(ProgrammingError, match="Workload type USER is not allowed"):
        limited.run(f"CREATE SERVICE NEVER IN COMPUTE POOL {POOL} {limited.spec()}")


@pytest.mark.docker
@pytest.mark.parametrize(("list_of", "types"), OPEN)
def test_service_is_made_and_goes_on_but_is_not_resumed(limited: World, account: RunningAccount) -> None:
    with limited.service("GOES_ON", limited.spec()) as name:
        account.run("ALTER ACCOUNT SET DISALLOWED_SPCS_WORKLOAD_TYPES = 'USER'")
        assert limited.status(name) == "RUNNING"
        limited.run(f"ALTER SERVICE {name} SUSPEND")
        with pytest.raises(ProgrammingError, match="DISALLOWED_SPCS_WORKLOAD_TYPES"):
            limited.run(f"ALTER SERVICE {name} RESUME")


def test_unknown_type_is_refused(account: RunningAccount) -> None:
    with pytest.raises(ProgrammingError, match="ML_JOB"):
        account.run("ALTER ACCOUNT SET ALLOWED_SPCS_WORKLOAD_TYPES = 'CRON'")
