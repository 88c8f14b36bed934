"""The account's catalog: every object, grant and sign-in secret, in one SQLite file.

The catalog is the truth. Statements change it in transactions; reconcilers compare it with Docker, the
registry and the stage folders and close the difference, so a crash at any moment loses nothing.
"""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from local.account import errors
from local.account.result import now
from local.account.sql import Name

_SCHEMA = """
CREATE TABLE IF NOT EXISTS objects (
  id INTEGER PRIMARY KEY AUTOINCREMENT, type TEXT NOT NULL, database TEXT NOT NULL, schema TEXT NOT NULL,
  name TEXT NOT NULL, owner TEXT NOT NULL, comment TEXT NOT NULL, created REAL NOT NULL,
  updated REAL NOT NULL, properties TEXT NOT NULL, UNIQUE (type, database, schema, name));
CREATE TABLE IF NOT EXISTS grants (
  privilege TEXT NOT NULL, object INTEGER NOT NULL, role TEXT NOT NULL, with_option INTEGER NOT NULL,
  granted_by TEXT NOT NULL, created REAL NOT NULL, PRIMARY KEY (privilege, object, role));
CREATE TABLE IF NOT EXISTS future_grants (
  privilege TEXT NOT NULL, type TEXT NOT NULL, scope INTEGER NOT NULL, role TEXT NOT NULL,
  with_option INTEGER NOT NULL, created REAL NOT NULL, PRIMARY KEY (privilege, type, scope, role));
CREATE TABLE IF NOT EXISTS role_grants (
  role TEXT NOT NULL, grantee_type TEXT NOT NULL, grantee TEXT NOT NULL, granted_by TEXT NOT NULL,
  created REAL NOT NULL, PRIMARY KEY (role, grantee_type, grantee));
CREATE TABLE IF NOT EXISTS service_role_grants (
  service INTEGER NOT NULL, service_role TEXT NOT NULL, role TEXT NOT NULL, granted_by TEXT NOT NULL,
  created REAL NOT NULL, PRIMARY KEY (service, service_role, role));
CREATE TABLE IF NOT EXISTS tokens (
  digest TEXT PRIMARY KEY, kind TEXT NOT NULL, expires REAL NOT NULL, content TEXT NOT NULL);
"""
_TABLES_WITH_ROLES = ("grants", "future_grants", "service_role_grants", "role_grants")
ACCOUNT_OBJECT = 0


@dataclass
class Object:
    """One object of the account.

    Attributes:
        type: Snowflake's word for its type, in upper case: `COMPUTE POOL`, `IMAGE REPOSITORY` …
        owner: the owning role.
        created, updated: seconds since the epoch.
        properties: what the object's own module keeps; JSON values.
    """

    id: int
    type: str
    database: str
    schema: str
    name: str
    owner: str
    comment: str
    created: float
    updated: float
    properties: dict[str, Any] = field(default_factory=dict)

    @property
    def fqn(self) -> Name:
        return Name(self.database, self.schema, self.name)


@dataclass(frozen=True)
class Grant:
    """A privilege on an object (id 0: the account) held by a role."""

    privilege: str
    object: int
    role: str
    with_option: bool
    granted_by: str
    created: float


