"""GRANT and REVOKE of privileges, and of ownership.

See https://docs.snowflake.com/en/sql-reference/sql/grant-privilege and
https://docs.snowflake.com/en/sql-reference/sql/grant-ownership
"""

from __future__ import annotations

from collections.abc import Callable

from local.account import access, errors, privileges
from local.account.catalog import ACCOUNT_OBJECT, Grant, Object
from local.account.context import Context
from local.account.privileges import OWNERSHIP, Target
from local.account.result import Result, status
from local.account.sql import Name, Statement


def grant(context: Context, statement: Statement) -> Result:
    """GRANT <privileges> ON <target> TO [ROLE] <role> [WITH GRANT OPTION]"""
    wanted = privileges.read_privileges(statement)
    target = privileges.read_target(context, statement)
    statement.expect("TO")
    role = read_role(context, statement)
    if wanted == [OWNERSHIP]:
        return _grant_ownership(context, statement, target, role)
    with_option = statement.accept("WITH", "GRANT", "OPTION")
    statement.end()
    privileges.check(target.kind, wanted)
    with context.catalog.transaction():
        if target.how == "future":
            _grant_future(context, target, wanted, role, with_option)
        for item in target.items(context) if target.how != "future" else ():
            for privilege, by in _granted(context, target.kind, item, wanted).items():
                context.catalog.grant(privilege, _id(item), role, with_option, by)
    return _done()


def revoke(context: Context, statement: Statement) -> Result:
    """REVOKE [GRANT OPTION FOR] <privileges> ON <target> FROM [ROLE] <role> [RESTRICT | CASCADE]"""
    option_only = statement.accept("GRANT", "OPTION", "FOR")
    wanted = privileges.read_privileges(statement)
    target = privileges.read_target(context, statement)
    statement.expect("FROM")
    role = read_role(context, statement)
    cascade = statement.accept("CASCADE") or (statement.accept("RESTRICT") and False)
    statement.end()
    if wanted == [OWNERSHIP] and target.how != "future":
        raise errors.unsupported("REVOKE OWNERSHIP: grant it to another role instead")
    if wanted != [OWNERSHIP]:
        privileges.check(target.kind, wanted)
    with context.catalog.transaction():
        if target.how == "future":
            _revoke_future(context, target, wanted, role, option_only)
        for item in target.items(context) if target.how != "future" else ():
            for privilege in _granted(context, target.kind, item, wanted):
                _revoke_one(context, item, privilege, role, option_only, cascade)
    return _done()


def read_role(context: Context, statement: Statement) -> str:
    """`[ROLE] <name>` of a role that exists."""
    for words in (("DATABASE", "ROLE"), ("APPLICATION", "ROLE"), ("SHARE",), ("USER",), ("APPLICATION",)):
        if statement.accept(*words):
            raise errors.unsupported(f"GRANT TO {' '.join(words)}")
    statement.accept("ROLE")
    return context.get("ROLE", context.resolve(statement.parts(), "account")).name


def _granted(context: Context, kind: str, item: Object | None, wanted: list[str]) -> dict[str, str]:
    """What the session may grant of the wanted privileges, with the role that each comes from.

    Raises:
        SnowflakeError: 003001 when it may not grant one of them, or nothing of ALL.
    """
    everything = "ALL" in wanted
    names = sorted(privileges.known(kind)) if everything else wanted
    found = {name: by for name in names if (by := privileges.grantor(context, item, name))}
    if (not found and names) or (not everything and len(found) < len(names)):
        if item is None:
            raise errors.insufficient_privileges("account", context.account.settings.locator)
        raise errors.insufficient_privileges(kind, item.name)
    return found


def _revoke_one(
    context: Context, item: Object | None, privilege: str, role: str, option_only: bool, cascade: bool
) -> None:
    dependent = _dependent(context, item, privilege, role)
    if dependent and not cascade:
        raise dependent_exists(context, item, dependent[0])
    for other in dependent:
        _revoke_one(context, item, privilege, other.role, False, True)
    context.catalog.revoke(privilege, _id(item), role, option_only)


