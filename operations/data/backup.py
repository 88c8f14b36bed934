"""Backups of Milvus: a snapshot of its volume, and on request all collections as files on stage DATA.

A snapshot is the volume as it is: quick to make, and bound to the schema. An export is files with schemas and
rows: slower, but another version of Milvus and another stack can read it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from operations.data import transfer
from operations.data.milvus import Milvus, version_of
from operations.target import Target

PREFIX = "MILVUS_BACKUP_"


@dataclass(frozen=True)
class Backup:
    """One backup.

    Attributes:
        name: what `restore` takes.
        kind: `snapshot` or `export`.
        state: as Snowflake calls it, CREATED when it can be restored.
        made: time in UTC as `2026-01-31 12:00:00`; empty for an export.
        size: GiB of the volume; None for an export.
        milvus: version of Milvus that wrote it; empty when it is not known.
    """

    name: str
    kind: str
    state: str
    made: str = ""
    size: int | None = None
    milvus: str = ""


def run(target: Target, *, export: bool = False, suspend: bool = False, keep: int | None = None) -> str:
    """Make a backup and return its name.

    Args:
        target: the stack.
        export: also export all collections to stage DATA. Default false.
        suspend: suspend Milvus meanwhile, so that the snapshot has everything that Milvus was told. Default
            false.
        keep: afterwards drop the backups of each kind that are older than the newest `keep`. Default: drop
            nothing.

    Raises:
        DataError: there is no Milvus, or the snapshot or the export cannot be made.
    """
    with target.account.queries() as query:
        milvus = Milvus(target, query)
        name = new_name()
        if suspend:
            with milvus.stopped():
                milvus.take(name)
        else:
            milvus.take(name)
        if export:
            transfer.transfer(target, milvus, "export", name)
        if keep:
            prune(target, milvus, keep)
    return name


def new_name() -> str:
    """Name of a backup made now."""
    return PREFIX + datetime.now(UTC).strftime("%Y%m%d_%H%M%S")


def prune(target: Target, milvus: Milvus, keep: int) -> None:
    """Drop our older backups. The snapshot that the volume is declared to begin with stays."""
    ours = [row["name"] for row in milvus.snapshots() if row["name"].startswith(PREFIX)]
    for name in ours[:-keep]:
        if name != milvus.holder.snapshot:
            milvus.drop_snapshot(name)
    for name in transfer.exports(milvus, target)[:-keep]:
        transfer.remove_export(target, milvus, name)


def backups(target: Target) -> list[Backup]:
    """All backups, snapshots before exports, the oldest first.

    Raises:
        DataError: there is no Milvus.
    """
    with target.account.queries() as query:
        milvus = Milvus(target, query)
        found = [
            Backup(
                row["name"],
                "snapshot",
                row["state"],
                f"{row['created_on'].astimezone(UTC):%Y-%m-%d %H:%M:%S}",
                int(row["size"]),
                version_of(row),
            )
            for row in milvus.snapshots()
        ]
        return found + [Backup(name, "export", "CREATED") for name in transfer.exports(milvus, target)]
