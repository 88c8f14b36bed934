"""What each service gets of its machine, and what does not fit."""

from __future__ import annotations

import re

import pytest
import yaml

from components.account.errors import CapacityError
from components.checks.capacity import capacity_of, vectors_that_fit
from components.services.share import Share
from machine.paths import PROJECT
from settings import Settings
from settings.values import INSTANCE_FAMILIES
from tests.unit import program

JOBS_CPU, JOBS_MEMORY = 0.2, 1


@pytest.mark.parametrize("shared", [False, True])
@pytest.mark.parametrize("family", INSTANCE_FAMILIES)
def test_every_family_is_used_and_not_overfilled(family: str, shared: bool) -> None:
    chosen = Settings(
        milvus_instance_family=family, jupyter_instance_family=family, shared_compute_pool=shared
    )
    machine, found = INSTANCE_FAMILIES[family], capacity_of(chosen)
    beside = found.notebook if shared else Share(0, 0, 0, 0)
    assert round(found.milvus.cpu + beside.cpu + JOBS_CPU, 2) == machine["vcpu"]
    assert found.milvus.memory + beside.memory + JOBS_MEMORY == machine["memory"]
    assert found.milvus.memory == found.milvus.most_memory
    for share in (found.milvus, found.notebook):
        assert 0 < share.cpu <= share.most_cpu <= machine["vcpu"]
        assert 0 < share.memory <= share.most_memory < machine["memory"]


def test_settings_override_the_shares() -> None:
    chosen = Settings(
        milvus_instance_family="CPU_X64_M", milvus_cpu=4, milvus_memory=16, notebook_cpu=1, notebook_memory=3
    )
    found = capacity_of(chosen)
    assert (found.milvus, found.notebook) == (Share(4, 16, 4, 16), Share(1, 3, 1, 3))


def test_another_notebook_changes_no_notebook() -> None:
    assert capacity_of(Settings()).notebook == capacity_of(Settings(notebooks=2)).notebook


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        (
            {"milvus_cpu": 4},
            ["MILVUS_COMPUTE_POOL, CPU_X64_S, has 3 CPU", "MILVUS: 4 CPU, 12 GiB", "4.2 CPU"],
        ),
        ({"milvus_memory": 13}, ["MILVUS: 2.8 CPU, 13 GiB", "14 GiB:"]),
        ({"notebooks": 20}, ["JUPYTER_COMPUTE_POOL", "JUPYTER_20: 0.25 CPU, 1 GiB", "5.2 CPU and 21 GiB"]),
        ({"shared_compute_pool": True, "notebooks": 9}, ["MILVUS: 0.55 CPU, 2 GiB", "jobs: 0.2 CPU, 1 GiB"]),
        ({"notebook_memory": 13}, ["jupyterInstanceFamily", "notebookMemory"]),
    ],
)
def test_what_does_not_fit_is_refused_with_the_sum(settings: dict[str, object], words: list[str]) -> None:
    with pytest.raises(CapacityError) as refused:
        capacity_of(Settings(**settings))  # pyright: ignore[reportArgumentType]
    assert all(text in str(refused.value) for text in ["Nothing was changed", *words]), refused.value


def test_nothing_is_registered_on_machines_that_are_too_small() -> None:
    made = program.Program()
    with pytest.raises(CapacityError):
        program.run({"milvusMemory": 100}, program=made)
    assert not made.resources


def test_the_services_get_their_shares() -> None:
    made = program.run({"milvusInstanceFamily": "CPU_X64_M"})
    found = {}
    for name in ("milvus-service", "notebook-service"):
        text = made.named(name).inputs["fromSpecification"]["text"]
        found[name] = yaml.safe_load(text)["spec"]["containers"][0]["resources"]
    assert found == {
        "milvus-service": {
            "requests": {"cpu": "5.8", "memory": "27Gi"},
            "limits": {"cpu": "6", "memory": "27Gi"},
        },
        "notebook-service": {
            "requests": {"cpu": "0.25", "memory": "1Gi"},
            "limits": {"cpu": "3", "memory": "12Gi"},
        },
    }


def test_vectors_that_fit() -> None:
    # Milvus's own report: 1,000,000 vectors of 1,024 dimensions take 7.7 GB. With 10 GiB, 90 percent of which
    # are used for loading and 1 GiB for Milvus itself, there is room for 8.6 GB.
    assert vectors_that_fit(10, 1024) == 1_100_000
    assert vectors_that_fit(1, 1024) == 0


def test_the_page_has_the_table() -> None:
    page = (PROJECT / "docs" / "milvus.md").read_text()
    rows = re.findall(r"^\| (\d+) GiB \| (.+) \|$", page, re.MULTILINE)
    assert len(rows) >= 4
    for memory, cells in rows:
        numbers = [int(cell.replace(",", "")) for cell in cells.split(" | ")]
        assert numbers == [vectors_that_fit(int(memory), dimension) for dimension in (384, 768, 1024, 1536)]
