"""What a stack costs, and the budget that it must stay within."""

from __future__ import annotations

import pytest

from components.checks.cost import WAREHOUSE_CREDITS, BudgetError, cost_of, refuse_over_budget
from local_account.spcs.spec.families import FAMILIES
from settings import Settings
from settings.values import INSTANCE_FAMILIES, WAREHOUSE_SIZES
from tests.unit import program


def test_two_pools_and_the_warehouse() -> None:
    cost = cost_of(Settings(prefix="DEV", milvus_instance_family="CPU_X64_M", warehouse_size="SMALL"))
    assert cost.output() == {
        "computePools": {"DEV_MILVUS_COMPUTE_POOL": 0.22, "DEV_JUPYTER_COMPUTE_POOL": 0.11},
        "creditsPerHour": 0.33,
        "creditsPerMonth": 240.9,
        "warehouseCreditsPerHourWhileRunning": 2,
    }


def test_a_shared_pool_halves_the_cost() -> None:
    assert cost_of(Settings(shared_compute_pool=True)).monthly == cost_of(Settings()).monthly / 2


def test_every_warehouse_size_has_its_price() -> None:
    assert tuple(WAREHOUSE_CREDITS) == WAREHOUSE_SIZES


def test_the_local_account_has_nodes_of_the_same_size() -> None:
    sizes = {name: (family["vcpu"], family["memory"]) for name, family in INSTANCE_FAMILIES.items()}
    assert sizes == {name: (FAMILIES[name].vcpu, FAMILIES[name].memory) for name in sizes}
    assert all(FAMILIES[name].architecture == "amd64" and not FAMILIES[name].gpus for name in sizes)


def test_over_budget_is_refused_with_the_parts() -> None:
    cost = cost_of(Settings())
    refuse_over_budget(cost, 0)
    refuse_over_budget(cost, 161)
    with pytest.raises(BudgetError) as refused:
        refuse_over_budget(cost, 160)
    for text in (
        "160.6",
        "monthlyCreditBudget is 160",
        "MILVUS_COMPUTE_POOL: 0.11",
        "80.3",
        "set monthlyCreditBudget 161",
    ):
        assert text in str(refused.value)


def test_nothing_is_registered_over_budget() -> None:
    made = program.Program()
    with pytest.raises(BudgetError):
        program.run({"monthlyCreditBudget": 100}, program=made)
    assert not made.resources
