"""Privileges of one role on one object."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pulumi
import pulumi_snowflake as snowflake

from components.role import Role


def on_account(
    name: str, role: Role, privileges: Sequence[str], parent: pulumi.Resource
) -> snowflake.GrantPrivilegesToAccountRole:
    """Grant privileges on the account."""
    return _grant(name, role, privileges, parent, on_account=True)


def on_account_object(
    name: str,
    role: Role,
    privileges: Sequence[str],
    object_type: str,
    object_name: pulumi.Input[str],
    parent: pulumi.Resource,
) -> snowflake.GrantPrivilegesToAccountRole:
    """Grant privileges on a database, warehouse, compute pool or integration."""
    return _grant(
        name,
        role,
        privileges,
        parent,
        on_account_object=snowflake.GrantPrivilegesToAccountRoleOnAccountObjectArgs(
            object_type=object_type, object_name=object_name
        ),
    )


def on_schema(
    name: str,
    role: Role,
    privileges: Sequence[str],
    schema_name: pulumi.Input[str],
    parent: pulumi.Resource,
) -> snowflake.GrantPrivilegesToAccountRole:
    """Grant privileges on a schema, given by its quoted name."""
    return _grant(
        name,
        role,
        privileges,
        parent,
        on_schema=snowflake.GrantPrivilegesToAccountRoleOnSchemaArgs(schema_name=schema_name),
    )


def on_schema_object(
    name: str,
    role: Role,
    privileges: Sequence[str],
    object_type: str,
    object_name: pulumi.Input[str],
    parent: pulumi.Resource,
) -> snowflake.GrantPrivilegesToAccountRole:
    """Grant privileges on an object in a schema, given by its quoted name."""
    return _grant(
        name,
        role,
        privileges,
        parent,
        on_schema_object=snowflake.GrantPrivilegesToAccountRoleOnSchemaObjectArgs(
            object_type=object_type, object_name=object_name
        ),
    )


def ours(role: Role, existing: bool) -> bool:
    """Whether a grant on an object is the stack's to make.

    Between what others made it is not: the REVOKE in the end could take away what was theirs before.

    Args:
        role: the grantee.
        existing: whether the object was there already.
    """
    return role.made is not None or not existing


def _grant(
    name: str,
    role: Role,
    privileges: Sequence[str],
    parent: pulumi.Resource,
    **target: Any,
) -> snowflake.GrantPrivilegesToAccountRole:
    # Dropping the role ends its grants, and a REVOKE on an object that is already gone would fail.
    options = pulumi.ResourceOptions(
        parent=parent,
        # Protection is for the data; what a role may do must stay free to change.
        protect=False,
        deleted_with=role.made,
        delete_before_replace=True,
    )
    return snowflake.GrantPrivilegesToAccountRole(
        name, account_role_name=role.name, privileges=privileges, **target, opts=options
    )
