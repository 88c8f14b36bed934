"""Who may do what: role hierarchy, ownership and grants.

See https://docs.snowflake.com/en/user-guide/security-access-control-overview
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property

from local_account.base.sql import Name, shown
from local_account.catalog.catalog import ACCOUNT_OBJECT, Catalog, Object
from local_account.identity.session import Session

PUBLIC = "PUBLIC"
DATABASE_ROLE = "DATABASE ROLE"
# Stands between database and name in the key of a database role. Names of roles cannot contain it.
_SEPARATOR = "\n"
SYSTEM_ROLES = {
    # role: (roles granted to it, privileges on the account)
    "ACCOUNTADMIN": (
        ("SYSADMIN", "SECURITYADMIN"),
        (
            "BIND SERVICE ENDPOINT",
            "CREATE COMPUTE POOL",
            "CREATE EXTERNAL ACCESS INTEGRATION",
            "CREATE INTEGRATION",
            "MANAGE WAREHOUSES",
            "MODIFY LOG LEVEL",
            "MODIFY TRACE LEVEL",
            "MONITOR USAGE",
        ),
    ),
    "SECURITYADMIN": (("USERADMIN",), ("CREATE NETWORK POLICY", "MANAGE GRANTS")),
    "USERADMIN": ((), ("CREATE ROLE", "CREATE USER")),
    "SYSADMIN": ((), ("CREATE COMPUTE POOL", "CREATE DATABASE", "CREATE WAREHOUSE")),
    PUBLIC: ((), ()),
}


def seed(catalog: Catalog) -> None:
    """Create the system roles of a new account, with their hierarchy and account privileges."""
    with catalog.transaction():
        for role in SYSTEM_ROLES:
            if not catalog.find("ROLE", Name("", "", role)):
                catalog.create("ROLE", Name("", "", role), owner="")
        for role, (below, privileges) in SYSTEM_ROLES.items():
            for lower in below:
                catalog.grant_role(lower, "ROLE", role, granted_by="")
            for privilege in privileges:
                # A grant shows who gave it. The first grants of an account come from its administrator.
                catalog.grant(privilege, ACCOUNT_OBJECT, role, with_option=True, granted_by="ACCOUNTADMIN")


def role_key(role: Object) -> str:
    """The catalog's key of a role: `NAME`, or database, line break and name for a database role."""
    return f"{role.database}{_SEPARATOR}{role.name}" if role.type == DATABASE_ROLE else role.name


def is_account_role(key: str) -> bool:
    return _SEPARATOR not in key


def shown_role(key: str) -> tuple[str, str]:
    """Type and name of the role with this key, as SHOW GRANTS writes them."""
    if is_account_role(key):
        return "ROLE", key
    return "DATABASE_ROLE", shown(key.split(_SEPARATOR))


def closure(catalog: Catalog, roles: Iterable[str]) -> frozenset[str]:
    """These roles and PUBLIC, with all roles that they inherit directly or indirectly."""
    return inherited(catalog, [PUBLIC, *roles])


def inherited(catalog: Catalog, roles: Iterable[str]) -> frozenset[str]:
    """These roles and all roles that they inherit directly or indirectly."""
    below: dict[str, list[str]] = {}
    for row in catalog.role_grants():
        if row["grantee_type"] != "USER":
            below.setdefault(row["grantee"], []).append(row["role"])
    reached: set[str] = set()
    open_roles = list(roles)
    while open_roles:
        role = open_roles.pop()
        if role not in reached:
            reached.add(role)
            open_roles += below.get(role, [])
    return frozenset(reached)


def roles_of_user(catalog: Catalog, user: str) -> frozenset[str]:
    """Every role that a user may use."""
    granted = [row["role"] for row in catalog.role_grants(grantee_type="USER", grantee=user)]
    return closure(catalog, granted)


def active_roles(catalog: Catalog, session: Session) -> frozenset[str]:
    """The roles whose privileges a session has now: primary and secondary roles, with what they inherit."""
    usable = usable_roles(catalog, session)
    if session.secondary_roles == "ALL":
        return usable
    secondary = [] if session.secondary_roles == "NONE" else session.secondary_roles.split(",")
    return closure(catalog, usable.intersection([session.role, *secondary]))


def primary_roles(catalog: Catalog, session: Session) -> frozenset[str]:
    """The session's primary role with what it inherits; only PUBLIC if the user no longer has that role."""
    return closure(catalog, usable_roles(catalog, session).intersection([session.role]))


def usable_roles(catalog: Catalog, session: Session) -> frozenset[str]:
    """The roles that USE ROLE accepts in a session, as they are granted at this moment."""
    if session.is_service:
        return closure(catalog, [session.only_role])
    granted = roles_of_user(catalog, session.user)
    if session.only_role:
        return closure(catalog, granted.intersection([session.only_role]))
    return granted


class Access:
    """What active roles may do during one statement. Ownership includes every privilege on the object."""

    def __init__(self, catalog: Catalog, roles: frozenset[str]) -> None:
        self._catalog = catalog
        self.roles = roles

    def owns(self, item: Object) -> bool:
        return item.owner in self.roles

    def has(self, privilege: str, target: Object | None = None) -> bool:
        """Whether a role has the privilege on the object (None: on the account)."""
        if target is not None and self.owns(target):
            return True
        return privilege in self.privileges(target)

    def privileges(self, target: Object | None = None) -> set[str]:
        """The privileges granted on an object (None: on the account) to the active roles."""
        return self._granted(target.id) if target else self._on_account

    @cached_property
    def _on_account(self) -> set[str]:
        return self._granted(ACCOUNT_OBJECT)

    def _granted(self, identity: int) -> set[str]:
        return {grant.privilege for grant in self._catalog.grants_on(identity) if grant.role in self.roles}

    def sees(self, item: Object) -> bool:
        """Whether these roles can see the object; any privilege on it is enough."""
        if item.type in ("ROLE", DATABASE_ROLE, "USER") or self.owns(item) or self.has("MANAGE GRANTS"):
            return True
        if item.type == "WAREHOUSE" and self.has("MANAGE WAREHOUSES"):
            return True
        return bool(self.privileges(item)) or self._sees_something_inside(item)

    def _sees_something_inside(self, item: Object) -> bool:
        # A user of an endpoint who has only a service role must still see the service.
        if item.type != "SERVICE":
            return False
        return any(row["role"] in self.roles for row in self._catalog.service_role_grants(item.id))


def default_service_roles(catalog: Catalog, user: Object) -> frozenset[str]:
    """Roles with which a browser user enters a public endpoint: the default role and what it inherits."""
    role = user.properties.get("DEFAULT_ROLE") or PUBLIC
    if role not in roles_of_user(catalog, user.name):
        role = PUBLIC
    return closure(catalog, [role])
