"""GRANT, REVOKE and SHOW GRANTS of service roles, which open endpoints of a service.

See https://docs.snowflake.com/en/sql-reference/sql/grant-service-role
"""

from __future__ import annotations

from local_account.base import errors
from local_account.base.result import Result, columns, status, table
from local_account.base.sql import Statement
from local_account.catalog.catalog import Object
from local_account.grants.grantee import read_role
from local_account.grants.show import OF, grantee_cells, limited, role_name
from local_account.identity import access
from local_account.spcs.network.endpoints import service_roles
from local_account.statement.context import Context
from local_account.statement.privileges import shown_name

_TO = columns("created_on:timestamp_ltz privilege granted_on name granted_to grantee_name")


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
    """Read `<service>!<name>`: the service, and the name of one of its service roles.

    Raises:
        SnowflakeError: 002003 when either is absent or invisible.
    """
    service = context.get("SERVICE", context.resolve(statement.parts(), "schema"))
    statement.expect("!")
    name = statement.identifier()
    if name not in service_roles(service):
        raise errors.does_not_exist("Service role", f"{shown_name(service)}!{name}")
    return service, name


def show_grants_to(context: Context, statement: Statement) -> Result:
    """SHOW GRANTS TO SERVICE ROLE <service>!<name> [LIMIT n]"""
    service, name = read_service_role(context, statement)
    rows = [
        {
            "created_on": service.created,
            "privilege": "USAGE",
            "granted_on": "SERVICE_ENDPOINT",
            "name": f"{shown_name(service)}!{endpoint}",
            "granted_to": "SERVICE ROLE",
            "grantee_name": f"{shown_name(service)}!{name}",
        }
        for endpoint in service_roles(service)[name]
    ]
    return limited(statement, table(_TO, rows))


def show_grants_of(context: Context, statement: Statement) -> Result:
    """SHOW GRANTS OF SERVICE ROLE <service>!<name> [LIMIT n]"""
    service, name = read_service_role(context, statement)
    rows = [
        {
            "created_on": entry["created"],
            "role": f"{shown_name(service)}!{name}",
            **grantee_cells(entry["role"]),
            "granted_by": role_name(entry["granted_by"]),
        }
        for entry in context.catalog.service_role_grants(service.id)
        if entry["service_role"] == name
    ]
    return limited(statement, table(OF, rows))


STATEMENTS = {
    ("SHOW", "GRANTS", "TO", "SERVICE", "ROLE"): show_grants_to,
    ("SHOW", "GRANTS", "OF", "SERVICE", "ROLE"): show_grants_of,
    ("GRANT", "SERVICE", "ROLE"): grant_service_role,
    ("REVOKE", "SERVICE", "ROLE"): revoke_service_role,
}
