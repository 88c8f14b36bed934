"""Changes that would cost Milvus its data are refused before the first resource."""

from __future__ import annotations

from typing import Any

import grpc
import pytest
import yaml
from pydantic.alias_generators import to_camel

from components.checks import data_loss
from components.checks.data_loss import DataLossError, MilvusDeployment, deployed_milvus, find_losses
from machine.paths import PROJECT
from settings import Settings
from tests.unit import program

LIFECYCLE = (PROJECT / "docs" / "lifecycle.md").read_text()
DEPLOYED = MilvusDeployment(
    database="MILVUS_DEMO",
    schema="PUBLIC",
    service="MILVUS",
    compute_pool="MILVUS_COMPUTE_POOL",
    instance_family="CPU_X64_S",
    size=10,
    snapshot="",
    version="v2.6.16",
)


def state(
    *, size: int = 10, block_config: str = "", tag: str = "v2.6.16-0123456789abcdef"
) -> list[dict[str, Any]]:
    """The resources of a stack's state that tell about Milvus, beside one that does not."""
    text = (
        "spec:\n  containers:\n  - name: milvus\n"
        f"    image: /milvus_demo/public/milvus_repo/milvus:{tag}  # sha256:1\n"
        f"  volumes:\n  - name: data\n    source: block\n    size: {size}Gi\n{block_config}"
    )
    service = {
        "database": "MILVUS_DEMO",
        "schema": "PUBLIC",
        "name": "MILVUS",
        # The provider reads this name back in quotes.
        "computePool": '"MILVUS_COMPUTE_POOL"',
        "fromSpecification": {"text": text},
    }
    pool = {"name": "MILVUS_COMPUTE_POOL", "instanceFamily": "CPU_X64_S"}
    return [
        {"type": "snowflake:index/service:Service", "outputs": {**service, "name": "JUPYTER"}},
        {"type": "snowflake:index/computePool:ComputePool", "outputs": pool},
        {"type": "snowflake:index/service:Service", "outputs": service},
    ]


def run(settings: dict[str, Any], **deployed: Any) -> program.Program:
    return program.run(settings, answers=program.Answers(state(**deployed)))


def test_what_is_deployed_is_read_from_the_state() -> None:
    assert deployed_milvus(state()) == DEPLOYED
    seeded = state(block_config="    blockConfig:\n      initialContents:\n        fromSnapshot: B1\n")
    assert deployed_milvus(seeded) == MilvusDeployment(**{**vars(DEPLOYED), "snapshot": "B1"})
    assert deployed_milvus([]) is None
    fast = deployed_milvus(state(block_config="    blockConfig:\n      iops: 4000\n      throughput: 500\n"))
    assert fast == MilvusDeployment(**{**vars(DEPLOYED), "iops": 4000, "throughput": 500})


@pytest.mark.parametrize(
    ("settings", "setting", "before", "after", "way"),
    [
        ({"milvusVolumeSize": 20}, "milvusVolumeSize", "10", "20", "make migrate"),
        (
            {"milvusInstanceFamily": "CPU_X64_M"},
            "milvusInstanceFamily",
            "CPU_X64_S",
            "CPU_X64_M",
            "make migrate",
        ),
        ({"milvusVolumeIops": 4000}, "milvusVolumeIops", "none", "4000", "make migrate"),
        ({"milvusVolumeThroughput": 500}, "milvusVolumeThroughput", "none", "500", "make migrate"),
        ({"milvusVolumeSize": 5}, "milvusVolumeSize", "10", "5", "export and import"),
        ({"prefix": "DEV"}, "prefix", "MILVUS_DEMO", "DEV_MILVUS_DEMO", "export and import"),
    ],
)
@pytest.mark.parametrize("preview", [True, False])
def test_a_change_that_makes_a_new_volume_is_refused_before_anything_is_registered(
    settings: dict[str, Any], setting: str, before: str, after: str, way: str, preview: bool
) -> None:
    made = program.Program()
    with pytest.raises(DataLossError) as error:
        program.run(settings, answers=program.Answers(state()), preview=preview, program=made)
    assert made.resources == {}
    text = str(error.value)
    assert f"{setting}" in text
    assert f"{before} is deployed, {after} is set" in text
    assert way in text
    assert "allowDataLoss" in text


def begins_with(made: program.Program) -> str | None:
    """The snapshot in Milvus's specification."""
    text = made.named("milvus-service").inputs["fromSpecification"]["text"]
    config = yaml.safe_load(text)["spec"]["volumes"][0].get("blockConfig")
    return config and config["initialContents"]["fromSnapshot"]