def _dependent(context: Context, item: Object | None, privilege: str, role: str) -> list[Grant]:
    """Grants that a role gave on with its grant option."""
    if item is not None and item.owner == role:
        return []
    return [
        other
        for other in context.catalog.grants_on(_id(item))
        if other.privilege == privilege and other.granted_by == role and other.role != role
    ]


def dependent_exists(context: Context, item: Object | None, grant: Grant) -> errors.SnowflakeError:
    name = privileges.shown_name(item) if item else context.account.settings.locator
    return errors.SnowflakeError(
        "003036",
        "23001",
        f"SQL execution error: Dependent grant of privilege '{grant.privilege}' on securable '{name}' to "
        f"role '{grant.role}' exists.  It must be revoked first.  More than one dependent grant may exist: "
        "use 'SHOW GRANTS' command to view them.  To revoke all dependent grants while transferring object "
        "ownership, use convenience command 'GRANT OWNERSHIP ON <target_objects> TO <target_role> REVOKE "
        "CURRENT GRANTS'.",
    )


# Future grants


def _require_future(context: Context, target: Target) -> None:
    scope = target.scope
    assert scope
    # Snowflake asks for MANAGE GRANTS, or in a schema with managed access for its ownership.
    managed = scope.type == "SCHEMA" and scope.properties.get("MANAGED ACCESS")
    if not context.access.has("MANAGE GRANTS") and not (managed and context.access.owns(scope)):
        raise errors.insufficient_privileges(scope.type, scope.name)


def _grant_future(context: Context, target: Target, wanted: list[str], role: str, with_option: bool) -> None:
    _require_future(context, target)
    assert target.scope
    for privilege in _expanded(target.kind, wanted):
        context.catalog.grant_future(privilege, target.kind, target.scope.id, role, with_option)


def _revoke_future(context: Context, target: Target, wanted: list[str], role: str, option_only: bool) -> None:
    _require_future(context, target)
    assert target.scope
    held = {row["privilege"] for row in context.catalog.future_grants(target.scope.id) if row["role"] == role}
    for privilege in _expanded(target.kind, wanted):
        if option_only and privilege in held:
            context.catalog.grant_future(privilege, target.kind, target.scope.id, role, with_option=False)
        elif not option_only:
            context.catalog.revoke_future(privilege, target.kind, target.scope.id, role)


def _expanded(kind: str, wanted: list[str]) -> list[str]:
    return sorted(privileges.known(kind)) if "ALL" in wanted else wanted


# Ownership


def _grant_ownership(context: Context, statement: Statement, target: Target, role: str) -> Result:
    """GRANT OWNERSHIP ON <target> TO ROLE <role> [{REVOKE | COPY} CURRENT GRANTS]"""
    mode = next((word for word in ("REVOKE", "COPY") if statement.accept(word)), "")
    if mode:
        statement.expect("CURRENT", "GRANTS")
    statement.end()
    if target.kind in ("SERVICE", privileges.ACCOUNT):
        raise errors.unsupported(f"GRANT OWNERSHIP ON {target.kind}")
    with context.catalog.transaction():
        if target.how == "future":
            _require_future(context, target)
            assert target.scope
            context.catalog.grant_future(OWNERSHIP, target.kind, target.scope.id, role, with_option=False)
            return _done()
        for item in target.items(context):
            assert item
            _transfer(context, item, role, mode)
    return _done()


def _transfer(context: Context, item: Object, role: str, mode: str) -> None:
    if not item.owner or privileges.full_grantor(context, item) is None:
        raise errors.insufficient_privileges(item.type, item.name)
    if item.owner == role:
        return
    held = _outstanding(context, item)
    if held and not mode:
        raise dependent_exists(context, item, held[0])
    old, item.owner = item.owner, role
    for one in held:
        if mode == "REVOKE":
            _forget(context, item, one)
        elif one.object == item.id:
            context.catalog.revoke(one.privilege, one.object, one.role)
            by = role if one.granted_by == old else one.granted_by
            context.catalog.grant(one.privilege, one.object, one.role, one.with_option, by)
    context.catalog.save(item)


