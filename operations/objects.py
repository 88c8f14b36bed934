"""The stack's own objects in the account, as its state records them, and who owns them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from components.account import sql
from operations.target import Target


@dataclass(frozen=True)
class Managed:
    """One object that the stack made.

    Attributes:
        resource: the resource's name in the program.
        kind: the resource's type, without package: `ComputePool`.
        owner: role that the stack made it with.
        inputs: what the program declared at the last `up`.
    """

    resource: str
    kind: str
    owner: str
    inputs: Mapping[str, Any]

    @property
    def path(self) -> tuple[str, ...]:
        """The object's name in the account, with database and schema where it has them."""
        return tuple(self.inputs[part] for part in ("database", "schema", "name") if part in self.inputs)

    @property
    def name(self) -> str:
        """The path for people: `D.S.N`."""
        return ".".join(self.path)

    @property
    def quoted(self) -> str:
        """The path as it stands in statements."""
        return sql.identifier(*self.path)


def by_owner(items: Iterable[Managed]) -> dict[str, list[Managed]]:
    """Objects by the role that they were made with."""
    found: dict[str, list[Managed]] = {}
    for item in items:
        found.setdefault(item.owner, []).append(item)
    return found


def managed(target: Target, *kinds: str) -> list[Managed]:
    """The stack's Snowflake resources, in the order of the state: what others need comes first.

    Args:
        target: the stack.
        kinds: only resources of these types, e.g. `Service`; default all.
    """
    roles = {
        f"{resource['urn']}::{resource['id']}": resource["inputs"].get("role", "")
        for resource in target.resources
        if resource["type"] == "pulumi:providers:snowflake"
    }
    found = [
        Managed(
            resource=resource["urn"].rpartition("::")[2],
            kind=resource["type"].rpartition(":")[2],
            owner=roles.get(resource.get("provider", ""), ""),
            inputs=resource.get("inputs", {}),
        )
        for resource in target.resources
        # Not what the stack only reads, nor what it has replaced and is about to delete.
        if resource["type"].startswith("snowflake:")
        and not (resource.get("external") or resource.get("delete"))
    ]
    return [item for item in found if not kinds or item.kind in kinds]
