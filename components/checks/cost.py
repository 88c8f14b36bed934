"""What a stack costs: the credits of its compute pools, and of its warehouse while the warehouse runs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from components.account.errors import BudgetError
from settings import Settings
from settings.values import INSTANCE_FAMILIES, WAREHOUSE_SIZES

HOURS = 730
"""Hours in a month."""
# https://docs.snowflake.com/en/user-guide/warehouses-overview#warehouse-size
WAREHOUSE_CREDITS = {size: 2**power for power, size in enumerate(WAREHOUSE_SIZES)}


@dataclass(frozen=True)
class Cost:
    """Credits of a stack that runs all the time.

    Attributes:
        pools: credits per hour of each compute pool, with all its nodes.
        warehouse: credits per hour of the warehouse while it runs; it suspends itself between queries. None:
            the stack uses an existing warehouse.
    """

    pools: Mapping[str, float]
    warehouse: float | None

    @property
    def hourly(self) -> float:
        """Credits per hour of all pools."""
        return round(sum(self.pools.values()), 3)

    @property
    def monthly(self) -> float:
        """Credits per month of 730 hours of all pools."""
        return round(self.hourly * HOURS, 1)

    def output(self) -> dict[str, Any]:
        """The stack output `cost`."""
        return {
            "computePools": dict(self.pools),
            "creditsPerHour": self.hourly,
            "creditsPerMonth": self.monthly,
            **({"warehouseCreditsPerHourWhileRunning": self.warehouse} if self.warehouse else {}),
        }


def cost_of(chosen: Settings) -> Cost:
    """The cost of a stack with these settings, without storage and data transfer."""
    families = {"MILVUS_COMPUTE_POOL": chosen.milvus_instance_family}
    if not chosen.shared_compute_pool:
        families["JUPYTER_COMPUTE_POOL"] = chosen.jupyter_instance_family
    return Cost(
        {chosen.named(pool): INSTANCE_FAMILIES[family]["credits"] for pool, family in families.items()},
        None if chosen.existing_warehouse else WAREHOUSE_CREDITS[chosen.warehouse_size],
    )


def refuse_over_budget(cost: Cost, budget: int) -> None:
    """Stop the program if its compute pools cost more than the budget.

    Args:
        cost: the cost of the stack.
        budget: credits per month; 0: no limit.

    Raises:
        BudgetError: the compute pools cost more.
    """
    if not budget or cost.monthly <= budget:
        return
    parts = "\n".join(
        f"  {pool}: {credits} credits per hour, {round(credits * HOURS, 1)} per month"
        for pool, credits in cost.pools.items()
    )
    raise BudgetError(
        f"Nothing was changed. The stack's compute pools would cost {cost.monthly} credits per month of "
        f"{HOURS} hours, monthlyCreditBudget is {budget}:\n{parts}\n"
        "Choose smaller instance families, set sharedComputePool, or raise the budget "
        f"(pulumi config set monthlyCreditBudget {int(cost.monthly) + 1})."
    )
