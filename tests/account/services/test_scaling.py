"""When the number of a service's instances changes. No Docker: the measurements are made up.

https://docs.snowflake.com/en/developer-guide/snowpark-container-services/scaling-services
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from local_account.base.errors import SnowflakeError
from local_account.base.settings import LocalSettings, free_ports
from local_account.base.sql import Name
from local_account.identity.account import Account
from local_account.server import open_account
from local_account.spcs.spec import spec
from local_account.spcs.spec.families import FAMILIES
from local_account.spcs.state import scaling, scheduler
from local_account.spcs.state.lifecycle import suspend
from local_account.spcs.state.measures import Measures, Sample
from local_account.spcs.state.observed import ContainerState, InstanceState, Observed
from tests.account.services.test_spec import changed

MOMENT = 1_000_000.0
MIB = 2**20
CPU, MEMORY = "container.cpu.usage", "container.memory.usage"


@pytest.fixture(scope="module")
def account(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Account]:
    made = open_account(LocalSettings(tmp_path_factory.mktemp("scaling"), free_ports(), "scaling"))
    yield made
    made.close()


@dataclass
class Case:
    """A service, what its containers use, and the decision.

    Attributes:
        policies: of the specification; None to scale by CPU.
        use: CPUs and bytes of each instance, during `seconds`.
    """

    policies: dict[str, Any] | None
    use: list[tuple[float, int]]
    decision: int | None
    seconds: int = 600
    scaled: float = 0.0
    least: int = 1
    cpu_scaling: bool = True


def condition(metric: str = CPU, **parts: Any) -> dict[str, Any]:
    return {
        "metricCondition": {
            "metricName": metric, "aggregationType": "avg", "stabilizationPeriodSecs": 60, **parts
        }
    }  # fmt: skip


def up(*conditions: dict[str, Any]) -> dict[str, Any]:
    return {"scaleUp": {"anyConditions": list(conditions)}}


def target(value: float) -> dict[str, Any]:
    return {"targetScaling": {"targetValue": value}}


def steps(kind: str, *found: tuple[float, float, int]) -> dict[str, Any]:
    listed = [{"lowerBound": low, "upperBound": high, "targetAdjustment": by} for low, high, by in found]
    return {"stepScaling": {"adjustmentType": kind, "scalingSteps": listed}}


DOWN = {"scaleDown": {"allConditions": [condition(**target(0.4)), condition(MEMORY, **target(MIB))]}}
SUSPEND = {"suspend": {"allConditions": [condition(aggregationType="max", **target(0.01))]}}
BUSY, IDLE, HALF = (0.9, MIB), (0.0, MIB), (0.45, MIB)
CASES = {
    "busy": Case(None, [BUSY], 2),
    "busy, but measured for too short a time": Case(None, [BUSY], None, seconds=200),
    "busy, but scaled a minute ago": Case(None, [BUSY], None, scaled=MOMENT - 60),
    "busy, at MAX_INSTANCES": Case(None, [BUSY] * 5, None),
    "busy, without resources in its specification": Case(None, [BUSY], None, cpu_scaling=False),
    "one can do the work of two": Case(None, [(0.3, 0)] * 2, 1),
    "one cannot do the work of two": Case(None, [HALF] * 2, None),
    "idle, at MIN_INSTANCES": Case(None, [IDLE] * 2, None, least=2),
    "policy: twice the target": Case(up(condition(**target(0.45))), [BUSY, BUSY], 4),
    "policy: measured for too short a time": Case(up(condition(**target(0.5))), [BUSY], None, seconds=45),
    "policy: below the target": Case(up(condition(**target(1))), [BUSY], None),
    "policy: not above MAX_INSTANCES": Case(up(condition(**target(0.1))), [BUSY], 5),
    "policy: any condition is enough": Case(
        up(condition(**target(5)), condition(MEMORY, **target(MIB / 2))), [BUSY], 2
    ),
    "policy: max of the instances": Case(
        up(condition(aggregationType="max", **target(0.9))), [BUSY, IDLE], None
    ),
    "policy: steps": Case(
        up(condition(**steps("changeInstanceCount", (0.5, 0.8, 1), (0.8, 2, 2)))), [BUSY], 3
    ),
    "policy: no step": Case(up(condition(**steps("changeInstanceCount", (1, 2, 1)))), [BUSY], None),
    "policy: per cent": Case(
        up(condition(**steps("percentChangeInstanceCount", (0.5, 2, 25)))), [BUSY] * 2, 3
    ),
    "policy: exact": Case(up(condition(**steps("exactInstanceCount", (0.5, 2, 4)))), [BUSY], 4),
    "policy: label of a container": Case(
        up(condition(**target(0.4), labels={"snow.service.container.name": "milvus"})), [HALF], 2
    ),
    "policy: a label that nothing has": Case(
        up(condition(**target(0.4), labels={"snow.endpoint.name": "web"})), [HALF], None
    ),
    "policy: fewer": Case(DOWN, [(0.1, MIB // 4)] * 4, 1),
    "policy: fewer only if all conditions hold": Case(DOWN, [(0.1, 2 * MIB)] * 4, None),
    "policy: not below MIN_INSTANCES": Case(DOWN, [(0.0, 0)] * 4, 3, least=3),
    "policy: suspend": Case({**SUSPEND, **DOWN}, [IDLE], 0),
    "policy: not idle": Case(SUSPEND, [HALF], None),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_decisions(account: Account, case: Case) -> None:
    management = {"autoScalingPolicies": case.policies or SUSPEND}
    document = spec.parse(changed(("spec", "resourceManagement"), management), FAMILIES["CPU_X64_S"])
    if case.policies is None:
        del document["spec"]["resourceManagement"]
    document["spec"]["containers"][0]["resources"]["requests"]["cpu"] = "1"
    properties = {
        "SPEC": document, "IS_JOB": False, "SUSPENDED": False, "MIN_INSTANCES": case.least,
        "MAX_INSTANCES": 5, scheduler.TARGET: len(case.use), scheduler.CPU_SCALING: case.cpu_scaling,
        "SCALED_ON": case.scaled, "INGRESS": {},
    }  # fmt: skip
    item = account.catalog.create("SERVICE", Name("D", "S", "SV"), "ADMIN", properties)
    measures = account.part(Measures)
    for number, (cpus, memory) in enumerate(case.use):
        state = InstanceState(containers={"milvus": ContainerState("READY")})
        account.part(Observed).put(item.id, number, state)
        for second in range(0, case.seconds, 5):
            sample = Sample(MOMENT - case.seconds + second, "run", second * cpus, memory)
            measures.add(item.id, number, "milvus", sample)
    try:
        assert scaling.scales(item) is (case.cpu_scaling or case.policies is not None)
        if case.cpu_scaling or case.policies:
            assert scaling.decide(account, item, MOMENT) == case.decision
            # Nothing is decided while the last decision is being carried out.
            account.part(Observed).put(item.id, 7, InstanceState())
            assert scaling.decide(account, item, MOMENT) is None
    finally:
        for number in (*range(len(case.use)), 7):
            account.part(Observed).put(item.id, number, None)
        account.catalog.delete(item)


def test_what_was_scaled_ends_with_a_suspension(account: Account) -> None:
    properties = {"MIN_INSTANCES": 1, "MAX_INSTANCES": 3, "SUSPENDED": False, scheduler.TARGET: 3}
    with account.catalog.transaction():
        item = account.catalog.create("SERVICE", Name("D", "S", "OTHER"), "ADMIN", properties)
        assert scheduler.target_instances(item) == 3
        item.properties["MAX_INSTANCES"] = 2
        assert scheduler.target_instances(item) == 2
        suspend(account.catalog, item)
        assert scheduler.target_instances(item) == 1
        account.catalog.delete(item)


WRONG: list[tuple[dict[str, Any], str]] = [
    ({}, "must have one of scaleUp, suspend, scaleDown"),
    ({"scaleOut": {}}, "unknown option 'scaleOut' for 'resourceManagement.autoScalingPolicies'"),
    ({"scaleUp": {"allConditions": []}}, "unknown option 'allConditions'"),
    (up(), "Value is empty"),
    (up({"metric": {}}), "unknown option 'metric'"),
    (up(condition()), "exactly one of 'targetScaling' and 'stepScaling'"),
    (up(condition(**target(1), **steps("exactInstanceCount", (0, 1, 1)))), "exactly one of"),
    (up(condition(**target(-1))), "must be a number that is not negative"),
    (up(condition(**target(1), aggregationType="sum")), "must be one of min, max, avg"),
    (up(condition(**target(1), stabilizationPeriodSecs="1m")), "must be a number from 0 to"),
    (up(condition(**steps("add", (0, 1, 1)))), "must be one of changeInstanceCount"),
    (up(condition(**steps("exactInstanceCount", (2, 1, 1)))), "'lowerBound' below its 'upperBound'"),
    (
        {"suspend": {"allConditions": [condition(**steps("exactInstanceCount", (0, 1, 1)))]}},
        "'stepScaling' is not allowed for a suspend policy",
    ),
]


@pytest.mark.parametrize(("policies", "text"), WRONG, ids=range(len(WRONG)))
def test_wrong_policies(policies: dict[str, Any], text: str) -> None:
    document = changed(("spec", "resourceManagement"), {"autoScalingPolicies": policies})
    with pytest.raises(SnowflakeError) as caught:
        spec.parse(document, FAMILIES["CPU_X64_XS"])
    assert caught.value.code == "395018"
    assert text in caught.value.message


def test_jobs_do_not_scale() -> None:
    policies = {"autoScalingPolicies": up(condition(**target(1)))}
    document = changed(("spec", "resourceManagement"), policies).replace("public: true", "public: false")
    with pytest.raises(SnowflakeError, match="a job service cannot have 'resourceManagement'"):
        spec.parse(document, FAMILIES["CPU_X64_XS"], job=True)
