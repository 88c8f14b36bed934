"""CREATE statements, ids, and what is read back."""

from __future__ import annotations

from typing import Any

import pytest

from standins.snowflake_plugin.errors import PartialError, SnowflakeError
from tests.plugin import rows
from tests.plugin.account import Answer, ScriptedAccount, checked, kind
from tests.plugin.creations import CASES


@pytest.mark.parametrize(
    ("name", "inputs", "resource_id", "statements", "answers"),
    CASES,
    ids=lambda v: v if isinstance(v, str) and v[0].isupper() else "",
)
def test_create_sends_the_official_statements_and_nothing_is_left_to_change(
    name: str, inputs: dict[str, Any], resource_id: str, statements: list[str], answers: dict[str, Answer]
) -> None:
    account, resource, news = ScriptedAccount(answers), kind(name), checked(name, **inputs)

    made, state = resource.create(account, news)

    assert made == resource_id
    assert account.written() == statements
    assert set(answers) <= set(account.statements)
    own = {"maxConcurrencyLevel", "dataRetentionTimeInDays", "logLevel", "timezone"} & set(inputs)
    without = {key: value for key, value in news.items() if key not in own}
    assert resource.changes(account, made, {**state, **dict.fromkeys(own)}, without) == {}


@pytest.mark.parametrize("case", CASES, ids=[case[0] for case in CASES])
def test_a_plan_without_changes_asks_for_parameters_only(case: Any) -> None:
    name, inputs, resource_id, _, answers = case
    resource, news = kind(name), checked(name, **inputs)
    account = ScriptedAccount({key: answer for key, answer in answers.items() if "PARAMETERS" in key})

    resource.diff(account, resource_id, news, news)

    asked = [key for key in answers if key.startswith("SHOW PARAMETERS IN")]
    assert account.statements == asked
    asks = {"Warehouse", "Database", "Schema", "User", "ServiceUser", "LegacyServiceUser"}
    assert bool(asked) == (name in asks)


def test_an_existing_schema_public_is_adopted() -> None:
    schema = {"name": "PUBLIC", "options": ""}
    account = ScriptedAccount(
        {
            "SHOW SCHEMAS LIKE 'PUBLIC' IN DATABASE \"D\"": [schema],
            'SHOW PARAMETERS IN SCHEMA "D"."PUBLIC"': [],
            'DESCRIBE SCHEMA "D"."PUBLIC"': [{"name": "PUBLIC"}],
        }
    )

    kind("Schema").create(account, checked("Schema", name="PUBLIC", database="D", comment="c"))

    disable, comment, unset = account.written()
    assert disable == 'ALTER SCHEMA "D"."PUBLIC" DISABLE MANAGED ACCESS'
    assert comment == 'ALTER SCHEMA "D"."PUBLIC" SET COMMENT = \'c\''
    assert unset.startswith('ALTER SCHEMA "D"."PUBLIC" UNSET DATA_RETENTION_TIME_IN_DAYS, MAX_DATA')
    assert unset.count(",") == 19


def test_what_was_made_is_kept_when_it_cannot_be_read_back() -> None:
    refused = SnowflakeError(3001, "42501", "Insufficient privileges")
    account = ScriptedAccount({"SHOW ROLES LIKE 'R'": refused})

    with pytest.raises(PartialError, match=r"003001 \(42501\): Insufficient privileges") as caught:
        kind("AccountRole").create(account, checked("AccountRole", name="R"))

    assert (caught.value.resource_id, caught.value.state["name"]) == ("R", "R")


def test_outputs_have_the_sdk_s_types() -> None:
    account = ScriptedAccount(
        {"SHOW COMPUTE POOLS LIKE 'P'": rows.pool(), 'DESCRIBE COMPUTE POOL "P"': rows.pool(error_code="")}
    )
    inputs = checked("ComputePool", name="P", minNodes=1, maxNodes=1, instanceFamily="CPU_X64_XS")

    _, state = kind("ComputePool").create(account, inputs)

    shown = state["showOutputs"][0]
    assert (shown["autoResume"], shown["minNodes"], shown["comment"]) == (True, 1, "")
    assert shown["backupInstanceFamilies"] == []
    assert state["describeOutputs"][0]["errorCode"] == ""
    assert state["fullyQualifiedName"] == '"P"'
    assert (state["autoResume"], state["autoSuspendSecs"]) == ("default", -1)
    assert set(inputs["__defaults"]) == {"autoResume", "autoSuspendSecs", "initiallySuspended"}
