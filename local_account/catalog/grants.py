"""The part of the catalog that keeps grants: of privileges, of roles and of service roles."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

from local_account.base.result import now
from local_account.catalog.store import Store

_TABLES_WITH_ROLES = ("grants", "future_grants", "service_role_grants", "role_grants")
ACCOUNT_OBJECT = 0


@dataclass(frozen=True)
class Grant:
    """A privilege on an object (id 0: the account) held by a role."""

    privilege: str
    object: int
    role: str
    with_option: bool
    granted_by: str
    created: float


class Grants(Store):
    """Which role or user holds which grant. Roles and users are stored by name, objects by id."""

    def grant(self, privilege: str, target: int, role: str, with_option: bool, granted_by: str) -> None:
        with self.transaction():
            self._connection.execute(
                "INSERT INTO grants VALUES (?,?,?,?,?,?) ON CONFLICT DO UPDATE SET"
                " with_option=MAX(with_option, excluded.with_option)",
                (privilege, target, role, int(with_option), granted_by, now()),
            )

    def revoke(self, privilege: str, target: int, role: str, option_only: bool = False) -> None:
        action = "UPDATE grants SET with_option=0" if option_only else "DELETE FROM grants"
        with self.transaction():
            self._connection.execute(
                f"{action} WHERE privilege=? AND object=? AND role=?", (privilege, target, role)
            )

    def grants_on(self, target: int) -> list[Grant]:
        return [_grant(row) for row in self._rows("SELECT * FROM grants WHERE object=?", (target,))]

    def grants_to(self, role: str) -> list[Grant]:
        return [_grant(row) for row in self._rows("SELECT * FROM grants WHERE role=?", (role,))]

    def grant_future(self, privilege: str, kind: str, scope: int, role: str, with_option: bool) -> None:
        with self.transaction():
            self._connection.execute(
                "INSERT OR REPLACE INTO future_grants VALUES (?,?,?,?,?,?)",
                (privilege, kind, scope, role, int(with_option), now()),
            )

    def revoke_future(self, privilege: str, kind: str, scope: int, role: str) -> None:
        with self.transaction():
            self._connection.execute(
                "DELETE FROM future_grants WHERE privilege=? AND type=? AND scope=? AND role=?",
                (privilege, kind, scope, role),
            )

    def future_grants(self, scope: int) -> list[sqlite3.Row]:
        """Rows with privilege, type, scope, role, with_option, created."""
        return self._rows("SELECT * FROM future_grants WHERE scope=?", (scope,))

    # Grants of roles

    def grant_role(self, role: str, grantee_type: str, grantee: str, granted_by: str) -> None:
        with self.transaction():
            self._connection.execute(
                "INSERT OR IGNORE INTO role_grants VALUES (?,?,?,?,?)",
                (role, grantee_type, grantee, granted_by, now()),
            )

    def revoke_role(self, role: str, grantee_type: str, grantee: str) -> None:
        with self.transaction():
            self._connection.execute(
                "DELETE FROM role_grants WHERE role=? AND grantee_type=? AND grantee=?",
                (role, grantee_type, grantee),
            )

    def role_grants(self, **where: str) -> list[sqlite3.Row]:
        """Rows with role, grantee_type, grantee, granted_by, created; filtered by any of the first three."""
        condition = " AND ".join(f"{column}=?" for column in where) or "1"
        return self._rows(f"SELECT * FROM role_grants WHERE {condition}", tuple(where.values()))  # noqa: S608

    def forget_grantee(self, kind: str, name: str) -> None:
        """Remove everything granted to a dropped role (by its key) or user."""
        with self.transaction():
            self._connection.execute(
                "DELETE FROM role_grants WHERE grantee_type=? AND grantee=?", (kind, name)
            )
            if kind != "USER":
                for table in _TABLES_WITH_ROLES:
                    self._connection.execute(f"DELETE FROM {table} WHERE role=?", (name,))  # noqa: S608

    def rename_grantee(self, kind: str, old: str, new: str) -> None:
        """Write the new name of a role or user wherever the catalog has the old one."""
        changes = [("role_grants", "grantee", f" AND grantee_type='{kind}'")]
        if kind != "USER":
            changes += [(table, "role", "") for table in _TABLES_WITH_ROLES]
            changes += [(table, "granted_by", "") for table in _TABLES_WITH_ROLES if table != "future_grants"]
            changes += [("objects", "owner", "")]
        with self.transaction():
            for table, column, condition in changes:
                query = f"UPDATE {table} SET {column}=? WHERE {column}=?{condition}"  # noqa: S608
                self._connection.execute(query, (new, old))

    def grant_service_role(self, service: int, service_role: str, role: str, granted_by: str) -> None:
        with self.transaction():
            self._connection.execute(
                "INSERT OR IGNORE INTO service_role_grants VALUES (?,?,?,?,?)",
                (service, service_role, role, granted_by, now()),
            )

    def revoke_service_role(self, service: int, service_role: str, role: str) -> None:
        with self.transaction():
            self._connection.execute(
                "DELETE FROM service_role_grants WHERE service=? AND service_role=? AND role=?",
                (service, service_role, role),
            )

    def service_role_grants(self, service: int) -> list[sqlite3.Row]:
        """Rows with service, service_role, role, granted_by, created."""
        return self._rows("SELECT * FROM service_role_grants WHERE service=?", (service,))

    def service_role_grants_to(self, role: str) -> list[sqlite3.Row]:
        """Like `service_role_grants`, for all services, but only grants to one role."""
        return self._rows("SELECT * FROM service_role_grants WHERE role=?", (role,))


def _grant(row: sqlite3.Row) -> Grant:
    values = dict(row)
    values["with_option"] = bool(values["with_option"])
    return Grant(**values)
