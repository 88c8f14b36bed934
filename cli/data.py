"""Commands for Milvus's data: backup, restore, migrate."""

from __future__ import annotations

import re
from typing import Annotated

import typer

from cli import layouts, tables
from cli.options import DEFAULT, Json, Stack, answer_alone, target_of
from machine.terminal import say

# As Milvus names databases and collections; the name goes into a specification.
_COLLECTION = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\.[A-Za-z_][A-Za-z0-9_]*")


def _collection(text: str) -> str:
    if not _COLLECTION.fullmatch(text):
        raise typer.BadParameter(f"{text!r} is not DATABASE.COLLECTION")
    return text


def backup(
    stack: Stack = DEFAULT,
    list_: Annotated[bool, typer.Option("--list", help="Show the backups; no backup is made.")] = False,
    export: Annotated[
        bool, typer.Option("--export", help="Also export all collections to stage DATA.")
    ] = False,
    suspend: Annotated[
        bool,
        typer.Option(
            "--suspend",
            help="Suspend Milvus meanwhile, so that the snapshot has everything that Milvus was told.",
        ),
    ] = False,
    keep: Annotated[
        int | None,
        typer.Option(
            "--keep",
            metavar="N",
            min=1,
            help="Afterwards drop the backups of each kind that are older than the newest N.",
        ),
    ] = None,
    json: Json = False,
) -> None:
    """Take a snapshot of Milvus's volume, or list the backups with --list."""
    from operations.data import backup as backing_up

    if json and not list_:
        raise typer.BadParameter("it prints the list of --list; give both", param_hint="--json")
    if list_ and (export or suspend or keep):
        raise typer.BadParameter("it makes no backup, so no other option goes with it", param_hint="--list")
    if json:
        answer_alone()
    target = target_of(stack)
    if not list_:
        backing_up.run(target, export=export, suspend=suspend, keep=keep)
        return
    found = backing_up.backups(target)
    if json:
        tables.print_json(found)
    elif found:
        tables.show(layouts.BACKUPS, found)
    else:
        say("backup", "none yet; `make backup` makes one")


def restore(
    name: Annotated[
        str | None,
        typer.Argument(
            metavar="NAME", help="The backup. Default: the newest of its kind.", show_default=False
        ),
    ] = None,
    stack: Stack = DEFAULT,
    export: Annotated[
        bool, typer.Option("--export", help="Make the collections of an export; none of them may exist.")
    ] = False,
    only: Annotated[
        str | None,
        typer.Option(
            "--only",
            metavar="DATABASE.COLLECTION",
            parser=_collection,
            help="With --export: this collection alone.",
            show_default=False,
        ),
    ] = None,
) -> None:
    """Bring Milvus back to a backup: a snapshot, or with --export an export."""
    from operations.data import restore as restoring

    if only and not export:
        raise typer.BadParameter("a snapshot is restored as a whole; add --export", param_hint="--only")
    restoring.run(target_of(stack), name, export=export, only=only or "")


def migrate(stack: Stack = DEFAULT) -> int:
    """Carry Milvus's data through a change of volume size or instance family."""
    from operations.data import migrate as migrating

    return migrating.run(target_of(stack, builds=True))
