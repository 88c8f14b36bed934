"""Take objects that the account has already into the stack: made by hand, kept, or from a lost state.

It runs `pulumi import` with ids that follow from the names. The account is only read, with one exception:
jobs that have ended are dropped, because their names are needed. When the next `up` would replace something,
nothing is taken over and the state stays as it was.
"""

from __future__ import annotations

import json
import re
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from components.account import sql
from components.account.account import Query
from machine.terminal import say
from operations.data.milvus import DataError
from operations.importing import existing, plan, state_file
from operations.importing.existing import JOB_ENDED, Found
from operations.importing.plan import Planned
from operations.objects import show
from operations.target import Target

# The program exists already, and says itself what is protected.
_AS_DECLARED = ("--generate-code=false", "--protect=false")
_KEPT = "the password stays in the account's secret; the state has another text"
_INTEGRATION = re.compile(r"CREATE SECURITY INTEGRATION (\w+)")
_JOB = "DROP SERVICE IF EXISTS "


@dataclass(frozen=True)
class Outcome:
    """What the import did, or would do, with one resource.

    Attributes:
        resource: name of the resource in the program.
        type: type of the resource, without package: `ComputePool`.
        outcome: a sentence about it.
    """

    resource: str
    type: str
    outcome: str


def run(target: Target, *, dry_run: bool = False) -> list[Outcome]:
    """Import, and say about each resource that `up` would make what becomes of it.

    Args:
        target: the stack.
        dry_run: only look at what would be taken over. Default false.

    Raises:
        DataError: something cannot be taken over as it is; the state and the account are unchanged.
    """
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "import.json"
        planned = plan.planned(plan.preview(target.stack, file))
        if not planned:
            say("import", "nothing to do: the state has everything that the program makes")
            return []
        with target.account.queries() as query:
            found = existing.find(query, planned)
            jobs = _jobs(query, planned)
            problems = existing.obstacles(found, target.settings)
            problems += _running(jobs) + _integrations(query, planned)
        if problems:
            raise DataError("\n  ".join(["Nothing was taken over.", *problems]))
        if not dry_run:
            _take_over(target, file, found)
            _drop_ended(target, jobs)
    changes = {} if dry_run else _changes(plan.preview(target.stack))
    taken = {item.planned.urn: _told(item, changes) for item in found}
    taken |= {item.planned.stash: _KEPT for item in found if item.planned.item.kind in state_file.SECRETS}
    say("import", f"{'would take' if dry_run else 'took'} over {len(found)} of {len(planned)} resources")
    return [
        Outcome(one.item.resource, one.item.kind, taken.get(one.urn) or f"made by `up`: {_reason(one)}")
        for one in planned
    ]


def _take_over(target: Target, file: Path, found: list[Found]) -> None:
    if not found:
        return
    before = target.stack.ask("stack", "export")
    passwords = state_file.placeholders(found)
    file.write_text(json.dumps(state_file.narrowed(json.loads(file.read_text()), found, passwords)))
    try:
        target.stack.ask("import", "--file", str(file), "--yes", "--skip-preview", *_AS_DECLARED)
        state = json.loads(target.stack.ask("stack", "export"))
        state_file.complete(state, found, passwords)
        target.stack.tell(json.dumps(state), "stack", "import")
        _refuse_replacements(plan.preview(target.stack), found)
    except BaseException:
        target.stack.tell(before, "stack", "import")
        raise


def _refuse_replacements(steps: Iterable[Mapping[str, Any]], found: Iterable[Found]) -> None:
    imported = {item.planned.urn: item.planned.item for item in found if item.row}
    lines = [
        f"  {imported[step['urn']].kind} {imported[step['urn']].name}: {', '.join(step['replaceReasons'])}"
        for step in steps
        if step["urn"] in imported and step.get("replaceReasons")
    ]
    if lines:
        raise DataError(
            "Nothing was taken over. The next `up` would replace these objects because of the properties "
            "named, and what they hold would be lost. Set the stack's settings to what the account has, or "
            "drop the objects:\n" + "\n".join(lines)
        )


def _jobs(query: Query, planned: Iterable[Planned]) -> list[tuple[Planned, dict[str, Any]]]:
    """The program's jobs that are in the account, with their rows of SHOW."""
    found = []
    for one in planned:
        revert = str(one.item.inputs.get("revert", ""))
        if revert.startswith(_JOB):
            name = revert.removeprefix(_JOB).removesuffix(" FORCE")
            if row := show(query, "SERVICE", sql.parts(name)):
                found.append((one, row))
    return found


def _running(jobs: Iterable[tuple[Planned, Mapping[str, Any]]]) -> list[str]:
    return [
        f"job {row['name']} is {row['status']}: wait until it has ended, or drop it"
        for _, row in jobs
        if row["status"] not in JOB_ENDED
    ]


def _integrations(query: Query, planned: Iterable[Planned]) -> list[str]:
    """Integrations that are there; they are made by a statement, which cannot be imported."""
    named = (_INTEGRATION.match(str(one.item.inputs.get("execute", ""))) for one in planned)
    return [
        f"{name[1]} is there, and need not be this stack's: pulumi config set ingressIntegration false"
        for name in named
        if name and show(query, "INTEGRATION", (name[1],))
    ]


def _drop_ended(target: Target, jobs: Iterable[tuple[Planned, Mapping[str, Any]]]) -> None:
    for job, row in jobs:
        # Only its owner may, and its name is taken until then.
        with target.account.queries(job.item.owner) as query:
            query(job.item.inputs["revert"])
        say("job", f"{row['name']} has ended and is dropped; `up` runs it again")


def _changes(steps: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """The properties that the next `up` changes, by URN."""
    return {step["urn"]: ", ".join(step.get("diffReasons") or ()) for step in steps if step["op"] != "create"}


def _told(found: Found, changes: Mapping[str, str]) -> str:
    if not changes:
        return "is in the account"
    changed = changes.get(found.planned.urn)
    return f"taken over; `up` changes {changed}" if changed else "taken over"


def _reason(one: Planned) -> str:
    """Why a resource is not taken over."""
    kind, inputs = one.item.kind, one.item.inputs
    if kind == "Execute":
        job = str(inputs.get("revert", "")).startswith(_JOB)
        return "a job, which runs again" if job else "a statement, which is sent again"
    if kind == "Image":
        return "an image, which is pushed again where it differs"
    if kind == "Stash":
        return "a new password, which its user gets"
    return "not in the account"
