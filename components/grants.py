"""Privileges of one role on one object."""

from __future__ import annotations

from collections.abc import Sequence

import pulumi
import pulumi_snowflake as snowflake


def on_account(
    name: str, role: snowflake.AccountRole, privileges: Sequence[str], parent: pulumi.Resource
) -> snowflake.GrantPrivilegesToAccountRole:
    """Grant privileges on the account."""
    return snowflake.GrantPrivilegesToAccountRole(
        name, account_role_name=role.name, privileges=privileges, on_account=True, opts=_options(role, parent)
    )


def on_account_object(
    name: str,
    role: snowflake.AccountRole,
    privileges: Sequence[str],
    object_type: str,
    object_name: pulumi.Input[str],
    parent: pulumi.Resource,
) -> snowflake.GrantPrivilegesToAccountRole:
    """Grant privileges on a database, warehouse, compute pool or integration."""
    return snowflake.GrantPrivilegesToAccountRole(
        name,
        account_role_name=role.name,
        privileges=privileges,
        on_account_object=snowflake.GrantPrivilegesToAccountRoleOnAccountObjectArgs(
            object_type=object_type, object_name=object_name
        ),
        opts=_options(role, parent),
    )


def on_schema(
    name: str,
    role: snowflake.AccountRole,
    privileges: Sequence[str],
    schema_name: pulumi.Input[str],
    parent: pulumi.Resource,
) -> snowflake.GrantPrivilegesToAccountRole:
    """Grant privileges on a schema, given by its quoted name."""
    return snowflake.GrantPrivilegesToAccountRole(
        name,
        account_role_name=role.name,
        privileges=privileges,
        on_schema=snowflake.GrantPrivilegesToAccountRoleOnSchemaArgs(schema_name=schema_name),
        opts=_options(role, parent),
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
    return snowflake.GrantPrivilegesToAccountRole(
        name,
        account_role_name=role.name,
        privileges=privileges,
        on_schema_object=snowflake.GrantPrivilegesToAccountRoleOnSchemaObjectArgs(
            object_type=object_type, object_name=object_name
        ),
        opts=_options(role, parent),
    )


def _options(role: snowflake.AccountRole, parent: pulumi.Resource) -> pulumi.ResourceOptions:
    # Dropping the role ends its grants, and a REVOKE on an object that is already gone would fail.
    return pulumi.ResourceOptions(parent=parent, deleted_with=role, delete_before_replace=True)
