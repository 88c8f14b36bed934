"""Privileges of one role on one object."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pulumi
import pulumi_snowflake as snowflake

from components.roles.role import Role

_ACCOUNT_OBJECTS = ("COMPUTE POOL", "DATABASE", "INTEGRATION", "WAREHOUSE")


def grant(
    name: str,
    role: Role,
    privileges: Sequence[str],
    on: tuple[str, pulumi.Input[str]] | None,
    parent: pulumi.Resource,
) -> snowflake.GrantPrivilegesToAccountRole:
    """Grant privileges to a role.

    Args:
        name: name of the resource.
        role: the role that gets the privileges.
        privileges: e.g. USAGE.
        on: type and name of the object; None: the account. The name of a schema, or of an object in one, is
            the quoted name with all its parts.
        parent: the resource's parent.
    """
    return snowflake.GrantPrivilegesToAccountRole(
        name,
        account_role_name=role.name,
        privileges=privileges,
        **_target(on),
        opts=pulumi.ResourceOptions(
            parent=parent,
            # Protection is for the data; the privileges of a role must stay free to change.
            protect=False,
            # Dropping the role ends its grants, and a REVOKE on an object that is already gone would fail.
            deleted_with=role.made,
            delete_before_replace=True,
        ),
    )


def _target(on: tuple[str, pulumi.Input[str]] | None) -> dict[str, Any]:
    """The argument of the resource that names the object."""
    if on is None:
        return {"on_account": True}
    kind, name = on
    if kind in _ACCOUNT_OBJECTS:
        target = snowflake.GrantPrivilegesToAccountRoleOnAccountObjectArgs(object_type=kind, object_name=name)
        return {"on_account_object": target}
    if kind == "SCHEMA":
        return {"on_schema": snowflake.GrantPrivilegesToAccountRoleOnSchemaArgs(schema_name=name)}
    target = snowflake.GrantPrivilegesToAccountRoleOnSchemaObjectArgs(object_type=kind, object_name=name)
    return {"on_schema_object": target}


def is_managed(role: Role, existing: bool) -> bool:
    """Whether the stack manages the grant of an object to a role.

    It does not if both existed before: destroying the stack would revoke a grant that it may not have made.

    Args:
        role: the role that would get the grant.
        existing: whether the object existed before the stack.
    """
    return role.made is not None or not existing
