"""Refresh, import, and deletion, also of what is gone already."""

from __future__ import annotations

from typing import Any

import pytest

from standins.snowflake_plugin.errors import PluginError, SnowflakeError
from tests.plugin import rows
from tests.plugin.account import MISSING, Answer, ScriptedAccount, checked, kind

PLACE = {"database": "D", "schema": "S", "name": "N"}
FULL = '"D"."S"."N"'
SHOW_SERVICE = 'SHOW SERVICES LIKE \'N\' IN SCHEMA "D"."S"'
SERVICE = {**PLACE, "computePool": "P", "fromSpecification": {"text": "a"}}


def service_state(**outputs: Any) -> dict[str, Any]:
    return {
        **checked("Service", **SERVICE),
        "showOutputs": [{"minInstances": 1, "autoResume": True}],
        **outputs,
    }


def test_refresh_follows_changes_made_outside() -> None:
    changed = rows.service(min_instances=2, comment="x", compute_pool="P", auto_resume="true")
    account = ScriptedAccount({SHOW_SERVICE: changed, f"DESCRIBE SERVICE {FULL}": changed})

    state = kind("Service").read(account, FULL, service_state())

    assert state is not None
    assert (state["minInstances"], state["comment"], state["autoResume"]) == (2, "x", "default")
    assert state["fromSpecification"] == {"text": "a"}
    changes = kind("Service").changes(account, FULL, state, checked("Service", **SERVICE))
    assert changes == {"minInstances": False, "comment": False}


def test_refresh_drops_what_is_gone() -> None:
    assert kind("Service").read(ScriptedAccount({SHOW_SERVICE: []}), FULL, service_state()) is None


@pytest.mark.parametrize("gone", ["schema", "database"])
def test_refresh_drops_what_is_gone_with_its_parents(gone: str) -> None:
    answers: dict[str, Answer] = {
        SHOW_SERVICE: MISSING,
        "SHOW SCHEMAS LIKE 'S' IN DATABASE \"D\"": [] if gone == "schema" else MISSING,
        "SHOW DATABASES LIKE 'D'": [],
    }

    assert kind("Service").read(ScriptedAccount(answers), FULL, service_state()) is None


def test_refresh_reports_what_may_not_be_seen() -> None:
    answers: dict[str, Answer] = {
        SHOW_SERVICE: MISSING,
        "SHOW SCHEMAS LIKE 'S' IN DATABASE \"D\"": [{"name": "S"}],
        "SHOW DATABASES LIKE 'D'": [{"name": "D"}],
    }

    with pytest.raises(
        SnowflakeError, match=r"002003 \(02000\): Object 'X' does not exist or not authorized"
    ):
        kind("Service").read(ScriptedAccount(answers), FULL, service_state())


def test_import_takes_settings_over() -> None:
    found = rows.service(min_instances=2, max_instances=3, query_warehouse="W", comment="c")
    account = ScriptedAccount({SHOW_SERVICE: found, f"DESCRIBE SERVICE {FULL}": found})

    state = kind("Service").read(account, FULL, {})

    assert state is not None
    assert {
        key: state[key] for key in (*PLACE, "computePool", "minInstances", "queryWarehouse", "comment")
    } == {
        **PLACE,
        "computePool": '"P"',
        "minInstances": 2,
        "queryWarehouse": "W",
        "comment": "c",
    }


def test_import_of_an_id_of_the_wrong_shape() -> None:
    with pytest.raises(ValueError, match=r"expected <database>\.<schema>\.<name>, got 1 parts"):
        kind("Service").read(ScriptedAccount(), "N", {})


def test_import_of_a_parameter_takes_only_what_is_set_there() -> None:
    account = ScriptedAccount(
        {
            "SHOW WAREHOUSES LIKE 'W'": rows.warehouse(),
            'SHOW PARAMETERS IN WAREHOUSE "W"': [
                rows.parameter("MAX_CONCURRENCY_LEVEL", "4", "WAREHOUSE"),
                rows.parameter("STATEMENT_TIMEOUT_IN_SECONDS", "9", ""),
            ],
        }
    )

    state = kind("Warehouse").read(account, "W", {})

    assert state is not None
    assert (state["maxConcurrencyLevel"], "statementTimeoutInSeconds" in state) == (4, False)
    assert (state["autoResume"], state["warehouseSize"], state["resourceMonitor"]) == ("true", "X-Small", "")


