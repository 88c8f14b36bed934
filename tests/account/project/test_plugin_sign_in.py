"""The stand-in for the Snowflake plugin, whose resources all sign in at once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from standins.snowflake_plugin.config import Settings
from standins.snowflake_plugin.errors import SnowflakeError
from standins.snowflake_plugin.session import Pool
from tests.account.conftest import RunningAccount


def pool(account: RunningAccount, password: str) -> Pool:
    values = {
        "organizationName": "LOCAL",
        "accountName": "MILVUS",
        "host": "localhost",
        "port": account.settings.port,
        "protocol": "http",
        "user": "PLUGIN_USER",
        "password": password,
    }
    return Pool(Settings(values), print)


def test_wrong_password_is_tried_once_and_does_not_lock_the_user(account: RunningAccount) -> None:
    account.run("CREATE USER PLUGIN_USER PASSWORD = 'Sesame-opens-1'")
    wrong = pool(account, "wrong")

    def refused(_: int) -> None:
        with pytest.raises(SnowflakeError, match="Incorrect username or password"):
            wrong.run("SELECT 1")

    with ThreadPoolExecutor(12) as workers:
        list(workers.map(refused, range(12)))
    right = pool(account, "Sesame-opens-1")
    with ThreadPoolExecutor(12) as workers:
        rows = list(workers.map(lambda number: right.run(f"SELECT {number} AS N"), range(12)))
    assert rows == [[{"N": number}] for number in range(12)]
    right.close()
