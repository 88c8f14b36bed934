"""SHOW of an object type: the objects that the session sees, and their cells."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import Any, ClassVar

from local_account.base import errors, signature
from local_account.base.result import Column, Result, columns, table
from local_account.base.sql import Name, Statement, shown
from local_account.catalog.catalog import Object
from local_account.identity import access
from local_account.statement.context import Context
from local_account.statement.options import like, read_limit

_AFTER_SCOPE = ("LIKE", "STARTS", "LIMIT")
TERSE_COLUMNS = columns("created_on:timestamp_ltz name kind database_name schema_name")
# What else SHOW … IN can name for some types, for example in SHOW DATABASES IN FAILOVER GROUP.
_OTHER_PLACES = (
    ("FAILOVER", "GROUP"),
    ("REPLICATION", "GROUP"),
    ("APPLICATION", "PACKAGE"),
    ("APPLICATION",),
    ("CLASS",),
    ("MODEL",),
)


class Shown:
    """The part of an object type that SHOW needs.

    Attributes:
        kind, plural: Snowflake's words for the type: `IMAGE REPOSITORY`, `IMAGE REPOSITORIES`.
        scope: where its objects live: `account`, `database` or `schema`.
        show_columns: columns of SHOW, and of DESCRIBE unless the type has other columns for it.
        filters_privileges: whether SHOW … WITH PRIVILEGES exists.
        names_absent_parent: whether SHOW … IN an absent database or schema names it (002003). Snowflake does
            that for some types; for the others it says only that something does not exist (002043).
    """

    kind: ClassVar[str]
    plural: ClassVar[str]
    scope: ClassVar[str] = "schema"
    show_columns: ClassVar[list[Column]] = []
    filters_privileges: ClassVar[bool] = False
    names_absent_parent: ClassVar[bool] = False

    def row(self, context: Context, item: Object) -> dict[str, Any]:
        """The SHOW cells that only this type has, by column name; `show_row` adds the common ones."""
        del context, item
        return {}

    def show(self, context: Context, statement: Statement, terse: bool = False) -> Result:
        """SHOW [TERSE] <plural> [LIKE '…'] [IN …] [STARTS WITH '…'] [LIMIT …] [WITH PRIVILEGES …]"""
        if statement.accept("HISTORY"):
            raise errors.unsupported(f"SHOW {self.plural} HISTORY")
        pattern = statement.string() if statement.accept("LIKE") else None
        items = self.in_scope(context, statement)
        prefix = statement.string() if statement.accept("STARTS", "WITH") else ""
        limit, after = read_limit(statement)
        items = self.narrowed(items, statement)
        wanted: list[str] = []
        if self.filters_privileges and statement.accept("WITH", "PRIVILEGES"):
            wanted = _privileges(statement)
        statement.end()
        reaches = cache(lambda database, schema: context.reaches(Name(database, schema, "")))
        visible = [
            item
            for item in items
            if like(name := signature.plain(item.type, item.name), pattern)
            and name.startswith(prefix)
            and (not after or name > after)
            and context.access.sees(item)
            and all(context.access.has(privilege, item) for privilege in wanted)
            and reaches(item.database, item.schema)
        ]
        if terse:
            return table(TERSE_COLUMNS, [self.terse_row(context, item) for item in visible[:limit]])
        return table(self.show_columns, [self.show_row(context, item) for item in visible[:limit]])

    def objects(
        self, context: Context, database: str | None = None, schema: str | None = None
    ) -> list[Object]:
        """All objects of the type, or those in a database or schema."""
        return context.catalog.objects(self.kind, database, schema)

    def in_scope(self, context: Context, statement: Statement) -> Iterable[Object]:
        """The objects that the IN clause of SHOW selects."""
        if not statement.accept("IN"):
            return self._current_scope(context)
        for words in _OTHER_PLACES:
            *_, following = statement.words(len(words) + 1) or [""]
            if statement.words(len(words)) == words and following not in (
                *words,
                "",
                "LIKE",
                "STARTS",
                "LIMIT",
                ".",
            ):
                raise errors.unsupported(f"SHOW {self.plural} IN {' '.join(words)}")
        if statement.accept("ACCOUNT"):
            return self.objects(context)
        if statement.accept("DATABASE"):
            if _at_end_of_scope(statement):
                return self.objects(context, context.session.database or None)
            return self.objects(context, self._parent(context, "DATABASE", statement.parts(), "account").name)
        if statement.accept("SCHEMA") and _at_end_of_scope(statement):
            return self._current_scope(context)
        parts = statement.parts()
        if len(parts) == 1 and context.catalog.find("DATABASE", Name("", "", parts[0])):
            return self.objects(context, parts[0])
        schema = self._parent(context, "SCHEMA", parts, "database")
        return self.objects(context, schema.database, schema.name)

    def narrowed(self, found: Iterable[Object], statement: Statement) -> Iterable[Object]:
        """The objects that match a filter at the end of SHOW that only this type has; by default all."""
        del statement
        return found

    def _current_scope(self, context: Context) -> list[Object]:
        session = context.session
        if self.scope == "account" or not session.database:
            return self.objects(context)
        if self.scope == "schema" and session.schema:
            return self.objects(context, session.database, session.schema)
        return self.objects(context, session.database)

    def _parent(self, context: Context, kind: str, parts: list[str], scope: str) -> Object:
        name = context.resolve(parts, scope)
        parent = None
        for level, above in (*context.parents(name), (kind, name)):
            parent = context.catalog.find(level, above)
            if parent is None or not context.access.sees(parent):
                if self.names_absent_parent:
                    raise errors.does_not_exist(level, shown(above))
                raise errors.parent_does_not_exist()
        assert parent
        return parent

    def terse_row(self, context: Context, item: Object) -> dict[str, Any]:
        """The cells of SHOW TERSE; what does not apply to the type is NULL."""
        row = self.show_row(context, item)
        return {column.name: row.get(column.name) or None for column in TERSE_COLUMNS}

    def show_row(self, context: Context, item: Object) -> dict[str, Any]:
        """All SHOW cells of one object."""
        return {
            "created_on": item.created,
            "updated_on": item.updated,
            "name": signature.plain(item.type, item.name),
            "database_name": item.database,
            "schema_name": item.schema,
            "owner": access.shown_role(item.owner)[1],
            "owner_role_type": access.shown_role(item.owner)[0] if item.owner else "",
            "comment": item.comment,
            **self.row(context, item),
        }


def _privileges(statement: Statement) -> list[str]:
    """Read `<privilege>, …` up to the end."""
    wanted: list[list[str]] = [[]]
    while not statement.done:
        if statement.accept(","):
            wanted.append([])
        else:
            wanted[-1].append(statement.word())
    if not all(wanted):
        raise statement.unexpected()
    return [" ".join(words) for words in wanted]


def _at_end_of_scope(statement: Statement) -> bool:
    """Whether IN DATABASE or IN SCHEMA has no name, so that it means the session's own."""
    return statement.done or statement.words(1)[0] in _AFTER_SCOPE
