"""The `resourceManagement` part of a specification: when the number of instances changes.

See https://docs.snowflake.com/en/developer-guide/snowpark-container-services/scaling-services
"""

from __future__ import annotations

import math
from typing import Any

from local_account.base import errors
from local_account.spcs.spec.document import Node, invalid

METRICS = ("container.cpu.usage", "container.memory.usage")
"""What this account measures."""
# Kind of policy: the key of its conditions.
POLICIES = {"scaleUp": "anyConditions", "suspend": "allConditions", "scaleDown": "allConditions"}
_ADJUSTMENTS = ("changeInstanceCount", "exactInstanceCount", "percentChangeInstanceCount")
_LONGEST = 3600


def resource_management(node: Node) -> dict[str, Any]:
    """The policies in normal form.

    Raises:
        SnowflakeError: 395018 for a wrong policy, 000002 for a metric that this account does not measure.
    """
    policies = node.only("autoScalingPolicies").need("autoScalingPolicies").only(*POLICIES)
    found = {}
    for kind, key in POLICIES.items():
        if policy := policies.get(kind):
            conditions = policy.only(key).need(key).some()
            found[kind] = {key: [_condition(one, kind) for one in conditions]}
    if not found:
        raise invalid(f"'{policies.path}' must have one of {', '.join(POLICIES)}")
    return {"autoScalingPolicies": found}


def _condition(node: Node, kind: str) -> dict[str, Any]:
    condition = (
        node.only("metricCondition")
        .need("metricCondition")
        .only(
            "metricName",
            "labels",
            "containerName",
            "aggregationType",
            "stabilizationPeriodSecs",
            "targetScaling",
            "stepScaling",
        )
    )
    name = condition.need("metricName").text()
    if name not in METRICS:
        raise errors.unsupported(f"autoScalingPolicies by metric {name}")
    found: dict[str, Any] = {"metricName": name}
    if labels := condition.get("labels"):
        found["labels"] = {key: value.scalar() for key, value in labels.entries()}
    if container := condition.get("containerName"):
        found["containerName"] = container.text()
    found["aggregationType"] = condition.need("aggregationType").choice("min", "max", "avg")
    found["stabilizationPeriodSecs"] = condition.need("stabilizationPeriodSecs").number(0, _LONGEST)
    target, steps = condition.get("targetScaling"), condition.get("stepScaling")
    if (target is None) == (steps is None):
        raise invalid(f"exactly one of 'targetScaling' and 'stepScaling' is needed for '{condition.path}'")
    if target:
        found["targetScaling"] = {"targetValue": _value(target.only("targetValue").need("targetValue"))}
    if steps:
        if kind == "suspend":
            raise invalid(f"'stepScaling' is not allowed for a suspend policy: '{condition.path}'")
        found["stepScaling"] = _steps(steps)
    return {"metricCondition": found}


def _steps(node: Node) -> dict[str, Any]:
    node.only("adjustmentType", "scalingSteps")
    kind = node.need("adjustmentType").choice(*_ADJUSTMENTS)
    steps = []
    for step in node.need("scalingSteps").some():
        step.only("lowerBound", "upperBound", "targetAdjustment")
        bounds = {key: _value(part) for key in ("lowerBound", "upperBound") if (part := step.get(key))}
        if not bounds or bounds.get("lowerBound", -1) >= bounds.get("upperBound", math.inf):
            raise invalid(f"'{step.path}' must have a 'lowerBound' below its 'upperBound'")
        steps.append({**bounds, "targetAdjustment": step.need("targetAdjustment").number(0, 10_000)})
    return {"adjustmentType": kind, "scalingSteps": steps}


def _value(node: Node) -> float:
    value = node.value
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value < math.inf:
        raise invalid(f"'{node.path}' must be a number that is not negative")
    return value
