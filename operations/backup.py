"""Take a snapshot of Milvus's volume; with --export also write all collections to stage DATA.

A snapshot is the volume as it is: quick, and bound to the schema. An export is files with schemas and rows:
slower, but of use to another version of Milvus and to another stack.
"""

from __future__ import annotations

import argparse
from datetime import UTC, datetime

from rich.table import Table

from machine.terminal import console
from operations import transfer
from operations.milvus import Milvus, version_of
from operations.target import Target

PREFIX = "MILVUS_BACKUP_"


def arguments(parser: argparse.ArgumentParser) -> None:
    """What to back up and what to keep."""
    parser.add_argument("--list", action="store_true", help="show the backups that there are, and do nothing")
    parser.add_argument("--export", action="store_true", help="also export all collections to stage DATA")
    parser.add_argument(
        "--suspend", action="store_true", help="suspend Milvus meanwhile, so that all it was told is in it"
    )
    parser.add_argument(
        "--keep", type=_positive, metavar="N", help="then drop backups older than the newest N of each kind"
    )


def run(target: Target, options: argparse.Namespace) -> int:
    """Make a backup, or list those that there are.

    Raises:
        DataError: there is no Milvus, or the snapshot or the export cannot be made.
    """
    with target.account.queries() as query:
        milvus = Milvus(target, query)
        if options.list:
            show(target, milvus)
            return 0
        name = new_name()
        if options.suspend:
            with milvus.stopped():
                milvus.take(name)
        else:
            milvus.take(name)
        if options.export:
            transfer.transfer(target, milvus, "export", name)
        if options.keep:
            prune(target, milvus, options.keep)
    return 0


def new_name() -> str:
    """Name of a backup made now."""
    return PREFIX + datetime.now(UTC).strftime("%Y%m%d_%H%M%S")


def prune(target: Target, milvus: Milvus, keep: int) -> None:
    """Drop our older backups; the snapshot that the volume is declared to begin with stays."""
    ours = [row["name"] for row in milvus.snapshots() if row["name"].startswith(PREFIX)]
    for name in ours[:-keep]:
        if name != milvus.holder.snapshot:
            milvus.drop_snapshot(name)
    for name in transfer.exports(milvus, target)[:-keep]:
        transfer.remove_export(target, milvus, name)


def show(target: Target, milvus: Milvus) -> None:
    """Print the backups as a table, the oldest first."""
    table = Table()
    for heading in ("backup", "kind", "state", "made", "size", "Milvus"):
        table.add_column(heading, no_wrap=True)
    for row in milvus.snapshots():
        made = f"{row['created_on']:%Y-%m-%d %H:%M:%S}"
        table.add_row(row["name"], "snapshot", row["state"], made, f"{row['size']} GiB", version_of(row))
    for name in transfer.exports(milvus, target):
        table.add_row(name, "export", "CREATED")
    console.print(table)


def _positive(text: str) -> int:
    if not text.isdecimal() or int(text) == 0:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 1 on")
    return int(text)
