"""Temporary objects: each belongs to one session, which alone sees it, and ends with that session.

They are not in the catalog, because two sessions may have temporary objects of the same name. Like temporary
tables they do not survive the account's server. See
https://docs.snowflake.com/en/sql-reference/sql/create-stage
"""

from __future__ import annotations

import itertools
from typing import Any

from local_account.base import errors
from local_account.base.result import Result, now, status
from local_account.base.sql import Name, Statement
from local_account.catalog.catalog import Object
from local_account.identity.session import Session
from local_account.statement.context import Context, TemporaryObjects
from local_account.statement.object_type import REPLACE, ObjectType

_WORDS = frozenset({"TEMP", "TEMPORARY", "SCOPED", "LOCAL", "GLOBAL", "VOLATILE"})


class SessionObjects(TemporaryObjects):
    """The temporary objects of all sessions. Their ids are negative, those of the catalog positive."""

    def __init__(self) -> None:
        self._objects: dict[int, dict[tuple[str, Name], Object]] = {}
        self._ids = itertools.count(1)

    def find(self, session: Session, kind: str, name: Name) -> Object | None:
        return self._objects.get(session.id, {}).get((kind, name))

    def listed(self, session: Session, kind: str) -> list[Object]:
        """A session's temporary objects of a type."""
        return [item for key, item in self._objects.get(session.id, {}).items() if key[0] == kind]

    def add(self, session: Session, kind: str, name: Name, properties: dict[str, Any], comment: str) -> None:
        """Make an object; one of the same name is replaced."""
        moment = now()
        item = Object(-next(self._ids), kind, *name, session.role, comment, moment, moment, properties)
        self._objects.setdefault(session.id, {})[kind, name] = item

    def remove(self, session: Session, item: Object) -> None:
        self._objects.get(session.id, {}).pop((item.type, item.fqn), None)

    def forget(self, session: Session) -> None:
        """Drop everything of a session that has ended."""
        self._objects.pop(session.id, None)

    def ids(self) -> set[int]:
        """Ids of all temporary objects."""
        return {item.id for kept in list(self._objects.values()) for item in list(kept.values())}


class MaybeTemporary(ObjectType):
    """An object type with CREATE TEMPORARY. A temporary object hides a permanent one of the same name."""

    modifiers = _WORDS

    def create(self, context: Context, statement: Statement, modifiers: frozenset[str]) -> Result:
        kept = modifiers & {REPLACE}
        if modifiers == kept or modifiers - kept - _WORDS:
            return super().create(context, statement, modifiers)
        if_not_exists = statement.accept("IF", "NOT", "EXISTS")
        name = context.resolve(statement.parts(), self.scope)
        properties = {**self.defaults, **self.read_create(context, statement)}
        statement.end()
        self.require_create(context, name)
        known = context.temporary.find(context.session, self.kind, name)
        if known and if_not_exists:
            return status(f"{name.name} already exists, statement succeeded.")
        if known and not kept:
            raise errors.already_exists(str(name))
        self.check(context, name, properties)
        comment = properties.pop("COMMENT", "")
        context.temporary.add(context.session, self.kind, name, properties, comment)
        return status(f"{self.label()} {name.name} successfully created.")

    def alter(self, context: Context, statement: Statement) -> Result:
        item = self._named(context, statement)
        if item is None:
            return super().alter(context, statement)
        if not statement.accept("SET"):
            raise errors.unsupported(f"ALTER of a temporary {self.kind.lower()} other than SET")
        changed = self.read_set(context, item, statement)
        statement.end()
        self.altered(context, item, changed)
        item.comment = changed.pop("COMMENT", item.comment) or ""
        item.properties.update(changed)
        return status("Statement executed successfully.")

    def drop(self, context: Context, statement: Statement) -> Result:
        item = self._named(context, statement)
        if item is None:
            return super().drop(context, statement)
        statement.end()
        context.temporary.remove(context.session, item)
        return status(f"{item.name} successfully dropped.")

    def _named(self, context: Context, statement: Statement) -> Object | None:
        """Step over `[IF EXISTS] <name>` of a temporary object; without one, nothing is read."""
        start = statement.position
        statement.accept("IF", "EXISTS")
        name = context.resolve(statement.parts(), self.scope)
        item = context.temporary.find(context.session, self.kind, name)
        if item is None:
            statement.position = start
        return item

    def objects(
        self, context: Context, database: str | None = None, schema: str | None = None
    ) -> list[Object]:
        mine = context.temporary.listed(context.session, self.kind)
        inside = [
            item for item in mine if database in (None, item.database) and schema in (None, item.schema)
        ]
        hidden = {item.fqn for item in inside}
        found = [item for item in super().objects(context, database, schema) if item.fqn not in hidden]
        return sorted([*found, *inside], key=lambda item: item.fqn)
