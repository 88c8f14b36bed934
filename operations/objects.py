"""The stack's own objects in the account, as its state records them, and who owns them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from snowflake.connector import ProgrammingError

from components.account import sql
from components.account.account import Query
from operations.target import Target

# SHOW in a database or schema that is not there, or that the role may not see.
_MISSING = (2003, 2043)


@dataclass(frozen=True)
class Managed:
    """One object that the stack made.

    Attributes:
        resource: the resource's name in the program.
        kind: the resource's type, without package: `ComputePool`.
        owner: role that made it.
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
    """Objects, grouped by the role that made them."""
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
        # The stack only reads external objects, and it is about to delete the replaced ones.
        if resource["type"].startswith("snowflake:")
        and not (resource.get("external") or resource.get("delete"))
    ]
    return [item for item in found if not kinds or item.kind in kinds]


def show(query: Query, kind: str, path: tuple[str, ...]) -> dict[str, Any] | None:
    """An object's row of SHOW; None when it is not there.

    Args:
        query: runs statements.
        kind: the object type in SQL, `IMAGE REPOSITORY`.
        path: the object's name, with database and schema where it has them.
    """
    *parents, name = path
    plural = f"{kind[:-1]}IES" if kind.endswith("Y") else f"{kind}S"
    inside = ("", " IN DATABASE ", " IN SCHEMA ")[len(parents)]
    try:
        rows = query(f"SHOW {plural} LIKE {sql.literal(name)}{inside}{sql.identifier(*parents)}")
    except ProgrammingError as error:
        if error.errno not in _MISSING:
            raise
        return None
    # LIKE takes `_` for any character.
    return next((row for row in rows if row["name"] == name), None)
