"""Resource monitors: quotas that are kept and shown, for administrators only."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from snowflake.connector.errors import ProgrammingError

from tests.account.conftest import Place

CREATE = "CREATE RESOURCE MONITOR CAP WITH CREDIT_QUOTA = 10"


@pytest.fixture
def monitored(place: Place) -> Iterator[Place]:
    place.run(
        f"{CREATE} TRIGGERS ON 80 PERCENT DO NOTIFY ON 100 PERCENT DO SUSPEND",
        "CREATE OR REPLACE WAREHOUSE CAPPED INITIALLY_SUSPENDED = TRUE RESOURCE_MONITOR = CAP",
    )
    yield place
    place.run("DROP RESOURCE MONITOR IF EXISTS CAP", "DROP WAREHOUSE IF EXISTS CAPPED")


def test_a_monitor_is_shown_with_its_quota_and_its_warehouse(monitored: Place) -> None:
    (row,) = monitored.run("SHOW RESOURCE MONITORS LIKE 'CAP'")
    assert (row["credit_quota"], row["used_credits"], row["remaining_credits"]) == ("10.00", "0.00", "10.00")
    assert (row["notify_at"], row["suspend_at"], row["suspend_immediately_at"]) == ("80%", "100%", None)
    assert (row["level"], row["frequency"], row["owner"]) == ("WAREHOUSE", "MONTHLY", "ACCOUNTADMIN")
    (warehouse,) = monitored.run("SHOW WAREHOUSES LIKE 'CAPPED'")
    assert warehouse["resource_monitor"] == "CAP"


def test_quota_and_triggers_are_altered_and_the_warehouse_let_go(monitored: Place) -> None:
    monitored.run(
        "ALTER RESOURCE MONITOR CAP SET CREDIT_QUOTA = 20 TRIGGERS ON 50 PERCENT DO NOTIFY "
        "ON 90 PERCENT DO NOTIFY ON 110 PERCENT DO SUSPEND_IMMEDIATE",
        "ALTER RESOURCE MONITOR CAP SET FREQUENCY = DAILY START_TIMESTAMP = 'IMMEDIATELY'",
        "ALTER WAREHOUSE CAPPED UNSET RESOURCE_MONITOR",
    )
    (row,) = monitored.run("SHOW RESOURCE MONITORS LIKE 'CAP'")
    assert (row["credit_quota"], row["notify_at"], row["suspend_at"]) == ("20.00", "50%,90%", None)
    assert (row["suspend_immediately_at"], row["frequency"], row["level"]) == ("110%", "DAILY", None)
    assert monitored.run("SHOW WAREHOUSES LIKE 'CAPPED'")[0]["resource_monitor"] == "null"


def test_a_dropped_monitor_leaves_its_warehouse(monitored: Place) -> None:
    monitored.run("DROP RESOURCE MONITOR CAP")
    assert monitored.run("SHOW WAREHOUSES LIKE 'CAPPED'")[0]["resource_monitor"] == "null"


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        ("CREATE RESOURCE MONITOR BAD WITH CREDIT_QUOTA = 0", "CREDIT_QUOTA"),
        ("CREATE RESOURCE MONITOR BAD WITH CREDIT_QUOTA = 1 FREQUENCY = DAILY", "START_TIMESTAMP"),
        ("CREATE RESOURCE MONITOR BAD WITH CREDIT_QUOTA = 1 TRIGGERS ON 5 PERCENT DO NOTHING", "NOTHING"),
        (
            "CREATE RESOURCE MONITOR BAD WITH CREDIT_QUOTA = 1 TRIGGERS ON 5 PERCENT DO SUSPEND "
            "ON 6 PERCENT DO SUSPEND",
            "SUSPEND triggers",
        ),
        ("CREATE RESOURCE MONITOR BAD WITH CREDIT_QUOTA = 1 NOTIFY_USERS = (NOBODY_HERE)", "NOBODY_HERE"),
        ("ALTER RESOURCE MONITOR CAP TRIGGERS ON 5 PERCENT DO NOTIFY", "unexpected"),
        ("ALTER WAREHOUSE CAPPED SET RESOURCE_MONITOR = MISSING", "does not exist or not authorized"),
    ],
)
def test_what_cannot_be_is_refused(monitored: Place, statement: str, expected: str) -> None:
    with pytest.raises(ProgrammingError, match=expected):
        monitored.run(statement)


def test_only_the_administrator_makes_one(place: Place) -> None:
    with pytest.raises(ProgrammingError, match="Insufficient privileges"):
        place.run("USE ROLE SYSADMIN", CREATE)
    place.run("USE ROLE ACCOUNTADMIN")
