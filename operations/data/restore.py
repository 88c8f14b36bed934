"""Bring Milvus back to a backup: a snapshot into its volume, or the collections of an export.

Pulumi's engine does not run. A service that is gone is made again from what the stack's state declares.
"""

from __future__ import annotations

from components.account import sql
from components.checks.data_loss import SERVICE_TYPE, older
from machine.terminal import say
from operations.data import transfer
from operations.data.milvus import DataError, Milvus, version_of
from operations.target import Target


def run(target: Target, name: str | None = None, *, export: bool = False, only: str = "") -> None:
    """Restore a backup.

    Args:
        target: the stack.
        name: the backup; default the newest of its kind.
        export: make the collections of an export instead, none of which may exist. Default false.
        only: with `export`, this DATABASE.COLLECTION alone; default all.

    Raises:
        DataError: there is no such backup, or it cannot be restored.
    """
    with target.account.queries() as query:
        milvus = Milvus(target, query)
        if export:
            chosen = _chosen(name, transfer.exports(milvus, target), "export")
            _ensure_service(target, milvus)
            transfer.transfer(target, milvus, "import", chosen, only)
            return
        found = {row["name"]: row for row in milvus.snapshots() if row["state"] == "CREATED"}
        chosen = _chosen(name, list(found), "snapshot")
        _refuse_newer(version_of(found[chosen]), milvus.holder.version, chosen)
        _ensure_service(target, milvus)
        milvus.put_back(chosen)


def _chosen(name: str | None, found: list[str], kind: str) -> str:
    if name is None and found:
        return found[-1]
    if name not in found:
        if not found:
            raise DataError(f"There is no {kind} to restore. `make backup` makes one.")
        raise DataError(f"There is no {kind} {name}. There are: {', '.join(found)}")
    return name


def _refuse_newer(written: str, deployed: str, name: str) -> None:
    if older(deployed, written):
        raise DataError(
            f"Snapshot {name} was written by Milvus {written}. {deployed} is deployed, which cannot be "
            "relied on to open it. Deploy the newer version first."
        )


def _ensure_service(target: Target, milvus: Milvus) -> None:
    """Make a service that is gone as the provider does, so that `pulumi up` finds nothing to change."""
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
    """The program's statements that let others in; what they granted ended with the service."""
    beginning = f"GRANT SERVICE ROLE {sql.identifier(*milvus.path)}!"
    statements = [item.get("inputs", {}).get("execute", "") for item in target.resources]
    return [text for text in statements if isinstance(text, str) and text.startswith(beginning)]
