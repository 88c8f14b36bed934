"""The privileges of each type of object, and the objects that a GRANT or REVOKE names.

See https://docs.snowflake.com/en/user-guide/security-access-control-privileges
"""

from __future__ import annotations

from dataclasses import dataclass

from local_account.base import errors
from local_account.base.sql import Statement
from local_account.catalog.catalog import ACCOUNT_OBJECT, Object
from local_account.identity import access
from local_account.identity.account_privileges import ACCOUNT_PRIVILEGES, OF_THE_ORGANIZATION, RESERVED
from local_account.statement.context import Context

OWNERSHIP = "OWNERSHIP"
ACCOUNT = "ACCOUNT"
ADMINISTRATOR = "ACCOUNTADMIN"
# How the names of types with several words end: MASKING POLICY, FILE FORMAT, GIT REPOSITORY …
_LAST_WORDS = frozenset(
    {
        *("FORMAT", "FUNCTION", "GROUP", "MONITOR", "POLIC", "POLICY", "PROFILE", "REPOSITOR", "REPOSITORY"),
        *("SERVICE", "SET", "TABLE", "VIEW", "VOLUME"),
    }
)
INTEGRATIONS = ("EXTERNAL ACCESS INTEGRATION", "SECURITY INTEGRATION")


@dataclass(frozen=True)
class Target:
    """The objects that a GRANT or REVOKE names.

    Attributes:
        kind: type of the objects, or ACCOUNT.
        how: `one` object, `all` existing objects in a scope, or `future` objects in it.
        item: the object if `how` is `one`; None for the account.
        scope: the database or schema if `how` is `all` or `future`.
    """

    kind: str
    how: str = "one"
    item: Object | None = None
    scope: Object | None = None

    def items(self, context: Context) -> list[Object | None]:
        """The objects that exist now; [None] for the account."""
        if self.how == "one":
            return [self.item]
        assert self.scope
        return [
            item
            for item in context.catalog.inside(self.scope, self.kind)
            if item.owner and context.access.sees(item)
        ]


def known(context: Context, kind: str) -> frozenset[str]:
    """Privileges that can be granted on a type of object (or ACCOUNT), without OWNERSHIP."""
    if kind == ACCOUNT:
        return ACCOUNT_PRIVILEGES
    return next(found.privileges for found in context.language.types if found.kind == kind)


def read_privileges(statement: Statement) -> list[str]:
    """Read `<privilege>, …` or `ALL [PRIVILEGES]` and ON; `ALL PRIVILEGES` is returned as `ALL`."""
    wanted: list[str] = []
    while True:
        words: list[str] = []
        while not statement.done and statement.words(1) not in ((",",), ("ON",)):
            if statement.words(1) == ("(",):
                raise errors.unsupported("privileges on columns")
            words.append(statement.word())
        if not words:
            raise statement.unexpected()
        # CREATE SNOWFLAKE.ML.FORECAST: the dots are tokens of their own.
        found = " ".join(words).replace(" . ", ".")
        wanted.append("ALL" if found in ("ALL", "ALL PRIVILEGES") else found)
        if statement.accept("ON"):
            return wanted
        statement.expect(",")


def read_target(context: Context, statement: Statement) -> Target:
    """Read what follows ON.

    Raises:
        SnowflakeError: 002003 when the object does not exist or is not visible, 000002 for a type that this
            account does not have.
    """
    if statement.accept(ACCOUNT):
        return Target(ACCOUNT)
    if statement.accept("ALL"):
        return _read_many(context, statement, "all")
    if statement.accept("FUTURE"):
        return _read_many(context, statement, "future")
    if statement.accept("INTEGRATION"):
        return _read_integration(context, statement)
    for object_type in context.language.types:
        if statement.accept(*object_type.kind.split(" ")):
            name = object_type.read_name(context, statement)
            return Target(object_type.kind, item=context.get(object_type.kind, name))
    raise errors.unsupported(f"GRANT ON {_kind_word(statement)}")


def _read_many(context: Context, statement: Statement, how: str) -> Target:
    for object_type in context.language.types:
        if object_type.scope == "account" or not statement.accept(*object_type.plural.split(" ")):
            continue
        statement.expect("IN")
        place = statement.word()
        if place not in ("DATABASE", "SCHEMA") or (place, object_type.kind) == ("SCHEMA", "SCHEMA"):
            raise statement.unexpected(back=1)
        name = context.resolve(statement.parts(), "account" if place == "DATABASE" else "database")
        return Target(object_type.kind, how, scope=context.get(place, name))
    raise errors.unsupported(f"GRANT ON {how.upper()} {_kind_word(statement)}")


