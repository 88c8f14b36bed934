"""Which of the program's objects the account has already, and why the stack cannot take some of them over."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from components.account import sql
from components.account.account import Query
from components.checks.data_loss import (
    POOL_TYPE,
    SERVICE_TYPE,
    DataLossError,
    chosen_milvus,
    deployed_milvus,
    find_losses,
)
from operations.drift.grants import OBJECT_TYPES, Grant, declared_grants, granted_to
from operations.importing.plan import Planned
from operations.objects import Managed, show
from settings import Settings

_GRANTS = ("GrantAccountRole", "GrantPrivilegesToAccountRole")
_SERVER_SIDE, _PASSWORD = "INTERNAL NO CSE", "PASSWORD"
JOB_ENDED = ("DONE", "FAILED", "CANCELLED", "INTERNAL_ERROR")


@dataclass(frozen=True)
class Found:
    """An object that is in the account and not in the state.

    Attributes:
        planned: what the program declares for it.
        row: the object's row of SHOW; empty for a grant.
        specification: a service's specification as DESCRIBE SERVICE shows it; empty for other objects.
    """

    planned: Planned
    row: Mapping[str, Any]
    specification: str = ""


def find(query: Query, resources: Iterable[Planned]) -> list[Found]:
    """The resources that the account has, in the same order.

    Args:
        query: acts as the deploying role. An object that it cannot see counts as absent.
        resources: what the program would make.
    """
    resources = list(resources)
    found = list(_objects(query, resources))
    roles = [item.planned.item for item in found if item.planned.item.kind == "AccountRole"]
    held = {grant for role in roles for grant in granted_to(query, role)}
    granted = [Found(one, {}) for one in resources if _is_granted(one.item, held)]
    order = {one.urn: number for number, one in enumerate(resources)}
    return sorted(found + granted, key=lambda item: order[item.planned.urn])


def _objects(query: Query, resources: Iterable[Planned]) -> Iterator[Found]:
    for one in resources:
        if one.item.kind in OBJECT_TYPES and (row := show(query, OBJECT_TYPES[one.item.kind], one.item.path)):
            described = query(f"DESCRIBE SERVICE {one.item.quoted}") if one.item.kind == "Service" else []
            yield Found(one, row, described[0]["spec"] if described else "")


def _is_granted(item: Managed, held: set[Grant]) -> bool:
    return item.kind in _GRANTS and set(declared_grants([item])) <= held


def obstacles(found: Iterable[Found], chosen: Settings) -> list[str]:
    """Reasons why objects cannot be taken over as they are, each with the way out."""
    found = list(found)
    return [text for item in found if (text := _obstacle(item))] + _losses(found, chosen)


def _obstacle(found: Found) -> str:
    item, row = found.planned.item, found.row
    kind = OBJECT_TYPES.get(item.kind, "")
    owner = row.get("owner")
    if item.kind == "Service" and owner != item.owner:
        return (
            f"{kind} {item.name} is owned by {owner}, not {item.owner}, and a service cannot be given away. "
            "Take a snapshot of its volume, drop it, and set milvusSnapshot for the new one"
        )
    if owner and owner != item.owner:
        return (
            f"{kind} {item.name} is owned by {owner}, not {item.owner}: GRANT OWNERSHIP ON {kind} "
            f"{item.quoted} TO ROLE {sql.identifier(item.owner)} COPY CURRENT GRANTS"
        )
    if item.kind == "StageInternal" and row["type"] != _SERVER_SIDE:
        return (
            f"STAGE {item.name} is encrypted on the client's side, so services cannot mount it, and that "
            "cannot be changed: copy its files (COPY FILES), drop it, and let `pulumi up` make it"
        )
    if item.kind == "SecretWithBasicAuthentication" and row["secret_type"] != _PASSWORD:
        return f"SECRET {item.name} is of type {row['secret_type']}, not PASSWORD: drop or rename it"
    return ""


def _losses(found: Iterable[Found], chosen: Settings) -> list[str]:
    """What the next `up` would refuse because Milvus's volume differs from the settings."""
    resources = []
    for item in found:
        kind, seen = item.planned.item.kind, dict(item.planned.item.inputs)
        if kind == "Service":
            seen["computePool"] = item.row["compute_pool"]
            seen["fromSpecification"] = {"text": item.specification}
            resources.append({"type": SERVICE_TYPE, "outputs": seen})
        elif kind == "ComputePool":
            seen["instanceFamily"] = item.row["instance_family"]
            resources.append({"type": POOL_TYPE, "outputs": seen})
    try:
        return find_losses(deployed_milvus(resources), chosen_milvus(chosen))
    except DataLossError as error:
        return [str(error)]
