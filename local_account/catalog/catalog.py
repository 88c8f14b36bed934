"""The account's catalog: every object, grant and sign-in secret, in one SQLite file.

The catalog says what must exist. Statements change it in transactions. Reconcilers compare it with Docker,
the registry and the stage folders and remove the differences, so a crash at any moment loses nothing.
"""

from __future__ import annotations

import json
import sqlite3
from dataclasses import dataclass, field, replace
from typing import Any

from local_account.base import errors, signature
from local_account.base.result import now
from local_account.base.sql import Name
from local_account.catalog.grants import ACCOUNT_OBJECT, Grant, Grants
from local_account.catalog.requests import Requests
from local_account.catalog.volumes import BlockVolumes


@dataclass
class Object:
    """One object of the account.

    Attributes:
        type: Snowflake's word for its type, in upper case: `COMPUTE POOL`, `IMAGE REPOSITORY` …
        owner: the owning role.
        created, updated: seconds since the epoch.
        properties: data of the module that defines the type; JSON values.
        transaction: number of the transaction in which it was read or made; 0 if there was no transaction.
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
    transaction: int = field(default=0, repr=False, compare=False)

    @property
    def fqn(self) -> Name:
        return Name(self.database, self.schema, self.name)

    @property
    def in_sql(self) -> str:
        """The full name as statements have it: quotes only where they are needed."""
        return signature.in_sql(self.type, self.fqn)

    def named(self, name: Name) -> Object:
        """The same object under another name."""
        return replace(self, database=name.database, schema=name.schema, name=name.name)


class Catalog(Grants, Requests, BlockVolumes):
    """Objects, grants, tokens, requests and block volumes, in one SQLite file; many threads may use it."""

    def create(
        self, kind: str, name: Name, owner: str, properties: dict[str, Any] | None = None, comment: str = ""
    ) -> Object:
        """Add an object.

        Raises:
            SnowflakeError: 002002 when an object of that type and name exists.
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
            kept = dict(properties or {})
            identity = cursor.lastrowid or 0
            return Object(
                identity, kind, *name, owner, comment, moment, moment, kept, self.current_transaction
            )

    def find(self, kind: str, name: Name) -> Object | None:
        rows = self._rows(
            "SELECT * FROM objects WHERE type=? AND database=? AND schema=? AND name=?", (kind, *name)
        )
        return self._object(rows[0]) if rows else None

    def by_id(self, identity: int) -> Object | None:
        rows = self._rows("SELECT * FROM objects WHERE id=?", (identity,))
        return self._object(rows[0]) if rows else None

    def objects(self, kind: str, database: str | None = None, schema: str | None = None) -> list[Object]:
        """Objects of a type, sorted by name; all, or those in a database or schema."""
        query, arguments = "SELECT * FROM objects WHERE type=?", [kind]
        if database is not None:
            query, arguments = query + " AND database=?", [*arguments, database]
        if schema is not None:
            query, arguments = query + " AND schema=?", [*arguments, schema]
        rows = self._rows(query + " ORDER BY database, schema, name", tuple(arguments))
        return [self._object(row) for row in rows]

    def save(self, item: Object) -> None:
        """Store an object's name, owner, comment and properties.

        Raises:
            RuntimeError: the object was not read or made in this transaction. Saving it could undo a change
                that another statement has made since.
        """
        item.updated = now()
        with self.transaction():
            if item.transaction != self.current_transaction:
                raise RuntimeError(f"{item.type} {item.fqn} was not read in this transaction")
            self._connection.execute(
                "UPDATE objects SET database=?, schema=?, name=?, owner=?, comment=?, updated=?, properties=?"
                " WHERE id=?",
                (*item.fqn, item.owner, item.comment, item.updated, json.dumps(item.properties), item.id),
            )

    def set_properties(self, identity: int, properties: dict[str, Any]) -> None:
        """Set some properties of an object and keep its others; does nothing when the object is gone."""
        with self.transaction():
            item = self.by_id(identity)
            if item is not None:
                item.properties |= properties
                self.save(item)

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
        """Everything that a role owns, sorted by type and name."""
        query = "SELECT * FROM objects WHERE owner=? ORDER BY type, database, schema, name"
        return [self._object(row) for row in self._rows(query, (role,))]

    def inside(self, item: Object, kind: str = "") -> list[Object]:
        """Everything in a database or schema, sorted by type and name; `kind` selects one type."""
        if item.type == "DATABASE":
            where, arguments = "database=?", [item.name]
        elif item.type == "SCHEMA":
            where, arguments = "database=? AND schema=?", [item.database, item.name]
        else:
            return []
        if kind:
            where, arguments = where + " AND type=?", [*arguments, kind]
        query = f"SELECT * FROM objects WHERE {where} ORDER BY type, schema, name"  # noqa: S608
        return [self._object(row) for row in self._rows(query, tuple(arguments))]

    def transfer(self, owner: str, to: str) -> None:
        """Give everything that a role owns to another role."""
        with self.transaction():
            self._connection.execute("UPDATE objects SET owner=? WHERE owner=?", (to, owner))

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

    def count_tokens(self, kind: str) -> int:
        """How many tokens of a kind have not expired."""
        query = "SELECT COUNT(*) AS n FROM tokens WHERE expires>? AND kind=?"
        return self._rows(query, (now(), kind))[0]["n"]

    def delete_token(self, digest: str) -> None:
        with self.transaction():
            self._connection.execute("DELETE FROM tokens WHERE digest=?", (digest,))

    def delete_session(self, session: int) -> None:
        """Remove all tokens of a session."""
        with self.transaction():
            self._connection.execute(
                "DELETE FROM tokens WHERE json_extract(content, '$.id')=? AND kind IN ('session', 'master')",
                (session,),
            )

    def _object(self, row: sqlite3.Row) -> Object:
        values = dict(row)
        values["properties"] = json.loads(values["properties"])
        return Object(**values, transaction=self.current_transaction)


__all__ = ["ACCOUNT_OBJECT", "Catalog", "Grant", "Object"]
