"""SHOW GRANTS in all its forms. See https://docs.snowflake.com/en/sql-reference/sql/show-grants"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from local_account.base import errors
from local_account.base.result import Result, columns, table
from local_account.base.sql import Name, Statement, shown
from local_account.catalog.catalog import ACCOUNT_OBJECT, Grant, Object
from local_account.grants.grantee import read_database_role
from local_account.identity import access, behavior_changes
from local_account.statement import privileges
from local_account.statement.context import Context
from local_account.statement.privileges import OWNERSHIP

_TO = columns(
    "created_on:timestamp_ltz privilege granted_on name granted_to grantee_name grant_option granted_by"
)
_ON = [*_TO, *columns("granted_by_role_type")]
_USER = columns(
    "created_on:timestamp_ltz privilege granted_on name role granted_to grantee_name grant_option granted_by"
)
_FUTURE = columns("created_on:timestamp_ltz privilege grant_on name grant_to grantee_name grant_option")
OF = columns("created_on:timestamp_ltz role granted_to grantee_name granted_by")
_GRANTEE = [column.name for column in OF].index("grantee_name")
Row = dict[str, Any]


def show_grants(context: Context, statement: Statement) -> Result:
    """SHOW GRANTS [ON … | TO … | OF …] [LIMIT n]; without a clause, the grants to the session's user."""
    forms: dict[tuple[str, ...], Callable[[Context, Statement], Result]] = {
        ("ON",): _on,
        ("TO", "ROLE"): _to_role,
        ("TO", "DATABASE", "ROLE"): _to_database_role,
        ("TO", "USER"): _to_user,
        ("OF", "ROLE"): _of_role,
        ("OF", "DATABASE", "ROLE"): _of_database_role,
    }
    for words, show in forms.items():
        if statement.accept(*words):
            return limited(statement, show(context, statement))
    if statement.words(1) in (("ON",), ("TO",), ("OF",)):
        raise errors.unsupported(f"SHOW GRANTS {' '.join(statement.words(2))}")
    return limited(statement, _of_user(context, context.session.account_user))


def limited(statement: Statement, found: Result) -> Result:
    """Read `[LIMIT n]` at the end of the statement, and cut the result accordingly."""
    if statement.accept("LIMIT"):
        found.rows = found.rows[: statement.integer()]
    statement.end()
    return found


def show_future_grants(context: Context, statement: Statement) -> Result:
    """SHOW FUTURE GRANTS {IN DATABASE <name> | IN SCHEMA <name> | TO [DATABASE] ROLE <name>} [LIMIT n]"""
    role = ""
    if statement.accept("TO"):
        in_database = statement.accept("DATABASE")
        statement.expect("ROLE")
        grantee = read_database_role(context, statement) if in_database else _role(context, statement)
        role = access.role_key(grantee)
        scopes = [*context.catalog.objects("DATABASE"), *context.catalog.objects("SCHEMA")]
    else:
        statement.expect("IN")
        kind = "DATABASE" if statement.accept("DATABASE") else "SCHEMA"
        if kind == "SCHEMA":
            statement.expect("SCHEMA")
        name = context.resolve(statement.parts(), "account" if kind == "DATABASE" else "database")
        scopes = [context.get(kind, name)]
    rows = [
        _future_row(scope, row)
        for scope in scopes
        for row in context.catalog.future_grants(scope.id)
        if role in ("", row["role"])
    ]
    return limited(statement, table(_FUTURE, rows))


