"""SHOW GRANTS in all its forms. See https://docs.snowflake.com/en/sql-reference/sql/show-grants"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from local.account import access, privileges
from local.account.catalog import ACCOUNT_OBJECT, Grant, Object
from local.account.context import Context
from local.account.objects.service_role import read_service_role
from local.account.privileges import OWNERSHIP
from local.account.result import Result, columns, table
from local.account.sql import Name, Statement, shown

_GRANTS = columns(
    "created_on:timestamp_ltz privilege granted_on name granted_to grantee_name grant_option granted_by"
)
_FUTURE = columns("created_on:timestamp_ltz privilege grant_on name grant_to grantee_name grant_option")
_ROLES = columns("created_on:timestamp_ltz role granted_to grantee_name granted_by")
_SERVICE_ROLE = columns("created_on:timestamp_ltz privilege granted_on name granted_to grantee_name")
Row = dict[str, Any]


def show_grants(context: Context, statement: Statement) -> Result:
    """SHOW GRANTS [ON … | TO … | OF …] [LIMIT n]; without any, what the user has."""
    forms: dict[tuple[str, ...], Callable[[Context, Statement], Result]] = {
        ("ON",): _on,
        ("TO", "ROLE"): _to_role,
        ("TO", "USER"): _to_user,
        ("TO", "SERVICE", "ROLE"): _to_service_role,
        ("OF", "ROLE"): _of_role,
        ("OF", "SERVICE", "ROLE"): _of_service_role,
    }
    for words, show in forms.items():
        if statement.accept(*words):
            found = show(context, statement)
            break
    else:
        found = _of_user(context, context.session.user)
    if statement.accept("LIMIT"):
        found.rows = found.rows[: statement.integer()]
    statement.end()
    return found


def show_future_grants(context: Context, statement: Statement) -> Result:
    """SHOW FUTURE GRANTS {IN DATABASE <name> | IN SCHEMA <name> | TO ROLE <name>}"""
    role = ""
    if statement.accept("TO", "ROLE"):
        role = _role(context, statement).name
        scopes = [*context.catalog.objects("DATABASE"), *context.catalog.objects("SCHEMA")]
    else:
        statement.expect("IN")
        kind = "DATABASE" if statement.accept("DATABASE") else "SCHEMA"
        if kind == "SCHEMA":
            statement.expect("SCHEMA")
        name = context.resolve(statement.parts(), "account" if kind == "DATABASE" else "database")
        scopes = [context.get(kind, name)]
    statement.end()
    rows = [
        _future_row(scope, row)
        for scope in scopes
        for row in context.catalog.future_grants(scope.id)
        if role in ("", row["role"])
    ]
    return table(_FUTURE, rows)


def _future_row(scope: Object, row: Any) -> Row:
    placeholder = f"<{privileges.shown_type(row['type'])}>"
    return {
        "created_on": row["created"],
        "privilege": row["privilege"],
        "grant_on": privileges.shown_type(row["type"]),
        "name": f"{privileges.shown_name(scope)}.{placeholder}",
        "grant_to": "ROLE",
        "grantee_name": row["role"],
        "grant_option": bool(row["with_option"]),
    }


def _on(context: Context, statement: Statement) -> Result:
    target = privileges.read_target(context, statement)
    if target.how != "one":
        raise statement.unexpected()
    item = target.item
    rows = [_owner_row(item)] if item and item.owner else []
    grants = context.catalog.grants_on(item.id if item else ACCOUNT_OBJECT)
    rows += [_row(context, item, grant) for grant in grants]
    if item and item.type == "ROLE":
        rows += [_usage_row(entry) for entry in context.catalog.role_grants(role=item.name)]
    return table(_GRANTS, rows)


def _to_role(context: Context, statement: Statement) -> Result:
    role = _role(context, statement).name
    rows: list[Row] = []
    for grant in context.catalog.grants_to(role):
        item = context.catalog.by_id(grant.object) if grant.object else None
        rows.append(_row(context, item, grant))
    rows += [_owner_row(item) for item in context.catalog.owned(role)]
    rows += [_usage_row(entry) for entry in context.catalog.role_grants(grantee_type="ROLE", grantee=role)]
    for entry in context.catalog.service_role_grants_to(role):
        service = context.catalog.by_id(entry["service"])
        if service:
            rows.append(_service_row(service, entry))
    return table(_GRANTS, sorted(rows, key=lambda row: (row["granted_on"], row["name"], row["privilege"])))


def _to_user(context: Context, statement: Statement) -> Result:
    return _of_user(context, context.get("USER", context.resolve(statement.parts(), "account")).name)


def _of_user(context: Context, user: str) -> Result:
    found = context.catalog.role_grants(grantee_type="USER", grantee=user)
    return table(_ROLES, [_role_row(entry) for entry in found])


def _of_role(context: Context, statement: Statement) -> Result:
    role = _role(context, statement).name
    found = context.catalog.role_grants(role=role) if role != access.PUBLIC else []
    return table(_ROLES, [_role_row(entry) for entry in found])


def _to_service_role(context: Context, statement: Statement) -> Result:
    from local.spcs.endpoints import service_roles

    service, name = read_service_role(context, statement)
    rows = [
        {
            "created_on": service.created,
            "privilege": "USAGE",
            "granted_on": "SERVICE_ENDPOINT",
            "name": f"{privileges.shown_name(service)}!{endpoint}",
            "granted_to": "SERVICE ROLE",
            "grantee_name": f"{privileges.shown_name(service)}!{name}",
        }
        for endpoint in service_roles(service)[name]
    ]
    return table(_SERVICE_ROLE, rows)


def _of_service_role(context: Context, statement: Statement) -> Result:
    service, name = read_service_role(context, statement)
    rows = [
        {
            "created_on": entry["created"],
            "role": f"{privileges.shown_name(service)}!{name}",
            "granted_to": "ROLE",
            "grantee_name": entry["role"],
            "granted_by": entry["granted_by"],
        }
        for entry in context.catalog.service_role_grants(service.id)
        if entry["service_role"] == name
    ]
    return table(_ROLES, rows)


def _role(context: Context, statement: Statement) -> Object:
    return context.get("ROLE", Name("", "", statement.parts()[-1]))


def _row(context: Context, item: Object | None, grant: Grant) -> Row:
    return {
        "created_on": grant.created,
        "privilege": grant.privilege,
        "granted_on": privileges.shown_type(item.type) if item else privileges.ACCOUNT,
        "name": privileges.shown_name(item) if item else context.account.settings.account_id.upper(),
        "granted_to": "ROLE",
        "grantee_name": grant.role,
        "grant_option": grant.with_option,
        "granted_by": grant.granted_by,
    }


def _owner_row(item: Object) -> Row:
    return {
        "created_on": item.created,
        "privilege": OWNERSHIP,
        "granted_on": privileges.shown_type(item.type),
        "name": privileges.shown_name(item),
        "granted_to": "ROLE",
        "grantee_name": item.owner,
        "grant_option": True,
        "granted_by": item.owner,
    }


def _usage_row(entry: Any) -> Row:
    return {
        "created_on": entry["created"],
        "privilege": "USAGE",
        "granted_on": "ROLE",
        "name": shown((entry["role"],)),
        "granted_to": entry["grantee_type"],
        "grantee_name": entry["grantee"],
        "grant_option": False,
        "granted_by": entry["granted_by"],
    }


def _service_row(service: Object, entry: Any) -> Row:
    return {
        "created_on": entry["created"],
        "privilege": "USAGE",
        "granted_on": "SERVICE_ROLE",
        "name": f"{privileges.shown_name(service)}!{entry['service_role']}",
        "granted_to": "ROLE",
        "grantee_name": entry["role"],
        "grant_option": False,
        "granted_by": entry["granted_by"],
    }


def _role_row(entry: Any) -> Row:
    return {
        "created_on": entry["created"],
        "role": entry["role"],
        "granted_to": entry["grantee_type"],
        "grantee_name": entry["grantee"],
        "granted_by": entry["granted_by"],
    }


STATEMENTS = {
    ("SHOW", "GRANTS"): show_grants,
    ("SHOW", "FUTURE", "GRANTS"): show_future_grants,
}
