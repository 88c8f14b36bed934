"""GRANT and REVOKE of service roles, which open endpoints of a service.

See https://docs.snowflake.com/en/sql-reference/sql/grant-service-role
"""

from __future__ import annotations

from local_account.base import errors
from local_account.base.result import Result, status
from local_account.base.sql import Statement
from local_account.catalog.catalog import Object
from local_account.grants.grantee import read_role
from local_account.identity import access
from local_account.statement.context import Context
from local_account.statement.privileges import shown_name


def grant_service_role(context: Context, statement: Statement) -> Result:
    """GRANT SERVICE ROLE <service>!<name> TO {[ROLE] | DATABASE ROLE} <role>"""
    service, name = read_service_role(context, statement)
    statement.expect("TO")
    role = read_role(context, statement)
    statement.end()
    context.require_ownership(service)
    if role.type == access.DATABASE_ROLE and role.database != service.database:
        raise errors.unsupported("GRANT SERVICE ROLE TO DATABASE ROLE of another database")
    context.catalog.grant_service_role(service.id, name, access.role_key(role), service.owner)
    return status("Statement executed successfully.")


def revoke_service_role(context: Context, statement: Statement) -> Result:
    """REVOKE SERVICE ROLE <service>!<name> FROM {[ROLE] | DATABASE ROLE} <role>"""
    service, name = read_service_role(context, statement)
    statement.expect("FROM")
    role = read_role(context, statement)
    statement.end()
    context.require_ownership(service)
    context.catalog.revoke_service_role(service.id, name, access.role_key(role))
    return status("Statement executed successfully.")


def read_service_role(context: Context, statement: Statement) -> tuple[Object, str]:
    """`<service>!<name>`: the service and the name of a service role that it has.

    Raises:
        SnowflakeError: 002003 when either is absent or invisible.
    """
    from local_account.spcs.network.endpoints import service_roles

    service = context.get("SERVICE", context.resolve(statement.parts(), "schema"))
    statement.expect("!")
    name = statement.identifier()
    if name not in service_roles(service):
        raise errors.does_not_exist("Service role", f"{shown_name(service)}!{name}")
    return service, name


STATEMENTS = {
    ("GRANT", "SERVICE", "ROLE"): grant_service_role,
    ("REVOKE", "SERVICE", "ROLE"): revoke_service_role,
}
