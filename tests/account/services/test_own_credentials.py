"""Containers that sign in with credentials of users, and the network rules about compute pools.

https://docs.snowflake.com/en/developer-guide/snowpark-container-services/spcs-execute-sql
"""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.account.conftest import RunningAccount
from tests.account.services.test_attack_container import SESSION
from tests.account.spcs_world import DATABASE, POOL, World

pytestmark = pytest.mark.docker

PASSWORD = "Own-credentials-1"
CUSTOM = {"securityContext": {"enableCustomCredentials": True}}
SIGN_IN = f"""{SESSION}
import os
origin = open('/snowflake/session/spcs_token').read()
def enter(user, token=origin):
    data = {{"LOGIN_NAME": user, "PASSWORD": {PASSWORD!r}, "SPCS_TOKEN": token}}
    answer = ask("/session/v1/login-request", {{"data": data}})
    return (answer["data"].get("token") if answer["success"] else "") or answer["code"]
"""


def policies(account: RunningAccount) -> dict[str, str]:
    """Users, each with a network policy of its own; user to what the policy allows."""
    rule = f"{DATABASE}.PUBLIC.OC"
    lists = {
        "OC_POOL": f"ALLOWED_NETWORK_RULE_LIST = ('{rule}_POOL', '{rule}_EVERYWHERE')",
        "OC_ALL": f"ALLOWED_NETWORK_RULE_LIST = ('{rule}_ALL')",
        "OC_OTHER": f"ALLOWED_NETWORK_RULE_LIST = ('{rule}_OTHER')",
        "OC_ADDRESS": f"ALLOWED_NETWORK_RULE_LIST = ('{rule}_EVERYWHERE')",
        "OC_BLOCKED": f"ALLOWED_NETWORK_RULE_LIST = ('{rule}_ALL') "
        f"BLOCKED_NETWORK_RULE_LIST = ('{rule}_POOL')",
    }
    statements = [
        f"CREATE OR REPLACE NETWORK RULE {rule}_{name} TYPE = {kind} MODE = INGRESS VALUE_LIST = ('{value}')"
        for name, kind, value in (
            ("POOL", "COMPUTE_POOL", POOL),
            ("ALL", "COMPUTE_POOL", "ALL"),
            ("OTHER", "COMPUTE_POOL", "OTHER_POOL"),
            ("EVERYWHERE", "IPV4", "0.0.0.0/0"),
        )
    ]
    for user, allowed in lists.items():
        statements += [
            f"CREATE NETWORK POLICY {user} {allowed}",
            f"CREATE USER {user} PASSWORD = '{PASSWORD}'",
            f"ALTER USER {user} SET NETWORK_POLICY = {user}",
        ]
    account.run(*statements, f"CREATE USER OC_FREE PASSWORD = '{PASSWORD}'", role="ACCOUNTADMIN")
    return lists


def forget(account: RunningAccount, names: list[str]) -> None:
    users = [f"DROP USER {name}" for name in [*names, "OC_FREE"]]
    rules = [f"DROP NETWORK RULE {DATABASE}.PUBLIC.OC_{x}" for x in ("POOL", "ALL", "OTHER", "EVERYWHERE")]
    account.run(*users, *(f"DROP NETWORK POLICY {name}" for name in names), *rules, role="ACCOUNTADMIN")


def job(world: World, code: str, **parts: Any) -> list[Any]:
    """What a job wrote, as JSON; it is dropped."""
    try:
        document = json.loads(world.spec(code).split("$$")[1])
        text = f"FROM SPECIFICATION $${json.dumps({**document, **parts})}$$"
        world.run(f"EXECUTE JOB SERVICE IN COMPUTE POOL {POOL} NAME = OC_JOB {text}")
        return json.loads(world.logs("OC_JOB"))
    finally:
        world.run("DROP SERVICE IF EXISTS OC_JOB")


def test_credentials_of_users_in_containers(world: World, account: RunningAccount) -> None:
    names = list(policies(account))
    try:
        code = f"""{SIGN_IN}
names = {[*names, "OC_FREE"]!r}
codes = {{name: enter(name) for name in names}}
row = run(codes["OC_POOL"], "SELECT CURRENT_USER()")
marks = [os.environ.get(name) for name in
         ("SNOWFLAKE_RUNNING_INSIDE_SPCS", "SKIP_TOKEN_FILE_PERMISSIONS_VERIFICATION")]
print(json.dumps([{{name: len(code) > 6 or code for name, code in codes.items()}}, row, marks,
                  enter("OC_FREE", ""), enter("OC_FREE", "x")]))"""
        codes, row, marks, without, wrong = job(world, code, capabilities=CUSTOM)
        # Rules about addresses do not count for containers.
        assert codes == {
            "OC_POOL": True,
            "OC_ALL": True,
            "OC_OTHER": "390422",
            "OC_ADDRESS": "390422",
            "OC_BLOCKED": "390422",
            "OC_FREE": True,
        }
        assert row == [["OC_POOL"]]
        assert marks == ["true", "true"]
        assert (without, wrong) == ("395090", "390303")
        assert job(world, f"{SIGN_IN}print(json.dumps([enter('OC_FREE')]))") == ["395090"]
        # Outside of containers rules about pools do not count, but addresses do.
        account.connect(user="OC_POOL", password=PASSWORD).close()
    finally:
        forget(account, names)


def test_tokens_stand_where_drivers_look(world: World) -> None:
    code = """
import json, os
print(json.dumps([sorted(os.listdir('/snowflake/session')), os.path.exists('/run/own/token')]))"""
    for path, listed in (("/run/own", ["spcs_token"]), ("/snowflake/session/own", ["own", "spcs_token"])):
        document = json.loads(world.spec(code.replace("/run/own", path)).split("$$")[1])
        document["spec"]["containers"][0]["sessionTokenConfig"] = {"path": path}
        assert job(world, "", **document) == [listed, True]
