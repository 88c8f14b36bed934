"""What somebody who opens a pull request, or changes a third party's action, could do on a CI runner."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from machine.paths import PROJECT

FILES = sorted((PROJECT / ".github" / "workflows").glob("*.y*ml"))
SECRET = re.compile(r"\$\{\{[^}]*\bsecrets\b")
FROM_THIS_REPOSITORY = "github.event.pull_request.head.repo.full_name == github.repository"


def workflow(path: Any) -> dict[Any, Any]:
    return yaml.safe_load(path.read_text())


def _jobs() -> Iterator[Any]:
    for path in FILES:
        for name, job in workflow(path)["jobs"].items():
            yield pytest.param(job, id=f"{path.stem}-{name}")


JOBS = list(_jobs())


def test_there_are_workflows() -> None:
    assert FILES


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_no_trigger_runs_foreign_code_with_our_secrets(path: Any) -> None:
    # YAML 1.1 reads the key `on` as true.
    triggers = workflow(path)[True]
    assert set(triggers) <= {"pull_request", "push", "schedule", "workflow_dispatch"}


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_the_token_may_only_read(path: Any) -> None:
    content = workflow(path)
    assert content["permissions"] == {"contents": "read"}
    assert not [name for name, job in content["jobs"].items() if "permissions" in job]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_no_secret_stands_where_every_step_sees_it(path: Any) -> None:
    content = workflow(path)
    shared = [content.get("env"), *(job.get("env") for job in content["jobs"].values())]
    assert not SECRET.search(repr(shared))
    assert "inherit" not in [job.get("secrets") for job in content["jobs"].values()]


@pytest.mark.parametrize("job", JOBS)
def test_actions_are_pinned_to_a_commit(job: dict[str, Any]) -> None:
    used = [step["uses"] for step in job["steps"] if "uses" in step]
    assert [name for name in used if not re.fullmatch(r"[\w-]+/[\w./-]+@[0-9a-f]{40}", name)] == []


@pytest.mark.parametrize("job", JOBS)
def test_no_text_from_outside_becomes_part_of_a_script(job: dict[str, Any]) -> None:
    assert [step["run"] for step in job["steps"] if "${{" in step.get("run", "")] == []


@pytest.mark.parametrize("job", JOBS)
def test_the_checkout_leaves_no_token_behind(job: dict[str, Any]) -> None:
    checkouts = [step for step in job["steps"] if step.get("uses", "").startswith("actions/checkout@")]
    assert checkouts
    assert all(step["with"]["persist-credentials"] is False for step in checkouts)


@pytest.mark.parametrize("job", JOBS)
def test_jobs_with_secrets_run_for_this_repository_only(job: dict[str, Any]) -> None:
    if SECRET.search(repr(job)):
        assert FROM_THIS_REPOSITORY in job["if"] or job["if"] == "github.event_name == 'push'"
        assert not [step for step in job["steps"] if "uses" in step and SECRET.search(repr(step))]


@pytest.mark.parametrize("job", JOBS)
def test_jobs_end(job: dict[str, Any]) -> None:
    assert job["timeout-minutes"] <= 60