class Catalog:
    """Objects, grants and tokens, kept in one SQLite file; safe to use from many threads."""

    def __init__(self, path: Path) -> None:
        self._lock = threading.RLock()
        self._depth = 0
        self._connection = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self._connection.row_factory = sqlite3.Row
        self._connection.executescript("PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;" + _SCHEMA)
        self.changed = threading.Condition(self._lock)
        self.version = 0

    def close(self) -> None:
        with self._lock:
            self._connection.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All changes inside are made together or not at all; may be nested."""
        with self._lock:
            self._depth += 1
            try:
                if self._depth == 1:
                    self._connection.execute("BEGIN IMMEDIATE")
                yield
            except BaseException:
                if self._depth == 1:
                    self._connection.execute("ROLLBACK")
                raise
            else:
                if self._depth == 1:
                    self._connection.execute("COMMIT")
                    self.version += 1
                    self.changed.notify_all()
            finally:
                self._depth -= 1

    def wait(self, version: int, timeout: float) -> int:
        """Block until something changed after `version`, at most `timeout` seconds; the version now."""
        with self.changed:
            self.changed.wait_for(lambda: self.version != version, timeout)
            return self.version

    # Objects

    def create(
        self, kind: str, name: Name, owner: str, properties: dict[str, Any] | None = None, comment: str = ""
    ) -> Object:
        """Add an object.

        Raises:
            SnowflakeError: 002002 when one of that type and name exists.
        """
        moment = now()
        with self.transaction():
            if self.find(kind, name):
                raise errors.already_exists(name.name)
            cursor = self._connection.execute(
                "INSERT INTO objects (type, database, schema, name, owner, comment, created, updated,"
                " properties) VALUES (?,?,?,?,?,?,?,?,?)",
                (kind, *name, owner, comment, moment, moment, json.dumps(properties or {})),
            )
        return Object(
            cursor.lastrowid or 0, kind, *name, owner, comment, moment, moment, dict(properties or {})
        )

    def find(self, kind: str, name: Name) -> Object | None:
        rows = self._rows(
            "SELECT * FROM objects WHERE type=? AND database=? AND schema=? AND name=?", (kind, *name)
        )
        return _object(rows[0]) if rows else None

    def by_id(self, identity: int) -> Object | None:
        rows = self._rows("SELECT * FROM objects WHERE id=?", (identity,))
        return _object(rows[0]) if rows else None

    def objects(self, kind: str, database: str | None = None, schema: str | None = None) -> list[Object]:
        """Objects of a type by name, all or those in a database or schema."""
        query, arguments = "SELECT * FROM objects WHERE type=?", [kind]
        if database is not None:
            query, arguments = query + " AND database=?", [*arguments, database]
        if schema is not None:
            query, arguments = query + " AND schema=?", [*arguments, schema]
        return [
            _object(row) for row in self._rows(query + " ORDER BY database, schema, name", tuple(arguments))
        ]

    def save(self, item: Object) -> None:
        """Store what was changed of an object: name, owner, comment, properties."""
        item.updated = now()
        with self.transaction():
            self._connection.execute(
                "UPDATE objects SET database=?, schema=?, name=?, owner=?, comment=?, updated=?, properties=?"
                " WHERE id=?",
                (*item.fqn, item.owner, item.comment, item.updated, json.dumps(item.properties), item.id),
            )

    def delete(self, item: Object) -> None:
        """Remove an object, what it contains, and all grants on them."""
        with self.transaction():
            for child in self.inside(item):
                self.delete(child)
            for table, column in (
                ("grants", "object"),
                ("future_grants", "scope"),
                ("service_role_grants", "service"),
            ):
                self._connection.execute(f"DELETE FROM {table} WHERE {column}=?", (item.id,))  # noqa: S608
            self._connection.execute("DELETE FROM objects WHERE id=?", (item.id,))

    def owned(self, role: str) -> list[Object]:
        """Everything that a role owns; by type and name."""
        query = "SELECT * FROM objects WHERE owner=? ORDER BY type, database, schema, name"
        return [_object(row) for row in self._rows(query, (role,))]

    def inside(self, item: Object, kind: str = "") -> list[Object]:
        """Everything in a database or schema, of one type when `kind` is given; by type and name."""
        if item.type == "DATABASE":
            where, arguments = "database=?", [item.name]
        elif item.type == "SCHEMA":
            where, arguments = "database=? AND schema=?", [item.database, item.name]
        else:
            return []
        if kind:
            where, arguments = where + " AND type=?", [*arguments, kind]
        query = f"SELECT * FROM objects WHERE {where} ORDER BY type, schema, name"  # noqa: S608
        return [_object(row) for row in self._rows(query, tuple(arguments))]

    # Grants of privileges

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
        """Remove everything granted to a dropped role or user."""
        with self.transaction():
            self._connection.execute(
                "DELETE FROM role_grants WHERE grantee_type=? AND grantee=?", (kind, name)
            )
            if kind == "ROLE":
                for table in _TABLES_WITH_ROLES:
                    self._connection.execute(f"DELETE FROM {table} WHERE role=?", (name,))  # noqa: S608

    def rename_grantee(self, kind: str, old: str, new: str) -> None:
        """Let everything that names a role or user follow its new name."""
        changes = [("role_grants", "grantee", f" AND grantee_type='{kind}'")]
        if kind == "ROLE":
            changes += [(table, "role", "") for table in _TABLES_WITH_ROLES]
            changes += [(table, "granted_by", "") for table in _TABLES_WITH_ROLES if table != "future_grants"]
            changes += [("objects", "owner", "")]
        with self.transaction():
            for table, column, condition in changes:
                query = f"UPDATE {table} SET {column}=? WHERE {column}=?{condition}"  # noqa: S608
                self._connection.execute(query, (new, old))

    def transfer(self, owner: str, to: str) -> None:
        """Give everything that a role owns to another role."""
        with self.transaction():
            self._connection.execute("UPDATE objects SET owner=? WHERE owner=?", (to, owner))

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
        """As `service_role_grants`, of all services to one role."""
        return self._rows("SELECT * FROM service_role_grants WHERE role=?", (role,))

    # Tokens: sessions, access tokens, one-time codes. Only digests of them are stored.

    def put_token(self, digest: str, kind: str, expires: float, content: dict[str, Any]) -> None:
        with self.transaction():
            self._connection.execute("DELETE FROM tokens WHERE expires<?", (now() - 86400,))
            self._connection.execute(
                "INSERT OR REPLACE INTO tokens VALUES (?,?,?,?)", (digest, kind, expires, json.dumps(content))
            )

    def get_token(self, digest: str, kind: str) -> tuple[float, dict[str, Any]] | None:
        """Expiry and content of a token, or None."""
        rows = self._rows("SELECT * FROM tokens WHERE digest=? AND kind=?", (digest, kind))
        return (rows[0]["expires"], json.loads(rows[0]["content"])) if rows else None

    def tokens(self, kind: str) -> list[tuple[str, float, dict[str, Any]]]:
        """Digest, expiry and content of all tokens of a kind."""
        rows = self._rows("SELECT * FROM tokens WHERE kind=?", (kind,))
        return [(row["digest"], row["expires"], json.loads(row["content"])) for row in rows]

    def delete_token(self, digest: str) -> None:
        with self.transaction():
            self._connection.execute("DELETE FROM tokens WHERE digest=?", (digest,))

    def _rows(self, query: str, arguments: tuple = ()) -> list[sqlite3.Row]:
        with self._lock:
            return self._connection.execute(query, arguments).fetchall()


def _object(row: sqlite3.Row) -> Object:
    values = dict(row)
    values["properties"] = json.loads(values["properties"])
    return Object(**values)


def _grant(row: sqlite3.Row) -> Grant:
    values = dict(row)
    values["with_option"] = bool(values["with_option"])
    return Grant(**values)