def test_a_state_that_is_just_being_written_is_read_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(data_loss, "_PAUSE_SECONDS", 0)

    class Refusal(grpc.RpcError):
        def code(self) -> grpc.StatusCode:
            return grpc.StatusCode.UNKNOWN

        def details(self) -> str:
            return "failed to load checkpoint: EOF"

    class Busy(program.Answers):
        refusals = 3

        def call(self, args: Any) -> Any:
            self.refusals -= 1
            if self.refusals >= 0:
                raise Refusal
            return super().call(args)

    with pytest.raises(DataLossError):
        program.run({"milvusVolumeSize": 20}, answers=Busy(state()))

    Busy.refusals = 1000
    with pytest.raises(Exception, match="failed to load checkpoint"):
        program.run(answers=Busy(state()))


def test_a_snapshot_is_for_new_volumes_only() -> None:
    seeded = "    blockConfig:\n      initialContents:\n        fromSnapshot: B1\n"
    assert begins_with(program.run({"milvusSnapshot": "NO"})) == "NO"
    assert begins_with(run({"milvusSnapshot": "B2"})) is None
    assert begins_with(run({}, block_config=seeded)) == "B1"
    moved = {"milvusVolumeSize": 20, "milvusSnapshot": "B2", "allowDataLoss": True}
    assert begins_with(run(moved, block_config=seeded)) == "B2"


def test_data_is_given_up_by_setting_only() -> None:
    settings = {"milvusVolumeSize": 20, "allowDataLoss": True}
    assert run(settings).named("milvus-service")


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"warehouseSize": "LARGE"},
        {"sharedComputePool": True},
        {"jupyterInstanceFamily": "CPU_X64_M"},
        {"protect": True, "verify": False, "readyTimeout": 60},
    ],
)
def test_other_changes_pass(settings: dict[str, Any]) -> None:
    assert run(settings).named("milvus-service")


def test_a_service_is_made_anew_only_where_its_volume_must_be() -> None:
    def anew(settings: dict[str, Any]) -> list[str]:
        return run(settings).named("milvus-service").replace_on_changes

    assert anew({"milvusVolumeSize": 20, "allowDataLoss": True}) == ["fromSpecification"]
    assert anew({"allowDataLoss": True, "readyTimeout": 60}) == []
    assert program.run().named("milvus-service").replace_on_changes == []


@pytest.mark.parametrize(
    ("before", "after", "refused"),
    [
        ("v2.6.16", "v2.6.17", False),
        ("v2.6.16", "v2.6.16", False),
        ("v2.6.16", "v2.6.9", True),
        ("v2.6.16", "v2.5.20", True),
        ("", "v2.6.16", False),
        ("v2.6.16", "latest", False),
    ],
)
def test_milvus_goes_to_newer_versions_only(before: str, after: str, refused: bool) -> None:
    deployed, chosen = (
        MilvusDeployment(**{**vars(DEPLOYED), "version": version}) for version in (before, after)
    )
    text = "\n".join(find_losses(deployed, chosen))
    assert bool(text) == refused
    assert not refused or (before in text and after in text)


def test_a_pool_that_the_stack_did_not_make_does_not_count() -> None:
    adopted = MilvusDeployment(**{**vars(DEPLOYED), "instance_family": ""})
    assert find_losses(adopted, DEPLOYED) == []


def test_an_image_tagged_by_an_older_program_has_no_version() -> None:
    holder = deployed_milvus(state(tag="0123456789abcdef"))
    assert holder is not None
    assert holder.version == ""


def test_every_setting_stands_in_the_table_of_changes() -> None:
    rows = [line.split("|") for line in LIFECYCLE.splitlines() if line.startswith("| `")]
    named = [row[1].strip(" `") for row in rows if "/" not in row[1]]
    assert sorted(named) == sorted(to_camel(name) for name in Settings.model_fields)
    kinds = {"nothing", "in place", "restart", "replaces", "**loses data**"}
    assert {row[2].strip() for row in rows} <= kinds


def test_destroying_leaves_the_data_by_setting() -> None:
    made = program.run({"retainOnDelete": True})

    def retained(name: str) -> bool:
        """As the engine sees it: what a resource does not say, its parent says."""
        item = made.named(name)
        while not item.says_retain and item.parent in made.resources:
            item = made.resources[item.parent]
        return item.retain_on_delete

    for name in (
        "database",
        "database-schema",
        "storage-data",
        "milvus-pool",
        "milvus-service",
        "milvus-root",
    ):
        assert retained(name), name
    # Without these the service that stays could not run.
    assert retained("identity-owner")
    assert retained("milvus-pool-owner")
    for name in (
        "notebook-service",
        "warehouse",
        "identity-user",
        "verification-job",
        "milvus-setup",
        "milvus-service-ready",
    ):
        assert not retained(name), name
    assert not any(
        item.retain_on_delete for item in program.run().resources.values() if "docker" not in item.type
    )
