"""Bring Milvus back to a backup: a snapshot into its volume, or with --export the collections of an export.

Works without Pulumi's engine. A service that is gone is made again from what the stack's state declares.
"""

from __future__ import annotations

import argparse
import re

from components.account import sql
from components.checks.data_loss import SERVICE_TYPE, older
from machine.terminal import say
from operations import transfer
from operations.milvus import DataError, Milvus, version_of
from operations.target import Target


def arguments(parser: argparse.ArgumentParser) -> None:
    """The backup, its kind, and what of it."""
    parser.add_argument("name", nargs="?", help="the backup; default the newest of its kind")
    parser.add_argument(
        "--export", action="store_true", help="make the collections of an export, none of which may exist"
    )
    parser.add_argument(
        "--only",
        type=_collection,
        metavar="DATABASE.COLLECTION",
        help="with --export: this collection alone",
    )


def run(target: Target, options: argparse.Namespace) -> int:
    """Restore.

    Raises:
        DataError: there is no such backup, or it cannot be put back.
    """
    with target.account.queries() as query:
        milvus = Milvus(target, query)
        if options.export:
            name = _chosen(options.name, transfer.exports(milvus, target), "export")
            _ensure_service(target, milvus)
            transfer.transfer(target, milvus, "import", name, options.only or "")
            return 0
        found = {row["name"]: row for row in milvus.snapshots() if row["state"] == "CREATED"}
        name = _chosen(options.name, list(found), "snapshot")
        _refuse_newer(version_of(found[name]), milvus.holder.version, name)
        _ensure_service(target, milvus)
        milvus.put_back(name)
    return 0


def _collection(text: str) -> str:
    # As Milvus names databases and collections; it goes into a specification.
    if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*\.[A-Za-z_][A-Za-z0-9_]*", text):
        raise argparse.ArgumentTypeError(f"{text!r} is not DATABASE.COLLECTION")
    return text


def _chosen(name: str | None, found: list[str], kind: str) -> str:
    if name is None and found:
        return found[-1]
    if name not in found:
        there = ", ".join(found) or "none"
        raise DataError(f"no {kind} {name or ''} to restore; there are: {there}. `make backup` makes one")
    return name


def _refuse_newer(written: str, deployed: str, name: str) -> None:
    if older(deployed, written):
        raise DataError(
            f"snapshot {name} was written by Milvus {written}, {deployed} is deployed, which cannot be "
            "relied on to open it; deploy the newer version first"
        )


def _ensure_service(target: Target, milvus: Milvus) -> None:
    """Make the service again where it is gone, as the provider does: `pulumi up` finds nothing to change."""
    if milvus.status() is not None:
        return
    inputs = next(
        item["inputs"]
        for item in target.resources
        if item["type"] == SERVICE_TYPE and item["inputs"]["name"] == milvus.holder.service
    )
    # A service belongs to the role that makes it.
    with target.account.queries(target.owner_role) as query:
        query(
            f"CREATE SERVICE {sql.identifier(*milvus.path)} "
            f"IN COMPUTE POOL {sql.identifier(sql.bare(inputs['computePool']))} "
            f"FROM SPECIFICATION {sql.dollar(inputs['fromSpecification']['text'])} "
            f"MIN_INSTANCES = {inputs['minInstances']} MAX_INSTANCES = {inputs['maxInstances']} "
            f"COMMENT = {sql.literal(inputs['comment'])}"
        )
        for grant in _grants(target, milvus):
            query(grant)
    say("service", f"{milvus.name} was gone and is made again")
    milvus.wait()


def _grants(target: Target, milvus: Milvus) -> list[str]:
    """Statements of the program that let others in, which ended with the service."""
    beginning = f"GRANT SERVICE ROLE {sql.identifier(*milvus.path)}!"
    statements = [item.get("inputs", {}).get("execute", "") for item in target.resources]
    return [text for text in statements if isinstance(text, str) and text.startswith(beginning)]