def _future_row(scope: Object, row: Any) -> Row:
    placeholder = f"<{privileges.shown_type(row['type'])}>"
    kind, grantee = access.shown_role(row["role"])
    return {
        "created_on": row["created"],
        "privilege": row["privilege"],
        "grant_on": privileges.shown_type(row["type"]),
        "name": f"{privileges.shown_name(scope)}.{placeholder}",
        "grant_to": kind,
        "grantee_name": grantee,
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
    if item and item.type in ("ROLE", access.DATABASE_ROLE):
        key = access.role_key(item)
        rows += [_usage_row(entry) for entry in context.catalog.role_grants(role=key)]
    if item and privileges.managing_schema(context, item):
        # The schema's owner decides about grants there, so the objects' grants have no grant option.
        rows = [{**row, "grant_option": False} for row in rows]
    if item and item.properties.get("MANAGED ACCESS"):
        rows.append({**_owner_row(item), "privilege": "MANAGE GRANTS"})
    return table(_ON, rows)


def _to_role(context: Context, statement: Statement) -> Result:
    return _held(context, _role(context, statement))


def _to_database_role(context: Context, statement: Statement) -> Result:
    return _held(context, read_database_role(context, statement))


def _held(context: Context, role: Object) -> Result:
    """The privileges and roles that a role was granted."""
    key, kind = access.role_key(role), role.type.replace(" ", "_")
    rows: list[Row] = []
    for grant in context.catalog.grants_to(key):
        item = context.catalog.by_id(grant.object) if grant.object else None
        rows.append(_row(context, item, grant))
    rows += [_owner_row(item) for item in context.catalog.owned(key)]
    rows += [_usage_row(entry) for entry in context.catalog.role_grants(grantee_type=kind, grantee=key)]
    for entry in context.catalog.service_role_grants_to(key):
        service = context.catalog.by_id(entry["service"])
        if service:
            rows.append(_service_row(service, entry))
    return table(_TO, sorted(rows, key=lambda row: (row["granted_on"], row["name"], row["privilege"])))


def _to_user(context: Context, statement: Statement) -> Result:
    return _of_user(context, context.get("USER", context.resolve(statement.parts(), "account")).name)


def _of_user(context: Context, user: str) -> Result:
    found = context.catalog.role_grants(grantee_type="USER", grantee=user)
    return table(_USER, [{**_usage_row(entry), **_role_row(entry)} for entry in found])


def _of_role(context: Context, statement: Statement) -> Result:
    return _grantees(context, _role(context, statement))


def _of_database_role(context: Context, statement: Statement) -> Result:
    found = _grantees(context, read_database_role(context, statement))
    if behavior_changes.enabled(context.catalog, behavior_changes.GRANTEES):
        for row in found.rows:
            row[_GRANTEE] = _without_database(row)
    return found


def _without_database(row: list[str | None]) -> str | None:
    """The grantee's name in a row of SHOW GRANTS OF; a database role's without its database."""
    kind, name = row[_GRANTEE - 1], row[_GRANTEE]
    return shown(Statement(name).parts()[-1:]) if kind == "DATABASE_ROLE" and name else name


def _grantees(context: Context, role: Object) -> Result:
    """The users and roles that a role was granted to."""
    key = access.role_key(role)
    found = context.catalog.role_grants(role=key) if key != access.PUBLIC else []
    return table(OF, [_role_row(entry) for entry in found])


def _role(context: Context, statement: Statement) -> Object:
    return context.get("ROLE", Name("", "", statement.parts()[-1]))


def role_name(key: str) -> str:
    """A role's name as SHOW GRANTS writes it."""
    return access.shown_role(key)[1]


def grantee_cells(key: str) -> Row:
    """The cells of the grantee's columns for a role: its type and name."""
    kind, name = access.shown_role(key)
    return {"granted_to": kind, "grantee_name": name}


def _grantor_cells(key: str) -> Row:
    kind, name = access.shown_role(key)
    return {"granted_by": name, "granted_by_role_type": kind if name else ""}


def _row(context: Context, item: Object | None, grant: Grant) -> Row:
    return {
        "created_on": grant.created,
        "privilege": grant.privilege,
        "granted_on": privileges.shown_type(item.type) if item else privileges.ACCOUNT,
        "name": privileges.shown_name(item) if item else context.account.settings.account_id.upper(),
        **grantee_cells(grant.role),
        "grant_option": grant.with_option,
        **_grantor_cells(grant.granted_by),
    }


def _owner_row(item: Object) -> Row:
    return {
        "created_on": item.created,
        "privilege": OWNERSHIP,
        "granted_on": privileges.shown_type(item.type),
        "name": privileges.shown_name(item),
        **grantee_cells(item.owner),
        "grant_option": True,
        **_grantor_cells(item.owner),
    }


def _usage_row(entry: Any) -> Row:
    kind, name = access.shown_role(entry["role"])
    return {
        "created_on": entry["created"],
        "privilege": "USAGE",
        "granted_on": kind,
        "name": shown((name,)) if kind == "ROLE" else name,
        **_grantee(entry),
        "grant_option": False,
        **_grantor_cells(entry["granted_by"]),
    }


def _grantee(entry: Any) -> Row:
    """The name of the user or role that a role is granted to, as SHOW GRANTS writes it."""
    if entry["grantee_type"] == "USER":
        return {"granted_to": "USER", "grantee_name": entry["grantee"]}
    return grantee_cells(entry["grantee"])


def _service_row(service: Object, entry: Any) -> Row:
    return {
        "created_on": entry["created"],
        "privilege": "USAGE",
        "granted_on": "SERVICE_ROLE",
        "name": f"{privileges.shown_name(service)}!{entry['service_role']}",
        **grantee_cells(entry["role"]),
        "grant_option": False,
        **_grantor_cells(entry["granted_by"]),
    }


def _role_row(entry: Any) -> Row:
    return {
        "created_on": entry["created"],
        "role": role_name(entry["role"]),
        **_grantee(entry),
        "granted_by": role_name(entry["granted_by"]),
    }


STATEMENTS = {
    ("SHOW", "GRANTS"): show_grants,
    ("SHOW", "FUTURE", "GRANTS"): show_future_grants,
}
