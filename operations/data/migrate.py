"""Carry Milvus's data through a change that makes a new volume: another size, another instance family.

The settings are changed first (`pulumi config set milvusVolumeSize 100`). Then Milvus is suspended, a
snapshot of its volume is taken, and `pulumi up` makes the new service with a volume that begins with the
snapshot. Until it runs, Milvus is away; the rest of the stack goes on.
"""

from __future__ import annotations

from components.checks.data_loss import (
    MOVABLE,
    MilvusDeployment,
    changed,
    chosen_milvus,
    deployed_milvus,
    older,
)
from machine.terminal import say
from operations.data.backup import new_name
from operations.data.milvus import DataError, Milvus
from operations.target import PROJECT, Target

_SNAPSHOT, _ALLOWED = f"{PROJECT}:milvusSnapshot", f"{PROJECT}:allowDataLoss"


def run(target: Target) -> int:
    """Migrate, and return the exit code of `pulumi up`.

    Raises:
        DataError: the data cannot be carried through the change; nothing was changed.
    """
    with target.account.queries() as query:
        milvus = Milvus(target, query)
        before = milvus.holder
        if not _needed(target, before):
            say("migrate", "nothing to do: the settings ask for the volume that is deployed")
            return 0
        milvus.suspend()
        name = new_name()
        try:
            milvus.take(name)
        except BaseException:
            milvus.resume()
            raise
    target.stack.ask("config", "set", _SNAPSHOT, name)
    target.stack.ask("config", "set", _ALLOWED, "true")
    try:
        # The setting `protect` is against accidents, and the snapshot has all data.
        code = target.stack.run("up", "--yes", "--skip-preview", "--ignore-protect")
    finally:
        target.stack.ask("config", "rm", _ALLOWED)
    if code:
        _tell_failure(target, name)
        return code
    # A volume that is made later must not begin with the data of today.
    target.stack.ask("config", "rm", _SNAPSHOT)
    say(
        "migrate",
        f"done; keep snapshot {name} as long as this service is there, because its specification names it",
    )
    return 0


def _tell_failure(target: Target, snapshot: str) -> None:
    """Say how to go on after a failed `up`; a Milvus that has not been replaced runs again."""
    target.forget_state()
    if deployed_milvus(target.resources) is None:
        say(
            "migrate",
            f"`pulumi up` failed; all data is in snapshot {snapshot}, with which the new volume begins. "
            "Mend the cause, then run `make up`",
        )
        return
    target.stack.ask("config", "rm", _SNAPSHOT)
    with target.account.queries() as query:
        Milvus(target, query).resume()
    say(
        "migrate",
        "`pulumi up` failed before Milvus was replaced; it runs as before. Mend the cause and migrate again",
    )


def _needed(target: Target, before: MilvusDeployment) -> bool:
    """Whether there is something to migrate.

    Raises:
        DataError: it cannot be done by a snapshot.
    """
    after = chosen_milvus(target.settings)
    names = changed(before, after)
    if fixed := [name for name in names if name not in MOVABLE]:
        raise DataError(
            f"A migration keeps {', '.join(fixed)} as it is ({getattr(before, fixed[0])}); "
            "see docs/lifecycle.md, Another prefix"
        )
    if after.size < before.size:
        raise DataError(
            f"milvusVolumeSize: a volume of {after.size} GiB cannot begin with a snapshot of {before.size} "
            "GiB; see docs/lifecycle.md, A smaller volume"
        )
    if older(after.version, before.version):
        raise DataError(f"Milvus {after.version} cannot be relied on to open what {before.version} wrote")
    if target.settings.retain_on_delete:
        raise DataError(
            "retainOnDelete keeps the old service, whose name the new one needs. Set it to false, run "
            "`make up`, and set it again after the migration."
        )
    return bool(names)