def _kind_word(statement: Statement) -> str:
    """Snowflake's words for a type that this account does not have, singular or plural."""
    for words in (statement.words(3), statement.words(2)):
        if words and words[-1].removesuffix("S").removesuffix("IE") in _LAST_WORDS:
            return " ".join(words)
    return statement.word()


def _read_integration(context: Context, statement: Statement) -> Target:
    name = context.resolve(statement.parts(), "account")
    for kind in INTEGRATIONS:
        item = context.catalog.find(kind, name)
        if item and context.access.sees(item):
            return Target(kind, item=item)
    raise errors.does_not_exist("Integration", name.name)


def check(context: Context, kind: str, privileges: list[str]) -> None:
    """Refuse privileges that a type of object does not have.

    Raises:
        SnowflakeError: 003008 for a privilege that the type does not have, 000002 for MANAGE GRANTS on a
            database or schema.
    """
    allowed = known(context, kind)
    for privilege in privileges:
        if privilege == "MANAGE GRANTS" and kind in ("DATABASE", "SCHEMA"):
            raise errors.unsupported(f"MANAGE GRANTS ON {kind}")
        if privilege != "ALL" and privilege not in allowed:
            raise errors.compilation_error(
                "003008",
                "42601",
                f"Invalid object type '{shown_type(kind)}' for privilege '{privilege}'.",
            )


def shown_type(kind: str) -> str:
    """The name of a type in SHOW GRANTS."""
    return "INTEGRATION" if kind in INTEGRATIONS else kind.replace(" ", "_")


def shown_name(item: Object) -> str:
    """A full name with quotes only where they are needed."""
    return item.in_sql


def managing_schema(context: Context, item: Object) -> Object | None:
    """The object's schema if it has managed access (then its owner decides about grants), otherwise None."""
    if not item.schema:
        return None
    for kind, name in context.parents(item.fqn):
        schema = context.catalog.find(kind, name) if kind == "SCHEMA" else None
        if schema and schema.properties.get("MANAGED ACCESS"):
            return schema
    return None


def require_subordinate(context: Context, schema: Object, role: str) -> None:
    """Refuse an owner of objects in a schema with managed access, unless it is below the schema's owner.

    Raises:
        SnowflakeError: 003102 when the role is not below the schema's owner.
    """
    managed = schema.properties.get("MANAGED ACCESS")
    if managed and role not in access.closure(context.catalog, [schema.owner]):
        raise errors.SnowflakeError("003102", "42501", "Grant not executed: Insufficient privileges.")


def governor(context: Context, item: Object | None, privilege: str) -> str | None:
    """The role in whose name the session decides about a privilege on an object (None: on the account).

    A session with the owner's role decides as the owner: of the schema if that has managed access, of the
    object otherwise. A session with MANAGE GRANTS decides as the object's owner. Others cannot decide: None.
    """
    if item is None and ADMINISTRATOR in context.access.roles:
        return ADMINISTRATOR
    deciding = (managing_schema(context, item) or item) if item else None
    if deciding is not None and context.access.owns(deciding):
        return deciding.owner
    if context.access.has("MANAGE GRANTS") and (item is not None or privilege not in RESERVED):
        return (item.owner if item else "") or ADMINISTRATOR
    return None


def grantor(context: Context, item: Object | None, privilege: str) -> str | None:
    """The role that would be the grantor of a privilege; None when the session may not grant it."""
    if item is None and privilege in OF_THE_ORGANIZATION:
        return None
    role = governor(context, item, privilege)
    owned = role is not None and (role in context.access.roles)
    if owned or (item is not None and managing_schema(context, item)):
        return role
    for grant in context.catalog.grants_on(item.id if item else ACCOUNT_OBJECT):
        if grant.privilege == privilege and grant.with_option and grant.role in context.access.roles:
            return grant.role
    return role


def grantee_key(role: Object, target: Target) -> str:
    """The key under which a role keeps its grants.

    Raises:
        SnowflakeError: 000002 for a database role when the objects are not in its database.
    """
    place = target.item or target.scope
    inside = place and role.database in (place.database, place.name if place.type == "DATABASE" else "")
    if role.type == access.DATABASE_ROLE and not inside:
        raise errors.unsupported(f"GRANT ON {target.kind} outside the database of a database role")
    return access.role_key(role)
