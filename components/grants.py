"""Privileges of one role on one object."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pulumi
import pulumi_snowflake as snowflake


def on_account(
    name: str, role: snowflake.AccountRole, privileges: Sequence[str], parent: pulumi.Resource
) -> snowflake.GrantPrivilegesToAccountRole:
    """Grant privileges on the account."""
    return _grant(name, role, privileges, parent, on_account=True)


def on_account_object(
    name: str,
    role: snowflake.AccountRole,
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
    role: snowflake.AccountRole,
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
    role: snowflake.AccountRole,
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


def _grant(
    name: str,
    role: snowflake.AccountRole,
    privileges: Sequence[str],
    parent: pulumi.Resource,
    **target: Any,
) -> snowflake.GrantPrivilegesToAccountRole:
    # Dropping the role ends its grants, and a REVOKE on an object that is already gone would fail.
    options = pulumi.ResourceOptions(
        parent=parent,
        # Protection is for the data; what a role may do must stay free to change.
        protect=False,
        deleted_with=role,
        delete_before_replace=True,
    )
    return snowflake.GrantPrivilegesToAccountRole(
        name, account_role_name=role.name, privileges=privileges, **target, opts=options
    )
