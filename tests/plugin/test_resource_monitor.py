"""Resource monitors: what ALTER is sent, what Snowflake cannot take back, and changes made outside."""

from __future__ import annotations

from typing import Any

import pytest

from tests.plugin import rows
from tests.plugin.account import ScriptedAccount, checked, kind

SHOW = "SHOW RESOURCE MONITORS LIKE 'M'"
INPUTS = {"name": "M", "creditQuota": 10, "notifyTriggers": [80], "suspendTrigger": 100}
ALTER = 'ALTER RESOURCE MONITOR "M" SET '
TRIGGERS = " TRIGGERS ON 80 PERCENT DO NOTIFY ON 100 PERCENT DO SUSPEND"
CHANGES: list[tuple[dict[str, Any], list[str]]] = [
    ({"creditQuota": 20}, [f"{ALTER}CREDIT_QUOTA = 20"]),
    ({"creditQuota": None}, [f"{ALTER}CREDIT_QUOTA = null"]),
    (
        {"notifyTriggers": [50, 80]},
        [
            f"{ALTER}CREDIT_QUOTA = 10 TRIGGERS ON 50 PERCENT DO NOTIFY ON 80 PERCENT DO NOTIFY"
            " ON 100 PERCENT DO SUSPEND"
        ],
    ),
    ({"notifyUsers": ["U"]}, [f'{ALTER}NOTIFY_USERS = ("U")']),
    (
        {"frequency": "weekly", "startTimestamp": "IMMEDIATELY"},
        [f"{ALTER}FREQUENCY = WEEKLY START_TIMESTAMP = 'IMMEDIATELY'"],
    ),
]


def made(**inputs: Any) -> dict[str, Any]:
    account = ScriptedAccount({SHOW: rows.monitor()})
    _, state = kind("ResourceMonitor").create(account, checked("ResourceMonitor", **{**INPUTS, **inputs}))
    return state


@pytest.mark.parametrize(("change", "statements"), CHANGES, ids=[next(iter(change)) for change, _ in CHANGES])
def test_a_change_is_made_in_place(change: dict[str, Any], statements: list[str]) -> None:
    account = ScriptedAccount({SHOW: rows.monitor()})
    wanted = {key: value for key, value in {**INPUTS, **change}.items() if value is not None}
    state, news = made(), checked("ResourceMonitor", **wanted)

    difference = kind("ResourceMonitor").diff(account, "M", state, news)
    kind("ResourceMonitor").update(account, "M", state, news)

    assert set(difference.changes) == set(change)
    assert difference.replaces == []
    assert account.written() == statements


def test_the_last_trigger_cannot_be_taken_away() -> None:
    news = checked("ResourceMonitor", name="M", creditQuota=10)
    difference = kind("ResourceMonitor").diff(ScriptedAccount(), "M", made(), news)
    assert sorted(difference.replaces) == ["notifyTriggers", "suspendTrigger"]


def test_an_interval_stays_that_is_no_longer_given() -> None:
    state = made(frequency="WEEKLY", startTimestamp="IMMEDIATELY")
    news = checked("ResourceMonitor", **INPUTS)
    assert kind("ResourceMonitor").diff(ScriptedAccount(), "M", state, news).changes == {}


def test_refresh_follows_changes_made_outside() -> None:
    account = ScriptedAccount({SHOW: rows.monitor(credit_quota="30.00", notify_at="50%,80%")})
    state = kind("ResourceMonitor").read(account, "M", made())
    assert state is not None
    assert (state["creditQuota"], state["notifyTriggers"], state["suspendTrigger"]) == (30, [50, 80], 100)
    changes = kind("ResourceMonitor").changes(account, "M", state, checked("ResourceMonitor", **INPUTS))
    assert set(changes) == {"creditQuota", "notifyTriggers"}


def test_a_frequency_needs_a_start() -> None:
    _, failures = kind("ResourceMonitor").check("unit", {}, {**INPUTS, "frequency": "DAILY"})
    assert [failure.property for failure in failures] == ["frequency"]


def test_an_import_leaves_nothing_to_change() -> None:
    account = ScriptedAccount({SHOW: rows.monitor()})
    state = kind("ResourceMonitor").read(account, "M", {})
    assert state is not None
    declared = {key: state[key] for key in INPUTS}
    assert declared == INPUTS
    left_open = {key: value for key, value in state.items() if key not in ("frequency", "startTimestamp")}
    assert (
        kind("ResourceMonitor").diff(account, "M", left_open, checked("ResourceMonitor", **INPUTS)).changes
        == {}
    )
