"""The common part of object types: CREATE, ALTER, DROP, SHOW and DESCRIBE, from the data of each type."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar

from local_account.base import errors, signature
from local_account.base.result import Result, columns, status, table
from local_account.base.sql import Name, Statement
from local_account.catalog.catalog import Object
from local_account.statement import tagging
from local_account.statement.context import Context
from local_account.statement.options import (
    Reader,
    boolean,
    integer,
    like,
    one_of,
    option_name,
    read_limit,
    read_options,
    text,
    unsupported,
    words,
)
from local_account.statement.showing import Shown

REPLACE, OR_ALTER = "OR REPLACE", "OR ALTER"
PROPERTY_COLUMNS = columns("property property_type property_value property_default")


class ObjectType(Shown):
    """One type of object: its statements, result columns, options and privileges, as data.

    Subclasses set the class variables and override the hooks that they need. `options` has the options of
    CREATE and ALTER … SET, and how each value is read. A value is kept in the object's properties under the
    option's name; COMMENT is kept in the object itself.

    CREATE, ALTER and DROP of an `atomic` type are one transaction of the catalog each. No other session can
    change anything meanwhile, so their handlers must neither wait nor ask Docker, the registry or tables.
    CREATE OR REPLACE works for a `replaceable` type, ALTER … RENAME for a `renamable` one, CREATE OR ALTER
    for a `redefinable` one, where it leaves the options `at_creation` of an object that exists as they are.
    What ALTER can do besides on Snowflake is refused by its words in `other_actions`.
    """

    privileges: ClassVar[frozenset[str]] = frozenset()
    options: ClassVar[dict[str, Reader]] = {}
    defaults: ClassVar[dict[str, Any]] = {}
    title: ClassVar[str] = ""
    modifiers: ClassVar[frozenset[str]] = frozenset()
    create_privilege: ClassVar[str] = ""
    taggable: ClassVar[bool] = True
    atomic: ClassVar[bool] = True
    replaceable: ClassVar[bool] = True
    renamable: ClassVar[bool] = True
    other_actions: ClassVar[tuple[str, ...]] = ()
    redefinable: ClassVar[bool] = False
    at_creation: ClassVar[frozenset[str]] = frozenset()

    def label(self) -> str:
        """The name of the type in status messages, for example `Compute pool`."""
        return self.title or self.kind.capitalize()

    # Hooks

    def read_name(self, context: Context, statement: Statement) -> Name:
        """Read the full name of an object of this type."""
        return context.resolve(statement.parts(), self.scope)

    def read_new_name(self, context: Context, statement: Statement, item: Object) -> Name:
        """Read what follows RENAME TO: the full new name."""
        del item
        return context.resolve(statement.parts(), self.scope)

    def read_create(self, context: Context, statement: Statement) -> dict[str, Any]:
        """Read what follows the name in CREATE; the option values."""
        del context
        return read_options(statement, self.all_options())

    def check(self, context: Context, name: Name, properties: dict[str, Any]) -> None:
        """Refuse bad option values before anything is stored."""

    def prepare(self, context: Context, name: Name, properties: dict[str, Any]) -> None:
        """Check and complete option values where this takes time; runs before the transaction."""

    def created(self, context: Context, item: Object) -> None:
        """Runs in the transaction that made the object."""

    def read_drop(self, statement: Statement) -> bool:
        """Read what follows the name in DROP; whether that is FORCE."""
        del statement
        return False

    def dropping(self, context: Context, item: Object, forced: bool) -> None:
        """Refuse a DROP, or remove what belongs to the object; runs in the transaction.

        Args:
            forced: the statement is DROP … FORCE, or CREATE OR REPLACE, which makes another object of the
                same name.
        """

    def describe(self, context: Context, item: Object) -> Result:
        """The answer of DESCRIBE; by default the row of SHOW."""
        return table(self.show_columns, [self.show_row(context, item)])

    def altered(self, context: Context, item: Object, changed: dict[str, Any]) -> None:
        """Check and complete the values of SET or UNSET before they are stored; runs in the transaction."""

    def require_rename(self, context: Context, item: Object) -> None:
        """Refuse a session that may not rename the object; by default only the owner may."""
        context.require_ownership(item)

    def check_rename(self, context: Context, item: Object, name: Name) -> None:
        """Refuse a bad new name; a name in another schema needs the privilege to create objects there."""
        if name[:2] != item.fqn[:2]:
            self.require_create(context, name)

    def renamed(self, context: Context, item: Object, old: Name) -> None:
        """Write the new name into everything that names the object; runs in the transaction."""

    def action(self, context: Context, item: Object, statement: Statement) -> Result | None:
        """Run an ALTER verb that only this type has (SUSPEND, ADD …); None when there is no such verb."""
        del context, item, statement
        return None

    # Statements

    def all_options(self) -> dict[str, Reader]:
        tags = {tagging.TAG: tagging.read_list} if self.taggable else {}
        return {"COMMENT": text, **tags, **self.options}

    def create(self, context: Context, statement: Statement, modifiers: frozenset[str]) -> Result:
        """CREATE [OR REPLACE | OR ALTER] [TRANSIENT …] <type> [IF NOT EXISTS] <name> …

        Args:
            modifiers: the words between CREATE and the type; OR REPLACE and OR ALTER are two of them.
        """
        redefine = OR_ALTER in modifiers
        replace, modifiers = REPLACE in modifiers, modifiers - {REPLACE, OR_ALTER}
        if modifiers - self.modifiers:
            raise errors.unsupported(f"CREATE {' '.join(sorted(modifiers - self.modifiers))} {self.kind}")
        if redefine and not self.redefinable:
            raise errors.unsupported(f"CREATE OR ALTER {self.kind}")
        if_not_exists = not redefine and statement.accept("IF", "NOT", "EXISTS")
        name = self.read_name(context, statement)
        properties = {**self.defaults, **self.read_create(context, statement)}
        properties |= dict.fromkeys(modifiers, True)
        statement.end()
        if redefine and context.catalog.find(self.kind, name):
            return self.redefine(context, name, properties)
        if replace and not self.replaceable:
            raise errors.unsupported(f"CREATE OR REPLACE {self.kind}")
        return self.store(context, name, properties, if_not_exists, replace)

    def redefine(self, context: Context, name: Name, properties: dict[str, Any]) -> Result:
        """CREATE OR ALTER of an object that exists: what the statement does not say goes back to its default.

        Grants, tags and contents stay. See https://docs.snowflake.com/en/sql-reference/sql/create-or-alter
        """
        item = self.find(context, name)
        assert item is not None
        context.require_ownership(item)
        if tagging.TAG in properties:
            raise errors.unsupported(f"CREATE OR ALTER {self.kind} TAG")
        with context.catalog.transaction():
            item = self.fresh(context, item)
            wanted = dict.fromkeys(self.all_options().keys() - {tagging.TAG}) | {"COMMENT": ""}
            wanted |= {word: False for word in self.modifiers if item.properties.get(word)} | properties
            present = {"COMMENT": item.comment, **item.properties}
            changed = {
                option: value
                for option, value in wanted.items()
                if option not in self.at_creation and value != present.get(option)
            }
            for word in self.modifiers & changed.keys():
                raise errors.unsupported(f"CREATE OR ALTER {self.kind} with another {word}")
            if changed:
                self.altered(context, item, changed)
                item.comment = changed.pop("COMMENT", item.comment) or ""
                item.properties.update(changed)
                context.catalog.save(item)
        return status("Statement executed successfully.")

    def store(
        self, context: Context, name: Name, properties: dict[str, Any], if_not_exists: bool, replace: bool
    ) -> Result:
        """Check privileges and values, then add the object."""
        self.require_create(context, name)
        if self._is_there(context, name, if_not_exists, replace):
            return status(f"{self._plain(name)} already exists, statement succeeded.")
        self.prepare(context, name, properties)
        with context.catalog.transaction():
            # The database or schema may have been dropped since the privileges were checked.
            context.require_parents(name)
            if self._is_there(context, name, if_not_exists, replace):
                return status(f"{self._plain(name)} already exists, statement succeeded.")
            existing = context.catalog.find(self.kind, name)
            if existing:
                context.require_ownership(existing)
                self.dropping(context, existing, forced=True)
                context.catalog.delete(existing)
            self.check(context, name, properties)
            comment, tags = properties.pop("COMMENT", ""), properties.pop(tagging.TAG, None)
            item = context.catalog.create(self.kind, name, context.session.role, properties, comment)
            context.creating(item)
            if tags:
                tagging.apply(context, item, tags)
                context.catalog.save(item)
            self.created(context, item)
        return status(f"{self.label()} {self._plain(name)} successfully created.")

    def _is_there(self, context: Context, name: Name, if_not_exists: bool, replace: bool) -> bool:
        """Whether CREATE … IF NOT EXISTS has nothing to do.

        Raises:
            SnowflakeError: 002002 when an object of that name exists and the statement does not allow it.
        """
        if context.catalog.find(self.kind, name) is None:
            return False
        if not if_not_exists and not replace:
            raise errors.already_exists(signature.told(self.kind, name))
        return if_not_exists

    def require_create(self, context: Context, name: Name) -> None:
        """Refuse a session that may not create objects of this type in the name's database or schema."""
        parents = context.parents(name)
        parent = None
        if parents:
            context.require_usage(name)
            parent = context.catalog.find(*parents[-1])
            if parent is None:
                # Another statement has dropped it since it was found.
                raise errors.does_not_exist(parents[-1][0], str(parents[-1][1]))
        context.require_create(self.create_privilege or f"CREATE {self.kind}", parent)

    def alter(self, context: Context, statement: Statement) -> Result:
        """ALTER <type> [IF EXISTS] <name> {SET … | UNSET … | RENAME TO … | a verb of the type}"""
        if_exists = statement.accept("IF", "EXISTS")
        name = self.read_name(context, statement)
        item = self.find(context, name, optional=if_exists)
        if item is None:
            return status("Statement executed successfully.")
        done = self.action(context, item, statement)
        if done is not None:
            return done
        if statement.accept("RENAME", "TO"):
            return self.rename(context, item, statement)
        for other in self.other_actions:
            if statement.accept(*other.split(" ")):
                raise errors.unsupported(f"ALTER {self.kind} {other}")
        tags = tagging.read_change(statement) if self.taggable else None
        if tags:
            return self.alter_tags(context, item, statement, tags)
        with context.catalog.transaction():
            item = self.fresh(context, item)
            if statement.accept("SET"):
                changed = self.read_set(context, item, statement)
            else:
                statement.expect("UNSET")
                changed = self.read_unset(statement)
            statement.end()
            self.require_alter(context, item)
            self.altered(context, item, changed)
            item.comment = changed.pop("COMMENT", item.comment) or ""
            item.properties.update(changed)
            context.catalog.save(item)
        return status("Statement executed successfully.")

    def alter_tags(
        self, context: Context, item: Object, statement: Statement, change: tagging.Change
    ) -> Result:
        """ALTER … {SET | UNSET} TAG, which needs ownership, or APPLY TAG on the account."""
        statement.end()
        if not context.access.has("APPLY TAG"):
            context.require_ownership(item)
        with context.catalog.transaction():
            item = self.fresh(context, item)
            tagging.apply(context, item, change)
            context.catalog.save(item)
        return status("Statement executed successfully.")

    def fresh(self, context: Context, item: Object) -> Object:
        """Read the object again inside a transaction, because another statement may have changed it.

        Raises:
            SnowflakeError: 002003 when it was dropped.
        """
        current = context.catalog.by_id(item.id)
        if current is None:
            raise errors.does_not_exist(self.kind, signature.told(self.kind, item.fqn))
        return current

    def require_alter(self, context: Context, item: Object) -> None:
        """Refuse a session that may not SET and UNSET; by default only the owner may."""
        context.require_ownership(item)

    def read_set(self, context: Context, item: Object, statement: Statement) -> dict[str, Any]:
        del context, item
        readers = {name: reader for name, reader in self.all_options().items() if name != tagging.TAG}
        return read_options(statement, readers)

    def read_unset(self, statement: Statement) -> dict[str, Any]:
        values: dict[str, Any] = {}
        while not statement.done:
            name = option_name(statement, self.all_options())
            values[name] = self.defaults.get(name, "" if name == "COMMENT" else None)
            if not statement.accept(",") and not statement.done:
                raise statement.unexpected()
        return values

    def rename(self, context: Context, item: Object, statement: Statement) -> Result:
        """RENAME TO <name>, which may be in another database or schema."""
        if not self.renamable:
            raise errors.unsupported(f"ALTER {self.kind} RENAME")
        self.require_rename(context, item)
        name = self.read_new_name(context, statement, item)
        statement.end()
        self.check_rename(context, item, name)
        with context.catalog.transaction():
            if context.catalog.find(self.kind, name):
                raise errors.already_exists(signature.told(self.kind, name))
            item = self.fresh(context, item)
            old = item.fqn
            item.database, item.schema, item.name = name
            context.catalog.save(item)
            self.renamed(context, item, old)
        return status("Statement executed successfully.")

    def drop(self, context: Context, statement: Statement) -> Result:
        """DROP <type> [IF EXISTS] <name>"""
        if_exists = statement.accept("IF", "EXISTS")
        name = self.read_name(context, statement)
        item = self.find(context, name, optional=if_exists)
        if item is None:
            # IF EXISTS is about the object alone: its database and schema must be there.
            context.require_reach(name)
            return status(f"Drop statement executed successfully ({self._plain(name)} already dropped).")
        self.require_drop(context, item)
        forced = self.read_drop(statement)
        statement.end()
        with context.catalog.transaction():
            self.dropping(context, item, forced)
            context.catalog.delete(item)
        return status(f"{self._plain(item.fqn)} successfully dropped.")

    def _plain(self, name: Name) -> str:
        return signature.plain(self.kind, name.name)

    def require_drop(self, context: Context, item: Object) -> None:
        context.require_ownership(item)

    def describe_statement(self, context: Context, statement: Statement) -> Result:
        item = self.find(context, self.read_name(context, statement))
        statement.end()
        assert item is not None
        return self.describe(context, item)

    def find(self, context: Context, name: Name, optional: bool = False) -> Object | None:
        """The object of this name; None when it is optional and does not exist or is not visible.

        Raises:
            SnowflakeError: 002003 when it is not optional and does not exist or is not visible.
        """
        item = context.find(self.kind, name)
        if item is not None and context.access.sees(item) and context.reaches(name):
            return item
        if optional:
            return None
        raise errors.does_not_exist(self.kind, signature.told(self.kind, name))


def read_restriction(statement: Statement) -> None:
    """Read CASCADE or RESTRICT at the end of DROP. They have no effect here."""
    if not statement.accept("CASCADE"):
        statement.accept("RESTRICT")


def property_table(rows: Iterable[tuple[str, str, Any, Any]]) -> Result:
    """A DESCRIBE with one row for each property: name, type, value and default; never NULL."""
    names = [column.name for column in PROPERTY_COLUMNS]
    return table(PROPERTY_COLUMNS, (dict(zip(names, row, strict=True)) for row in rows))


__all__ = [
    "OR_ALTER",
    "REPLACE",
    "ObjectType",
    "Reader",
    "boolean",
    "integer",
    "like",
    "one_of",
    "property_table",
    "read_limit",
    "read_options",
    "read_restriction",
    "text",
    "unsupported",
    "words",
]
