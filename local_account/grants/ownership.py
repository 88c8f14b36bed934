"""GRANT OWNERSHIP. See https://docs.snowflake.com/en/sql-reference/sql/grant-ownership"""

from __future__ import annotations

from local_account.base import errors
from local_account.base.result import Result
from local_account.base.sql import Statement
from local_account.catalog.catalog import ACCOUNT_OBJECT, Grant, Object
from local_account.grants import future
from local_account.identity import access
from local_account.statement import privileges
from local_account.statement.context import Context
from local_account.statement.privileges import OWNERSHIP, Target

_ROLES = ("ROLE", access.DATABASE_ROLE)


def grant(context: Context, statement: Statement, target: Target, role: str) -> Result:
    """GRANT OWNERSHIP ON <target> TO … <role> [{REVOKE | COPY} CURRENT GRANTS]

    Args:
        role: key of the new owner.
    """
    mode = next((word for word in ("REVOKE", "COPY") if statement.accept(word)), "")
    if mode:
        statement.expect("CURRENT", "GRANTS")
    statement.end()
    if target.kind in ("SERVICE", privileges.ACCOUNT):
        raise errors.unsupported(f"GRANT OWNERSHIP ON {target.kind}")
    if target.how == "future":
        return future.grant(context, target, [OWNERSHIP], role, with_option=False)
    with context.catalog.transaction():
        for item in target.items(context):
            assert item
            _transfer(context, item, role, mode)
    return future.done()


def _transfer(context: Context, item: Object, role: str, mode: str) -> None:
    _require(context, item, role, mode)
    if item.owner == role:
        return
    held = _outstanding(context, item)
    # A role may get a new owner although it is granted to other roles.
    if held and not mode and item.type not in _ROLES:
        raise dependent_exists(context, item, held[0])
    item.owner = role
    for one in held:
        if mode == "REVOKE":
            _forget(context, item, one)
        elif mode == "COPY" and one.object == item.id:
            # The new owner becomes the grantor of each grant.
            context.catalog.revoke(one.privilege, one.object, one.role)
            context.catalog.grant(one.privilege, one.object, one.role, one.with_option, role)
    context.catalog.save(item)


def _require(context: Context, item: Object, role: str, mode: str) -> None:
    manager = context.access.has("MANAGE GRANTS")
    if not item.owner or privileges.governor(context, item, OWNERSHIP) is None:
        raise _refused()
    if mode == "COPY" and not manager and role not in context.access.roles:
        raise _refused()
    schema = privileges.managing_schema(context, item)
    if schema:
        privileges.require_subordinate(context, schema, role)


def _refused() -> errors.SnowflakeError:
    return errors.SnowflakeError("003102", "42501", "Grant not executed: Insufficient privileges.")


def dependent_exists(context: Context, item: Object | None, grant: Grant) -> errors.SnowflakeError:
    """The error when a grant prevents a new owner, or a REVOKE without CASCADE."""
    name = privileges.shown_name(item) if item else context.account.settings.locator
    role = access.shown_role(grant.role)[1]
    return errors.SnowflakeError(
        "003036",
        "23001",
        f"SQL execution error: Dependent grant of privilege '{grant.privilege}' on securable '{name}' to "
        f"role '{role}' exists.  It must be revoked first.  More than one dependent grant may exist: use "
        "'SHOW GRANTS' command to view them.  To revoke all dependent grants while transferring object "
        "ownership, use convenience command 'GRANT OWNERSHIP ON <target_objects> TO <target_role> REVOKE "
        "CURRENT GRANTS'.",
    )


def _outstanding(context: Context, item: Object) -> list[Grant]:
    """Grants on an object. If the object is a role, its grants to others count as USAGE on it.

    Database roles have USAGE on their database by themselves, so that does not count.
    """
    grants = [one for one in context.catalog.grants_on(item.id) if not _by_itself(item, one)]
    if item.type in _ROLES:
        grants += [
            Grant("USAGE", ACCOUNT_OBJECT, row["grantee"], False, row["granted_by"], row["created"])
            for row in context.catalog.role_grants(role=access.role_key(item))
            if row["grantee_type"] != "USER"
        ]
    return grants


def _by_itself(item: Object, held: Grant) -> bool:
    return (item.type, held.privilege) == ("DATABASE", "USAGE") and not access.is_account_role(held.role)


def _forget(context: Context, item: Object, held: Grant) -> None:
    if held.object == item.id:
        context.catalog.revoke(held.privilege, held.object, held.role)
        return
    kind = "ROLE" if access.is_account_role(held.role) else "DATABASE_ROLE"
    context.catalog.revoke_role(access.role_key(item), kind, held.role)