DELETES: list[tuple[str, str, dict[str, Any], list[str]]] = [
    (
        "ComputePool",
        "P",
        {},
        ['ALTER COMPUTE POOL IF EXISTS "P" STOP ALL', 'DROP COMPUTE POOL IF EXISTS "P"'],
    ),
    ("Service", FULL, {}, [f"DROP SERVICE IF EXISTS {FULL} FORCE"]),
    ("JobService", FULL, {}, [f"DROP SERVICE IF EXISTS {FULL} FORCE"]),
    ("ImageRepository", FULL, {}, [f"DROP IMAGE REPOSITORY IF EXISTS {FULL}"]),
    ("Schema", '"D"."S"', {}, ['DROP SCHEMA IF EXISTS "D"."S"']),
    ("AccountRole", "R", {"name": "R2"}, ['DROP ROLE IF EXISTS "R2"']),
    ("GrantAccountRole", '"R"|USER|"U"', {}, ['REVOKE ROLE "R" FROM USER "U"']),
    ("Execute", "id", {"revert": "DROP X"}, ["DROP X"]),
    (
        "UserPublicKeys",
        "U",
        {},
        ['ALTER USER "U" UNSET RSA_PUBLIC_KEY', 'ALTER USER "U" UNSET RSA_PUBLIC_KEY_2'],
    ),
    (
        "UserProgrammaticAccessToken",
        '"U"|"T"',
        {"user": "U", "name": "T"},
        ['ALTER USER "U" REMOVE PROGRAMMATIC ACCESS TOKEN "T"'],
    ),
]


@pytest.mark.parametrize(("name", "resource_id", "state", "statements"), DELETES, ids=[c[0] for c in DELETES])
def test_delete(name: str, resource_id: str, state: dict[str, Any], statements: list[str]) -> None:
    account = ScriptedAccount()

    kind(name).delete(account, resource_id, state)

    assert account.statements == statements


def test_deleting_what_went_with_its_schema_is_no_error() -> None:
    answers: dict[str, Answer] = {
        f"DROP SERVICE IF EXISTS {FULL} FORCE": MISSING,
        "SHOW SCHEMAS LIKE 'S' IN DATABASE \"D\"": [],
    }

    kind("Service").delete(ScriptedAccount(answers), FULL, {})


def test_deleting_what_may_not_be_dropped_is_an_error() -> None:
    refused = SnowflakeError(3001, "42501", "Insufficient privileges to operate on service 'N'")

    with pytest.raises(SnowflakeError, match="Insufficient privileges"):
        kind("Service").delete(ScriptedAccount({f"DROP SERVICE IF EXISTS {FULL} FORCE": refused}), FULL, {})


def test_execute_queries_but_never_runs_again() -> None:
    account = ScriptedAccount({"SHOW X": [{"name": "a", "n": 1, "ok": True, "none": None}]})
    state = kind("Execute").read(
        account, "id", {"execute": "CREATE X", "revert": "DROP X", "query": "SHOW X"}
    )

    assert account.statements == ["SHOW X"]
    assert state is not None
    assert state["queryResults"] == [{"name": "a", "n": "1", "ok": "true", "none": None}]


def test_a_failing_query_is_a_warning() -> None:
    account = ScriptedAccount({"SHOW X": MISSING})
    inputs = {"execute": "CREATE X", "revert": "DROP X", "query": "SHOW X"}

    _, state = kind("Execute").create(account, inputs)

    assert "queryResults" not in state
    assert account.warnings == [
        "SQL query statement failed: 002003 (02000): Object 'X' does not exist or not authorized."
    ]


def test_execute_cannot_be_imported() -> None:
    with pytest.raises(PluginError, match="cannot be imported"):
        kind("Execute").read(ScriptedAccount(), "id", {})


def test_a_user_who_is_gone_takes_the_keys_along() -> None:
    account = ScriptedAccount({'DESCRIBE USER "U"': MISSING})

    assert kind("UserPublicKeys").read(account, "U", {"name": "U"}) is None


TOKENS = 'SHOW USER PROGRAMMATIC ACCESS TOKENS FOR USER "U"'
TOKEN = {"name": "T", "user_name": "U", "status": "ACTIVE", "role_restriction": "R", "comment": ""}


def test_token_is_made_and_rotated() -> None:
    added = 'ALTER USER "U" ADD PROGRAMMATIC ACCESS TOKEN "T" ROLE_RESTRICTION = "R" DAYS_TO_EXPIRY = 7'
    rotated = 'ALTER USER "U" ROTATE PROGRAMMATIC ACCESS TOKEN "T" EXPIRE_ROTATED_TOKEN_AFTER_HOURS = 0'
    account = ScriptedAccount(
        {
            TOKENS: [TOKEN],
            added: [{"token_name": "T", "token_secret": "one"}],
            rotated: [{"token_name": "T", "token_secret": "two", "rotated_token_name": "T_OLD"}],
        }
    )
    resource = kind("UserProgrammaticAccessToken")
    inputs = {
        "user": "U",
        "name": "T",
        "roleRestriction": "R",
        "daysToExpiry": 7,
        "expireRotatedTokenAfterHours": 0,
    }
    olds = checked("UserProgrammaticAccessToken", **inputs, keeper="1")

    made, state = resource.create(account, olds)
    assert (made, state["token"]) == ('"U"|"T"', "one")

    news = checked("UserProgrammaticAccessToken", **inputs, keeper="2")
    state = resource.update(account, made, state, news)
    assert (state["token"], state["rotatedTokenName"]) == ("two", "T_OLD")
    assert account.written() == [added, rotated]


def test_a_revoked_token_is_gone() -> None:
    state = {"user": "U", "name": "T"}
    assert kind("UserProgrammaticAccessToken").read(ScriptedAccount({TOKENS: []}), '"U"|"T"', state) is None
