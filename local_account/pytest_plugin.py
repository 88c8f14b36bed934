"""Fixtures for pytest: a Snowflake account on this machine during a test session."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from local_account.host.embedded import running


@pytest.fixture(scope="session")
def snowflake_account_options() -> dict[str, Any]:
    """Arguments of `local_account.running`. A fixture of the same name in conftest.py replaces this one."""
    return {}


@pytest.fixture(scope="session")
def snowflake_account(snowflake_account_options: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Keyword arguments for `snowflake.connector.connect` to an account that all tests share."""
    with running(**snowflake_account_options) as connection_parameters:
        yield connection_parameters
