"""The warehouse's credits per month: a resource monitor, which only an administrator can make."""

from __future__ import annotations

import pytest

from components.objects.warehouse import MonitorError, require_monitor_role
from settings import SettingsError
from tests.unit import program


def test_without_the_setting_there_is_no_monitor() -> None:
    ran = program.run({})
    assert ran.of_type("ResourceMonitor") == []
    assert "resourceMonitor" not in ran.named("warehouse").inputs


def test_the_monitor_notifies_and_suspends_and_has_the_prefix() -> None:
    ran = program.run({"warehouseMonthlyCredits": 50, "prefix": "DEV"})
    (monitor,) = ran.of_type("ResourceMonitor")
    assert monitor.inputs == {
        "name": "DEV_MILVUS_MONITOR",
        "creditQuota": 50,
        "notifyTriggers": [80],
        "suspendTrigger": 100,
    }
    assert ran.provider_name(monitor) == "deployer"
    assert ran.named("warehouse").inputs["resourceMonitor"] == "DEV_MILVUS_MONITOR"


@pytest.mark.parametrize("role", ["MILVUS_DEPLOYER", "SYSADMIN"])
def test_another_role_is_refused_with_the_way_out(role: str) -> None:
    with pytest.raises(MonitorError, match=rf"role {role} deploys.*snowflake:role ACCOUNTADMIN"):
        require_monitor_role(50, role)
    require_monitor_role(0, role)
    require_monitor_role(50, "accountadmin")


def test_the_refusal_comes_before_the_first_resource() -> None:
    with pytest.raises(MonitorError, match="Nothing was changed"):
        program.run({"warehouseMonthlyCredits": 50}, connection={**program.CONNECTION, "role": "SYSADMIN"})


def test_a_warehouse_of_others_gets_none() -> None:
    with pytest.raises(SettingsError, match="warehouseMonthlyCredits"):
        program.run({"warehouseMonthlyCredits": 50, "existingWarehouse": "COMPUTE_WH"})
