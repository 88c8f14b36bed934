"""Drift of grants: what somebody else granted on the stack's objects, or to its roles.

The provider tells about revoked privileges and roles. It knows nothing about service roles, so this module
looks for both, granted and revoked ones. See https://docs.snowflake.com/en/sql-reference/sql/show-grants.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from components.account.account import Query
from operations.drift.finding import Finding
from operations.objects import Managed

# How SHOW GRANTS ON names the types. Grants on types that are not listed are not compared.
OBJECT_TYPES = {
    "AccountRole": "ROLE",
    "ComputePool": "COMPUTE POOL",
    "Database": "DATABASE",
    "ExternalAccessIntegration": "INTEGRATION",
    "ImageRepository": "IMAGE REPOSITORY",
    "NetworkRule": "NETWORK RULE",
    "ResourceMonitor": "RESOURCE MONITOR",
    "Schema": "SCHEMA",
    "SecretWithBasicAuthentication": "SECRET",
    "SecretWithGenericString": "SECRET",
    "Service": "SERVICE",
    "ServiceUser": "USER",
    "StageInternal": "STAGE",
    "User": "USER",
    "Warehouse": "WAREHOUSE",
}
_SERVICE_ROLE = re.compile(r"GRANT SERVICE ROLE (\S+)!(\w+) TO ROLE (\S+)")


@dataclass(frozen=True, order=True)
class Grant:
    """One privilege of one grantee; a role granted to somebody is USAGE on that role."""

    kind: str
    name: str
    privilege: str
    grantee_kind: str
    grantee: str

    def finding(self, declared: str, found: str) -> Finding:
        """The grant as a line of the report."""
        what = f"{self.privilege} of {self.grantee_kind.lower()} {self.grantee}"
        return Finding(f"{self.kind.lower()} {self.name}".strip(), what, declared, found)


def findings(query: Query, declared: list[Managed], owner: str) -> list[Finding]:
    """Grants that the program did not make, and service roles that were taken away.

    Args:
        query: acts as the deploying role, which owns the stack's objects or holds the role that owns them.
        declared: all of the stack's resources.
        owner: Milvus's owner role, which `make backup` lets use the snapshots that it takes.
    """
    wanted, roles = set(declared_grants(declared)), set(_declared_service_roles(declared))
    found = {grant for grant in _found(query, declared) if not _of_a_backup(grant, owner, declared)}
    held = set(_found_service_roles(query, declared))
    return [grant.finding("-", "granted") for grant in sorted((found - wanted) | (held - roles))] + [
        grant.finding("granted", "-") for grant in sorted(roles - held)
    ]


def declared_grants(declared: Iterable[Managed]) -> Iterator[Grant]:
    """The grants that the program makes, and the ownership that making an object gives."""
    for item in declared:
        if item.kind in OBJECT_TYPES:
            yield Grant(OBJECT_TYPES[item.kind], item.name, "OWNERSHIP", "ROLE", item.owner)
        elif item.kind == "GrantAccountRole":
            to = "USER" if item.inputs.get("userName") else "ROLE"
            grantee = item.inputs.get("userName") or item.inputs["parentRoleName"]
            yield Grant("ROLE", _bare(item.inputs["roleName"]), "USAGE", to, _bare(grantee))
        elif item.kind == "GrantPrivilegesToAccountRole":
            kind, name = _target(item.inputs)
            for privilege in item.inputs.get("privileges", ()):
                yield Grant(kind, name, privilege, "ROLE", _bare(item.inputs["accountRoleName"]))


def _target(inputs: Mapping[str, Any]) -> tuple[str, str]:
    if inputs.get("onAccount"):
        return "ACCOUNT", ""
    if on_schema := inputs.get("onSchema"):
        return "SCHEMA", _bare(on_schema.get("schemaName", ""))
    on_object = inputs.get("onAccountObject") or inputs.get("onSchemaObject") or {}
    return on_object.get("objectType", "").upper(), _bare(on_object.get("objectName", ""))


def _declared_service_roles(declared: Iterable[Managed]) -> Iterator[Grant]:
    for item in declared:
        if granted := _SERVICE_ROLE.match(str(item.inputs.get("execute", ""))):
            service, role, grantee = granted.groups()
            yield Grant("SERVICE ROLE", f"{_bare(service)}!{role}", "USAGE", "ROLE", _bare(grantee))


def _of_a_backup(grant: Grant, owner: str, declared: Iterable[Managed]) -> bool:
    expected = ("SNAPSHOT", "USAGE", owner)
    return (grant.kind, grant.privilege, grant.grantee) == expected and grant.name.startswith(
        _inside(declared)
    )


def _inside(declared: Iterable[Managed]) -> tuple[str, ...]:
    """How the names begin of all that is in the stack's databases and schemas."""
    return tuple(f"{item.name}." for item in declared if item.kind in ("Database", "Schema"))


def _found(query: Query, declared: list[Managed]) -> Iterator[Grant]:
    for item in declared:
        if kind := OBJECT_TYPES.get(item.kind):
            for row in query(f"SHOW GRANTS ON {kind} {item.quoted}"):
                yield Grant(kind, item.name, row["privilege"], row["granted_to"], row["grantee_name"])
        if item.kind == "AccountRole":
            yield from granted_to(query, item, declared)
        if item.kind in ("Database", "Schema"):
            for row in query(f"SHOW FUTURE GRANTS IN {item.kind.upper()} {item.quoted}"):
                kind = f"FUTURE {row['grant_on'].replace('_', ' ')}"
                yield Grant(kind, item.name, row["privilege"], row["grant_to"], row["grantee_name"])


def granted_to(query: Query, role: Managed, declared: Iterable[Managed] = ()) -> Iterator[Grant]:
    """Who has a role, and what it may do.

    Args:
        query: acts as a role that may see the role's grants.
        role: the role.
        declared: the stack's resources; what the role made itself inside their schemas, such as tables and
            jobs, is left out. Default: nothing is left out.
    """
    for row in query(f"SHOW GRANTS OF ROLE {role.quoted}"):
        yield Grant("ROLE", role.name, "USAGE", row["granted_to"], row["grantee_name"])
    inside = _inside(declared)
    for row in query(f"SHOW GRANTS TO ROLE {role.quoted}"):
        kind = row["granted_on"].replace("_", " ")
        name = "" if kind == "ACCOUNT" else _bare(row["name"])
        own = row["privilege"] == "OWNERSHIP" and name.startswith(inside)
        # Roles of the stack's services are asked for one by one.
        if not own and not ("!" in name and name.startswith(inside)):
            yield Grant(kind, name, row["privilege"], "ROLE", role.name)


def _found_service_roles(query: Query, declared: Iterable[Managed]) -> Iterator[Grant]:
    for service in declared:
        if service.kind != "Service":
            continue
        for role in query(f"SHOW ROLES IN SERVICE {service.quoted}"):
            name = f"{service.quoted}!{role['name']}"
            for row in query(f"SHOW GRANTS OF SERVICE ROLE {name}"):
                yield Grant(
                    "SERVICE ROLE",
                    f"{service.name}!{role['name']}",
                    "USAGE",
                    row["granted_to"],
                    row["grantee_name"],
                )


def _bare(name: str) -> str:
    """A quoted name without its quotes: `"D"."S"` is `D.S`."""
    return name.replace('"', "")
