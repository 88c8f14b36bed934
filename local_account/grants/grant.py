"""GRANT and REVOKE of privileges on existing objects.

See https://docs.snowflake.com/en/sql-reference/sql/grant-privilege and
https://docs.snowflake.com/en/sql-reference/sql/revoke-privilege
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from local_account.base import errors
from local_account.base.result import Result, status
from local_account.base.sql import Statement
from local_account.catalog.catalog import ACCOUNT_OBJECT, Grant, Object
from local_account.grants import future, ownership
from local_account.grants.grantee import read_role
from local_account.objects import provided
from local_account.statement import privileges
from local_account.statement.context import Context
from local_account.statement.privileges import OWNERSHIP, Target, grantee_key


@dataclass
class _Outcome:
    """Which part of a GRANT or REVOKE the session may do.

    Attributes:
        done: number of grants that were made or removed.
        missing: the privileges about which the session may not decide.
    """

    done: int = 0
    missing: set[str] = field(default_factory=set)

    def result(self, context: Context, target: Target, verb: str) -> Result:
        """The statement's answer. If only a part was done, the context gets an error for after the commit.

        Raises:
            SnowflakeError: 003102 or 003103 when the session may do no part of it.
        """
        number = 0 if verb == "Grant" else 1
        if self.missing and not self.done:
            raise _refused(verb)
        if self.missing:
            names = ", ".join(sorted(self.missing))
            text = f"{verb} partially executed: privileges [{names}] not {verb.lower().rstrip('e')}ed."
            context.shortfall = errors.SnowflakeError(f"00301{1 + number}", "42501", text)
        return future.done() if target.how == "one" else _counted(len(target.items(context)))


def grant(context: Context, statement: Statement) -> Result:
    """GRANT <privileges> ON <target> TO {[ROLE] | DATABASE ROLE} <role> [WITH GRANT OPTION]"""
    wanted = privileges.read_privileges(statement)
    target = privileges.read_target(context, statement)
    wanted = _of_provided(context, target, wanted)
    statement.expect("TO")
    role = grantee_key(read_role(context, statement), target)
    if wanted == [OWNERSHIP]:
        return ownership.grant(context, statement, target, role)
    with_option = statement.accept("WITH", "GRANT", "OPTION")
    statement.end()
    privileges.check(context, target.kind, wanted)
    if target.how == "future":
        return future.grant(context, target, wanted, role, with_option)
    outcome = _Outcome()
    with context.catalog.transaction():
        for item in target.items(context):
            for privilege in _expanded(context, target, wanted):
                by = privileges.grantor(context, item, privilege)
                if by is None:
                    outcome.missing.add(privilege)
                    continue
                outcome.done += 1
                context.catalog.grant(privilege, _id(item), role, with_option, by)
            _require_readable(context, item, role)
    return outcome.result(context, target, "Grant")


def revoke(context: Context, statement: Statement) -> Result:
    """REVOKE [GRANT OPTION FOR] <privileges> ON <target> FROM … <role> [RESTRICT | CASCADE]"""
    option_only = statement.accept("GRANT", "OPTION", "FOR")
    wanted = privileges.read_privileges(statement)
    target = privileges.read_target(context, statement)
    wanted = _of_provided(context, target, wanted)
    statement.expect("FROM")
    role = grantee_key(read_role(context, statement), target)
    cascade = statement.accept("CASCADE") or (statement.accept("RESTRICT") and False)
    statement.end()
    if wanted == [OWNERSHIP] and target.how != "future":
        raise errors.unsupported("REVOKE OWNERSHIP: grant it to another role instead")
    if wanted != [OWNERSHIP]:
        privileges.check(context, target.kind, wanted)
    if target.how == "future":
        return future.revoke(context, target, wanted, role, option_only)
    outcome = _Outcome()
    with context.catalog.transaction():
        for item in target.items(context):
            for privilege in _expanded(context, target, wanted):
                if not _may_revoke(context, item, privilege, role):
                    outcome.missing.add(privilege)
                    continue
                outcome.done += 1
                _revoke_one(context, item, privilege, role, option_only, cascade)
            _require_readable(context, item, role)
    return outcome.result(context, target, "Revoke")


def _of_provided(context: Context, target: Target, wanted: list[str]) -> list[str]:
    """On the database SNOWFLAKE, IMPORTED PRIVILEGES are the privilege USAGE, and there are no others.

    Raises:
        SnowflakeError: 003011 for another privilege on it, or on something in it.
    """
    place = target.item or target.scope
    if place is None or not provided.is_provided(context.catalog, place):
        return wanted
    if wanted == ["IMPORTED PRIVILEGES"] and place.type == "DATABASE" and target.how == "one":
        return ["USAGE"]
    raise errors.compilation_error(
        "003011",
        "42501",
        "Granting individual privileges on imported database is not allowed. Use 'GRANT IMPORTED PRIVILEGES' "
        "instead.",
    )


def _expanded(context: Context, target: Target, wanted: list[str]) -> list[str]:
    return sorted(privileges.known(context, target.kind)) if "ALL" in wanted else wanted


def _may_revoke(context: Context, item: Object | None, privilege: str, role: str) -> bool:
    """Whether the session may revoke: it decides about the object, or one of its roles made the grant."""
    if privileges.governor(context, item, privilege) is not None:
        return True
    return any(
        held.privilege == privilege and held.role == role and held.granted_by in context.access.roles
        for held in context.catalog.grants_on(_id(item))
    )


def _revoke_one(
    context: Context, item: Object | None, privilege: str, role: str, option_only: bool, cascade: bool
) -> None:
    dependent = _dependent(context, item, privilege, role)
    if dependent and not cascade:
        raise ownership.dependent_exists(context, item, dependent[0])
    for other in dependent:
        _revoke_one(context, item, privilege, other.role, False, True)
    context.catalog.revoke(privilege, _id(item), role, option_only)


def _dependent(context: Context, item: Object | None, privilege: str, role: str) -> list[Grant]:
    """Grants that a role made with its grant option."""
    if item.owner == role if item else role == privileges.ADMINISTRATOR:
        return []
    return [
        other
        for other in context.catalog.grants_on(_id(item))
        if other.privilege == privilege and other.granted_by == role and other.role != role
    ]


def _require_readable(context: Context, item: Object | None, role: str) -> None:
    """Refuse that a role has WRITE on a stage without READ.

    Raises:
        SnowflakeError: 003532 when it would.
    """
    if item is None or item.type != "STAGE":
        return
    held = {one.privilege for one in context.catalog.grants_on(item.id) if one.role == role}
    if "WRITE" in held and "READ" not in held:
        raise errors.compilation_error(
            "003532",
            "42601",
            f"Privilege WRITE on stage {privileges.shown_name(item)} requires READ: grant READ before it or "
            "together with it, and revoke WRITE before READ or together with it.",
        )


def _refused(verb: str) -> errors.SnowflakeError:
    code = "003102" if verb == "Grant" else "003103"
    return errors.SnowflakeError(code, "42501", f"{verb} not executed: Insufficient privileges.")


def _counted(count: int) -> Result:
    return status(f"Statement executed successfully. {count} objects affected.")


def _id(item: Object | None) -> int:
    return item.id if item else ACCOUNT_OBJECT


def _refusal(*words: str) -> Callable[[Context, Statement], Result]:
    def refuse(context: Context, statement: Statement) -> Result:
        raise errors.unsupported(" ".join(words))

    return refuse


_REFUSED = [
    (verb, *words)
    for verb in ("GRANT", "REVOKE")
    for words in (("APPLICATION", "ROLE"), ("CALLER",), ("ALL", "CALLER"), ("INHERITED",))
]
STATEMENTS = {
    **{words: _refusal(*words) for words in _REFUSED},
    ("GRANT",): grant,
    ("REVOKE",): revoke,
}
