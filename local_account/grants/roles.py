"""GRANT and REVOKE of roles and database roles.

See https://docs.snowflake.com/en/sql-reference/sql/grant-role and
https://docs.snowflake.com/en/sql-reference/sql/grant-database-role
"""

from __future__ import annotations

from local_account.base import errors
from local_account.base.result import Result
from local_account.base.sql import Name, Statement
from local_account.catalog.catalog import Object
from local_account.grants.future import done
from local_account.grants.grantee import read_database_role, read_role
from local_account.identity import access
from local_account.statement.context import Context


def grant_role(context: Context, statement: Statement) -> Result:
    """GRANT ROLE <role> TO {ROLE | USER} <name>"""
    return _grant(context, statement, _account_role(context, statement))


def grant_database_role(context: Context, statement: Statement) -> Result:
    """GRANT DATABASE ROLE <role> TO {ROLE | DATABASE ROLE | USER} <name>"""
    return _grant(context, statement, read_database_role(context, statement))


def revoke_role(context: Context, statement: Statement) -> Result:
    """REVOKE ROLE <role> FROM {ROLE | USER} <name>"""
    return _revoke(context, statement, _account_role(context, statement))


def revoke_database_role(context: Context, statement: Statement) -> Result:
    """REVOKE DATABASE ROLE <role> FROM {ROLE | DATABASE ROLE | USER} <name>"""
    return _revoke(context, statement, read_database_role(context, statement))


def _account_role(context: Context, statement: Statement) -> Object:
    return context.get("ROLE", Name("", "", statement.parts()[-1]))


def _grant(context: Context, statement: Statement, role: Object) -> Result:
    kind, grantee = _read_grantee(context, statement, "TO", role)
    _require(context, role, "003102", "Grant")
    key = access.role_key(role)
    if kind != "USER" and grantee in access.inherited(context.catalog, [key]):
        raise _cycle(key, grantee)
    if key != access.PUBLIC:
        context.catalog.grant_role(key, kind, grantee, granted_by=role.owner or "ACCOUNTADMIN")
    return done()


def _revoke(context: Context, statement: Statement, role: Object) -> Result:
    kind, grantee = _read_grantee(context, statement, "FROM", role)
    _require(context, role, "003103", "Revoke")
    key = access.role_key(role)
    if kind == "ROLE" and grantee in access.SYSTEM_ROLES and key in access.SYSTEM_ROLES:
        raise errors.insufficient_privileges("role", key)
    context.catalog.revoke_role(key, kind, grantee)
    return done()


def _read_grantee(context: Context, statement: Statement, word: str, role: Object) -> tuple[str, str]:
    """Read the user or role that gets or loses a role; its type and key."""
    statement.expect(word)
    if statement.accept("USER"):
        type_and_key = "USER", context.get("USER", context.resolve(statement.parts(), "account")).name
    else:
        grantee = read_role(context, statement)
        type_and_key = grantee.type.replace(" ", "_"), access.role_key(grantee)
        if grantee.type == access.DATABASE_ROLE and grantee.database != role.database:
            raise errors.unsupported(f"GRANT {role.type} TO DATABASE ROLE of another database")
    statement.end()
    return type_and_key


def _require(context: Context, role: Object, code: str, verb: str) -> None:
    if not context.access.owns(role) and not context.access.has("MANAGE GRANTS"):
        raise errors.SnowflakeError(code, "42501", f"{verb} not executed: Insufficient privileges.")


def _cycle(key: str, grantee: str) -> errors.SnowflakeError:
    role, above = access.shown_role(key)[1], access.shown_role(grantee)[1]
    return errors.SnowflakeError(
        "003043",
        "42501",
        f"SQL execution error: Role '{role}' cannot be granted to role '{above}', which '{role}' has "
        "itself, directly or through other roles: roles may not form a cycle.",
    )


STATEMENTS = {
    ("GRANT", "ROLE"): grant_role,
    ("REVOKE", "ROLE"): revoke_role,
    ("GRANT", "DATABASE", "ROLE"): grant_database_role,
    ("REVOKE", "DATABASE", "ROLE"): revoke_database_role,
}