def _outstanding(context: Context, item: Object) -> list[Grant]:
    """Grants on an object; those of a role to others count as USAGE on it."""
    found = context.catalog.grants_on(item.id)
    if item.type == "ROLE":
        found += [
            Grant("USAGE", ACCOUNT_OBJECT, row["grantee"], False, row["granted_by"], row["created"])
            for row in context.catalog.role_grants(role=item.name, grantee_type="ROLE")
        ]
    return found


def _forget(context: Context, item: Object, held: Grant) -> None:
    if held.object == item.id:
        context.catalog.revoke(held.privilege, held.object, held.role)
    else:
        context.catalog.revoke_role(item.name, "ROLE", held.role)


# Roles


def grant_role(context: Context, statement: Statement) -> Result:
    """GRANT ROLE <role> TO {ROLE | USER} <name>"""
    role, kind, grantee = _read_role_grant(context, statement, "TO")
    if kind == "ROLE" and grantee in access.closure(context.catalog, [role.name]) - {access.PUBLIC}:
        _refuse_cycle(role.name, grantee)
    if role.name != access.PUBLIC:
        by = role.owner or "ACCOUNTADMIN"
        context.catalog.grant_role(role.name, kind, grantee, granted_by=by)
    return _done()


def revoke_role(context: Context, statement: Statement) -> Result:
    """REVOKE ROLE <role> FROM {ROLE | USER} <name>"""
    role, kind, grantee = _read_role_grant(context, statement, "FROM")
    if kind == "ROLE" and grantee in access.SYSTEM_ROLES and role.name in access.SYSTEM_ROLES:
        raise errors.insufficient_privileges("role", role.name)
    context.catalog.revoke_role(role.name, kind, grantee)
    return _done()


def _read_role_grant(context: Context, statement: Statement, word: str) -> tuple[Object, str, str]:
    role = context.get("ROLE", Name("", "", statement.parts()[-1]))
    statement.expect(word)
    kind = "USER" if statement.accept("USER") else "ROLE"
    if kind == "USER":
        grantee = context.get("USER", context.resolve(statement.parts(), "account")).name
    else:
        grantee = read_role(context, statement)
    statement.end()
    if not context.access.owns(role) and not context.access.has("MANAGE GRANTS"):
        verb = "Grant" if word == "TO" else "Revoke"
        raise errors.SnowflakeError("003102", "42501", f"{verb} not executed: Insufficient privileges.")
    return role, kind, grantee


def _refuse_cycle(role: str, grantee: str) -> None:
    raise errors.SnowflakeError(
        "003043",
        "42501",
        f"SQL execution error: Role '{role}' cannot be granted to role '{grantee}', which '{role}' has "
        "itself, directly or through other roles: roles may not form a cycle.",
    )


def _id(item: Object | None) -> int:
    return item.id if item else ACCOUNT_OBJECT


def _done() -> Result:
    return status("Statement executed successfully.")


def _refusal(*words: str) -> Callable[[Context, Statement], Result]:
    def refuse(context: Context, statement: Statement) -> Result:
        raise errors.unsupported(" ".join(words))

    return refuse


_REFUSED = [
    (verb, *words)
    for verb in ("GRANT", "REVOKE")
    for words in (("DATABASE", "ROLE"), ("APPLICATION", "ROLE"), ("CALLER",), ("ALL", "CALLER"))
]
STATEMENTS = {
    **{words: _refusal(*words) for words in _REFUSED},
    ("GRANT", "ROLE"): grant_role,
    ("REVOKE", "ROLE"): revoke_role,
    ("GRANT",): grant,
    ("REVOKE",): revoke,
}
