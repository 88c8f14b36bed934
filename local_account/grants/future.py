"""GRANT and REVOKE of privileges on future objects.

See https://docs.snowflake.com/en/sql-reference/sql/grant-privilege#future-grants-on-database-or-schema-objects
"""

from __future__ import annotations

from local_account.base import errors
from local_account.base.result import Result, status
from local_account.statement import privileges
from local_account.statement.context import Context
from local_account.statement.privileges import OWNERSHIP, Target

_WITHOUT = ("IMAGE REPOSITORY", "SNAPSHOT")


def grant(context: Context, target: Target, wanted: list[str], role: str, with_option: bool) -> Result:
    """Store the privileges that a role gets on new objects of a type.

    Raises:
        SnowflakeError: 003001 without MANAGE GRANTS, 000002 for types that do not have future grants.
    """
    _require(context, target)
    assert target.scope
    if wanted == [OWNERSHIP]:
        _require_single_owner(context, target, role)
    with context.catalog.transaction():
        for privilege in _expanded(context, target.kind, wanted):
            context.catalog.grant_future(privilege, target.kind, target.scope.id, role, with_option)
    return done()


def revoke(context: Context, target: Target, wanted: list[str], role: str, option_only: bool) -> Result:
    """Remove privileges that a role would get on new objects. Grants on existing objects stay."""
    _require(context, target)
    assert target.scope
    held = {row["privilege"] for row in context.catalog.future_grants(target.scope.id) if row["role"] == role}
    with context.catalog.transaction():
        for privilege in _expanded(context, target.kind, wanted):
            if option_only and privilege in held:
                context.catalog.grant_future(privilege, target.kind, target.scope.id, role, with_option=False)
            elif not option_only:
                context.catalog.revoke_future(privilege, target.kind, target.scope.id, role)
    return done()


def _require(context: Context, target: Target) -> None:
    scope = target.scope
    assert scope
    if target.kind in _WITHOUT:
        raise errors.unsupported(f"GRANT ON FUTURE {target.kind}")
    # Needs MANAGE GRANTS; in a schema with managed access, ownership of the schema is enough.
    managed = scope.type == "SCHEMA" and scope.properties.get("MANAGED ACCESS")
    if not context.access.has("MANAGE GRANTS") and not (managed and context.access.owns(scope)):
        raise context.refused("MANAGE GRANTS", scope)


def _require_single_owner(context: Context, target: Target, role: str) -> None:
    """Refuse a second future owner, and in a schema with managed access one that is not below its owner."""
    scope = target.scope
    assert scope
    for row in context.catalog.future_grants(scope.id):
        if (row["privilege"], row["type"]) == (OWNERSHIP, target.kind) and row["role"] != role:
            raise errors.SnowflakeError(
                "003534",
                "42501",
                f"SQL execution error: A future grant of OWNERSHIP on objects of type {target.kind} in "
                f"{scope.type} '{privileges.shown_name(scope)}' exists. It must be revoked first.",
            )
    if scope.type == "SCHEMA":
        privileges.require_subordinate(context, scope, role)


def _expanded(context: Context, kind: str, wanted: list[str]) -> list[str]:
    return sorted(privileges.known(context, kind)) if "ALL" in wanted else wanted


def done() -> Result:
    return status("Statement executed successfully.")
