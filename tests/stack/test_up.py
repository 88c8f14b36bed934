"""What a user sees who deploys, looks again, and changes something."""

from __future__ import annotations

import json

import pytest

from tests.stack.conftest import Deployment

FOUND = "Alan Turing was the first person to conduct substantial research in AI."
pytestmark = pytest.mark.docker


def test_up_ends_with_the_found_sentence_and_the_notebooks_address(deployment: Deployment) -> None:
    done = deployment.first_up
    assert done.returncode == 0, done.stdout
    last = done.stdout.splitlines()[-6:]
    assert any(FOUND in line for line in last)
    assert any("http://" in line and "localhost" in line for line in last)


def test_outputs_are_complete_and_name_no_secret_in_plain(deployed: Deployment) -> None:
    outputs = deployed.outputs()
    assert {"notebookUrl", "milvusEndpoint", "repositoryUrl", "images", "services", "roles"} <= set(outputs)
    assert outputs["verification"] == FOUND
    assert outputs["milvusEndpoint"].endswith(".svc.spcs.internal:19530")
    assert all("@sha256:" in reference for reference in outputs["images"].values())
    assert outputs["roles"] == {
        "owner": "MILVUS_OWNER_ROLE", "notebook": "MILVUS_NOTEBOOK_ROLE", "people": "MILVUS_ROLE",
    }  # fmt: skip
    masked = json.loads(deployed.pulumi("stack", "output", "--json").stdout)
    assert masked["userPassword"] == "[secret]"


def test_a_second_preview_finds_nothing_to_change(deployed: Deployment) -> None:
    done = deployed.pulumi("preview", "--expect-no-changes", "--diff")
    assert done.returncode == 0, done.stdout


def test_a_refresh_finds_no_drift(deployed: Deployment) -> None:
    done = deployed.pulumi("refresh", "--yes", "--expect-no-changes")
    assert done.returncode == 0, done.stdout


def test_the_command_line_shows_what_runs(deployed: Deployment) -> None:
    shown = deployed.operate("status", "--json")
    assert shown.returncode == 0, shown.stdout
    found = json.loads(shown.stdout)
    assert {row["name"]: row["status"] for row in found["services"]} == {
        "MILVUS": "RUNNING",
        "JUPYTER": "RUNNING",
    }
    assert {row["name"]: row["state"] for row in found["pools"]} == {
        "MILVUS_COMPUTE_POOL": "ACTIVE",
        "JUPYTER_COMPUTE_POOL": "ACTIVE",
    }
    url = deployed.outputs()["notebookUrl"]
    assert url.removeprefix("http://") in [row["address"] for row in found["endpoints"]]
    assert "Jupyter Server" in deployed.operate("logs", "jupyter", "--container", "jupyter").stdout
    assert deployed.operate("logs", "MILVUSS").stdout.strip().endswith("Its services: MILVUS, JUPYTER")
    assert deployed.operate("password").stdout.strip() == deployed.outputs()["userPassword"]


def test_a_changed_setting_changes_the_object_in_place(deployed: Deployment) -> None:
    before = deployed.sql("SHOW WAREHOUSES LIKE 'MILVUS_WAREHOUSE'")[0]
    changed = deployed.pulumi("up", "--yes", "--skip-preview", warehouseAutoSuspend="240")
    assert changed.returncode == 0, changed.stdout
    after = deployed.sql("SHOW WAREHOUSES LIKE 'MILVUS_WAREHOUSE'")[0]
    assert (before["auto_suspend"], after["auto_suspend"]) == (180, 240)
    assert before["created_on"] == after["created_on"]
    back = deployed.pulumi("up", "--yes", "--skip-preview", warehouseAutoSuspend="180")
    assert back.returncode == 0, back.stdout


def test_no_password_stands_in_the_state_or_the_specifications(deployed: Deployment) -> None:
    password = deployed.outputs()["userPassword"]
    admin = json.loads((deployed.settings.state / "credentials.json").read_text())["password"]
    state = deployed.pulumi("stack", "export").stdout
    specs = "".join(str(row) for row in deployed.sql("DESCRIBE SERVICE MILVUS_DEMO.PUBLIC.MILVUS"))
    for secret in (password, admin):
        assert secret not in state
        assert secret not in specs
