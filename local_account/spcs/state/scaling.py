"""How many instances a service should have, by what its containers use.

A decision needs evaluations of the whole stabilization period that agree, an end of the last scaling, and
two minutes since then. Measurements begin anew with the server, so decisions do too.
See https://docs.snowflake.com/en/developer-guide/snowpark-container-services/scaling-services
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from local_account.base.result import now
from local_account.catalog.catalog import Object
from local_account.identity.account import Account
from local_account.spcs.spec import units
from local_account.spcs.spec.scaling_spec import POLICIES
from local_account.spcs.state.lifecycle import suspend
from local_account.spcs.state.measures import INTERVAL, Measures, Usage
from local_account.spcs.state.observed import SERVICE, Observed
from local_account.spcs.state.scheduler import CPU_SCALING, TARGET, target_instances

PERIOD = 30.0
"""Seconds between two evaluations."""
_PAUSE = 120.0
_CPU_SECONDS, _CPU_SHARE = 300, 0.8
_SCALED_ON = "SCALED_ON"
_CONTAINER = "snow.service.container.name"
Condition = dict[str, Any]
_Usages = dict[tuple[int, str], list[Usage]]


def scales(item: Object) -> bool:
    """Whether the number of a service's instances may change by itself."""
    properties = item.properties
    if properties["IS_JOB"] or properties["SUSPENDED"] or properties.get("RESULT"):
        return False
    by_cpu = properties.get(CPU_SCALING) and properties["MAX_INSTANCES"] > properties["MIN_INSTANCES"]
    return bool(by_cpu) or "resourceManagement" in properties["SPEC"]["spec"]


def scale_all(account: Account) -> None:
    """Change the number of instances of each service that needs it, or suspend the service."""
    for item in account.catalog.objects(SERVICE):
        if scales(item) and (decided := decide(account, item, now())) is not None:
            _apply(account, item, decided)


def decide(account: Account, item: Object, moment: float) -> int | None:
    """The number of instances that a service should have now; 0 to suspend it, None to leave it as it is."""
    properties, current = item.properties, target_instances(item)
    if moment - properties.get(_SCALED_ON, 0.0) < _PAUSE:
        return None
    states = account.part(Observed).instances(item.id)
    if len(states) != current or any(state.status != "READY" for state in states.values()):
        return None
    measured = account.part(Measures).of(item.id)
    usages = {key: found for key, found in measured.items() if key[0] in states}
    low, high = properties["MIN_INSTANCES"], properties["MAX_INSTANCES"]
    policies = properties["SPEC"]["spec"].get("resourceManagement", {}).get("autoScalingPolicies")
    if policies is None:
        wanted = _by_cpu(item, usages, current, moment)
        return _changed(wanted, current, low, high)
    # Their order is their priority.
    for kind, key in POLICIES.items():
        if kind in policies:
            wanted = _by_policy(kind, policies[kind][key], usages, current, moment)
            if kind == "suspend" and wanted is not None:
                return 0
            if (found := _changed(wanted, current, low, high)) is not None:
                return found
    return None


def _changed(wanted: int | None, current: int, low: int, high: int) -> int | None:
    within = current if wanted is None else min(max(wanted, low), high)
    return None if within == current else within


def _apply(account: Account, item: Object, wanted: int) -> None:
    with account.catalog.transaction():
        fresh = account.catalog.by_id(item.id)
        # A statement may have changed the service since it was looked at.
        if fresh is None or fresh.properties != item.properties:
            return
        if wanted == 0:
            suspend(account.catalog, fresh)
            return
        fresh.properties |= {TARGET: wanted, _SCALED_ON: now()}
        account.catalog.save(fresh)


# By CPU


