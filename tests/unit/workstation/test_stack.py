"""Going on after a deployment that was killed."""

from __future__ import annotations

import os
import socket
import subprocess
from pathlib import Path
from typing import Any

import pytest

from local_account.base.waiting import poll
from workstation import stack

PLACE = {"database": "D", "schema": "S"}


def pending(kind: str, operation: str = "creating", **inputs: Any) -> dict[str, Any]:
    resource = {"urn": f"urn:{kind}", "type": f"snowflake:index/{kind}", "inputs": inputs}
    return {"type": operation, "resource": resource}


@pytest.mark.parametrize(
    ("operation", "identity"),
    [
        (pending("warehouse:Warehouse", name="W"), "W"),
        (pending("service:Service", **PLACE, name="SVC"), '"D"."S"."SVC"'),
        (pending("schema:Schema", database="D", name="PUBLIC"), '"D"."PUBLIC"'),
        (pending("schema:Schema", database='D"Q', name="S.1"), '"D""Q"."S.1"'),
    ],
)
def test_what_was_being_created_is_taken_into_the_state(operation: dict[str, Any], identity: str) -> None:
    state: dict[str, Any] = {"deployment": {"resources": [], "pending_operations": [operation]}}
    assert stack.adopt_pending(state) == [operation["resource"]["urn"]]
    (resource,) = state["deployment"]["resources"]
    assert (resource["id"], resource["outputs"]) == (identity, operation["resource"]["inputs"])
    assert state["deployment"]["pending_operations"] == []


def test_statements_are_forgotten_and_sent_again_and_other_operations_kept() -> None:
    update = pending("warehouse:Warehouse", "updating", name="W")
    operations = [pending("execute:Execute", execute="SELECT 1"), update]
    state: dict[str, Any] = {"deployment": {"resources": [], "pending_operations": operations}}
    assert stack.adopt_pending(state) == []
    assert state["deployment"] == {"resources": [], "pending_operations": [update]}


def test_a_write_that_was_cut_off_does_not_make_the_state_unreadable(tmp_path: Path) -> None:
    folder = tmp_path / ".pulumi" / "stacks" / "project"
    folder.mkdir(parents=True)
    cut_off, whole = folder / "a.json.attrs", folder / "b.json.attrs"
    cut_off.touch()
    whole.write_text("{}")
    stack.mend(tmp_path)
    assert not cut_off.exists()
    assert whole.exists()


def test_a_lock_counts_while_a_pulumi_process_holds_it(tmp_path: Path) -> None:
    pulumi = tmp_path / "pulumi"
    pulumi.symlink_to("/bin/sleep")
    process = subprocess.Popen([str(pulumi), "60"])
    lock = {"hostname": socket.gethostname(), "pid": process.pid}
    try:
        # From when it has become that program.
        assert poll(lambda: stack.holder_is_alive(lock), 10, 0.01)
    finally:
        process.kill()
    # A zombie until it is waited for.
    assert poll(lambda: not stack.holder_is_alive(lock), 10, 0.01)
    process.wait()
    assert not stack.holder_is_alive(lock)
    assert not stack.holder_is_alive({**lock, "pid": os.getpid()})
    assert stack.holder_is_alive({**lock, "hostname": "elsewhere"})