def _by_cpu(item: Object, usages: _Usages, current: int, moment: float) -> int | None:
    """One instance more above 80 % of the requested CPUs, one less where the others can do its work."""
    requested = sum(
        units.cpus(container["resources"]["requests"]["cpu"])
        for container in item.properties["SPEC"]["spec"]["containers"]
    )
    condition = {"metricName": "container.cpu.usage", "stabilizationPeriodSecs": _CPU_SECONDS}
    shares = []
    for values in _points(condition, usages, moment):
        if not values or not requested:
            return None
        shares.append(sum(values) / (requested * current))
    if min(shares) > _CPU_SHARE:
        return current + 1
    if max(shares) < _CPU_SHARE and max(shares) * current / _CPU_SHARE <= current - 1:
        return current - 1
    return None


# By policies


def _by_policy(
    kind: str, conditions: list[Condition], usages: _Usages, current: int, moment: float
) -> int | None:
    """The recommended number of instances; 0 to suspend; None when the policy does not apply."""
    found = [_recommended(kind, entry["metricCondition"], usages, current, moment) for entry in conditions]
    met = [count for count in found if count is not None]
    if not met or (kind != "scaleUp" and len(met) < len(found)):
        return None
    if kind == "suspend":
        return 0
    best = max(met)
    # A policy for more instances never takes one away, nor the other way round.
    return best if (best > current) == (kind == "scaleUp") else None


def _recommended(kind: str, condition: Condition, usages: _Usages, current: int, moment: float) -> int | None:
    """The largest recommendation of the stabilization period; None unless every evaluation has one."""
    aggregate = {"min": min, "max": max, "avg": lambda values: sum(values) / len(values)}
    counts = []
    for values in _points(condition, usages, moment):
        if not values:
            return None
        count = _count(kind, condition, aggregate[condition["aggregationType"]](values), current)
        if count is None:
            return None
        counts.append(count)
    return max(counts)


def _count(kind: str, condition: Condition, value: float, current: int) -> int | None:
    if "targetScaling" in condition:
        target = condition["targetScaling"]["targetValue"]
        if value < target if kind == "scaleUp" else value > target:
            return None
        return math.ceil(current * value / target) if target else current + (kind == "scaleUp")
    steps = condition["stepScaling"]
    for step in steps["scalingSteps"]:
        if step.get("lowerBound", 0) <= value < step.get("upperBound", math.inf):
            return _adjusted(steps["adjustmentType"], step["targetAdjustment"], kind == "scaleUp", current)
    return None


def _adjusted(kind: str, amount: int, upwards: bool, current: int) -> int:
    if kind == "exactInstanceCount":
        return max(1, amount)
    if kind == "percentChangeInstanceCount":
        part = current * amount / 100
        return current + math.ceil(part) if upwards else max(1, current - math.floor(part))
    return current + amount if upwards else max(1, current - amount)


def _points(condition: Condition, usages: _Usages, moment: float) -> Iterator[list[float]]:
    """The values of each evaluation in the stabilization period, of all containers that it is about.

    An evaluation is empty when a container has no measurement in it.
    """
    chosen = [found for (_, name), found in usages.items() if _is_about(condition, name)]
    begin = moment - condition["stabilizationPeriodSecs"] + INTERVAL
    if any(not found or found[0].time > begin for found in chosen):
        yield []
        return
    for number in range(max(1, round(condition["stabilizationPeriodSecs"] / PERIOD))):
        end = moment - number * PERIOD
        values = [_value(condition["metricName"], found, end) for found in chosen]
        yield [] if None in values else [value for value in values if value is not None]


def _is_about(condition: Condition, container: str) -> bool:
    labels = condition.get("labels", {})
    # A label that no measurement has makes a condition that is never met.
    if set(labels) - {_CONTAINER}:
        return False
    return {labels.get(_CONTAINER, container), condition.get("containerName", container)} == {container}


def _value(metric: str, usages: list[Usage], end: float) -> float | None:
    """The mean of the measurements in the period that ends then."""
    within = [usage for usage in usages if end - PERIOD < usage.time <= end]
    values = [
        usage.cpus if metric == "container.cpu.usage" else float(usage.memory)
        for usage in within
        if metric != "container.cpu.usage" or usage.cpus is not None
    ]
    found = [value for value in values if value is not None]
    return sum(found) / len(found) if found else None
