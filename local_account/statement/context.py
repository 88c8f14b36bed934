"""The context of a statement: the account, the session, and the checks on both."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, ClassVar, Protocol

from local_account.base import errors, signature
from local_account.base.result import Result
from local_account.base.sql import Edit, Name, Statement, shown
from local_account.catalog.catalog import ACCOUNT_OBJECT, Catalog, Object
from local_account.identity import access
from local_account.identity.account import Account
from local_account.identity.parameters import Values, values_in_session
from local_account.identity.session import Session
from local_account.statement.cancellation import Cancellation

SCOPES = {"account": 1, "database": 2, "schema": 3}
Function = Callable[["Context", list[Any]], Any]
TableMethod = Callable[["Context", Object, str, str], str]
TableFunction = Callable[["Context", "Call"], Result]
TableSource = Callable[["Context", Statement], Iterable[Edit]]


class Kind(Protocol):
    """The part of an object type that statements about all types use."""

    kind: ClassVar[str]
    plural: ClassVar[str]
    scope: ClassVar[str]
    privileges: ClassVar[frozenset[str]]

    def read_name(self, context: Context, statement: Statement) -> Name:
        """Read the full name of one object of this type."""
        ...

    def show_row(self, context: Context, item: Object) -> dict[str, Any]:
        """All SHOW cells of one object."""
        ...


@dataclass(frozen=True)
class Call:
    """A call of a table function.

    Attributes:
        database: the database whose function it is.
        arguments: values of the arguments without a name.
        named: values of the other arguments, by name in upper case.
    """

    database: str
    arguments: list[Any]
    named: dict[str, Any]


class TemporaryObjects(ABC):
    """The temporary objects of sessions; see `statement.temporary`."""

    @abstractmethod
    def find(self, session: Session, kind: str, name: Name) -> Object | None:
        """A session's temporary object of this type and name."""

    @abstractmethod
    def listed(self, session: Session, kind: str) -> list[Object]:
        """A session's temporary objects of a type."""

    @abstractmethod
    def add(self, session: Session, kind: str, name: Name, properties: dict[str, Any], comment: str) -> None:
        """Make a temporary object; one of the same name is replaced."""

    @abstractmethod
    def remove(self, session: Session, item: Object) -> None:
        """Drop a temporary object."""


class Language(ABC):
    """The statements, object types and functions of the account.

    Attributes:
        types: all object types, those with the longest name first.
        functions: name to function, for the functions in SELECT and CALL that the account answers itself.
        table_methods: name to function, for the methods of services that give tables. The function makes the
            query that replaces the method.
        table_sources: kind to function, for tables whose rows the account gives. The function replaces the
            names of such tables in a query by queries of their rows.
        table_functions: name with its schema (and database, where only that has it) to function, for those
            that the account answers itself.
        on_parameter: parameter name to function, called after ALTER SESSION has changed the parameter.
    """

    types: Sequence[Kind]
    functions: Mapping[str, Function]
    table_methods: Mapping[str, TableMethod]
    table_sources: Mapping[str, TableSource]
    table_functions: Mapping[str, TableFunction]
    on_parameter: Mapping[str, Callable[[Context, str], None]]

    def kind(self, word: str) -> Kind | None:
        """The object type of that name; None when the account does not have it."""
        return next((kind for kind in self.types if kind.kind == word), None)

    @abstractmethod
    def run(self, context: Context, statement: Statement) -> Result:
        """Run one statement.

        Raises:
            SnowflakeError: the statement was refused; with Snowflake's code and text.
        """


@dataclass
class Context:
    """The account and the session, as one statement uses them.

    Attributes:
        origin: the account's base URL that this client uses.
        address: the client's IP address; '' when it is not known.
        describe_only: the client wants only the result's columns; nothing may be run.
        cancelled: set when the client cancels the statement. Waits must end then.
        query_id: id of the statement, which clients see; '' when it has none.
        text: the statement as the client sent it.
        piped: results of the statements before this one in a chain with `->>`, the nearest first.
        changing: must be called before something outside the catalog is changed.
        shortfall: the error to raise after the changes are stored, if the statement was only done in part.
    """

    account: Account
    session: Session
    origin: str = ""
    address: str = ""
    describe_only: bool = False
    cancelled: Cancellation = field(default_factory=Cancellation)
    query_id: str = ""
    text: str = ""
    shortfall: errors.SnowflakeError | None = None
    piped: Sequence[Result] = ()
    changing: Callable[[], None] = lambda: None

    @property
    def catalog(self) -> Catalog:
        return self.account.catalog

    @property
    def language(self) -> Language:
        """All statements, object types and functions of the account."""
        return self.account.part(Language)

    @property
    def temporary(self) -> TemporaryObjects:
        """The temporary objects of sessions."""
        return self.account.part(TemporaryObjects)

    @cached_property
    def parameters(self) -> Values:
        """The parameters in force in the session when the statement began."""
        return values_in_session(self.catalog, self.session)

    @cached_property
    def access(self) -> access.Access:
        """What all active roles may do, including secondary roles."""
        return access.Access(self.catalog, access.active_roles(self.catalog, self.session))

    @cached_property
    def primary(self) -> access.Access:
        """What the primary role may do. CREATE is checked against this."""
        return access.Access(self.catalog, access.primary_roles(self.catalog, self.session))

    def resolve(self, parts: Sequence[str], scope: str) -> Name:
        """The full name for one to three parts. The session's database and schema fill in what is missing.

        Args:
            scope: where objects of the kind live: `account`, `database` or `schema`.

        Raises:
            SnowflakeError: 090105 when the session lacks a database or schema, 001003 for too many parts.
        """
        if len(parts) > SCOPES[scope]:
            raise errors.syntax_error(1, 0, ".".join(parts))
        if scope == "account":
            return Name("", "", parts[-1])
        defaults = [self.session.database, self.session.schema]
        missing = SCOPES[scope] - len(parts)
        above = [*defaults[: SCOPES[scope] - 1][:missing], *parts[:-1]]
        if not all(above):
            what = "database" if not above[0] else "schema"
            raise errors.compilation_error(
                "090105",
                "22000",
                f"Cannot perform operation. This session does not have a current {what}. "
                f"Call 'USE {what.upper()}', or use a qualified name.",
            )
        return Name(above[0], above[1] if scope == "schema" else "", parts[-1])

    def find(self, kind: str, name: Name) -> Object | None:
        """The object of a type and name: the session's temporary one, or the one in the catalog."""
        return self.temporary.find(self.session, kind, name) or self.catalog.find(kind, name)

    def get(self, kind: str, name: Name) -> Object:
        """The object of a type and name.

        Raises:
            SnowflakeError: 002003 when it does not exist, or the session may not see it.
        """
        item = self.find(kind, name)
        if item is None or not self.access.sees(item) or not self.reaches(name):
            raise errors.does_not_exist(kind, signature.told(kind, name))
        return item

    def require(self, privilege: str, target: Object | None = None) -> None:
        """Refuse unless an active role has the privilege on the object (None: on the account).

        Raises:
            SnowflakeError: 003001.
        """
        if not self.access.has(privilege, target):
            raise self.refused(privilege, target)

    def require_any(self, privileges: Sequence[str], target: Object) -> None:
        if not any(self.access.has(privilege, target) for privilege in privileges):
            raise self.refused(" or ".join(privileges), target)

    def require_ownership(self, target: Object) -> None:
        if not self.access.owns(target):
            raise self.refused("OWNERSHIP", target)

    def require_create(self, privilege: str, parent: Object | None) -> None:
        """Refuse unless the primary role has a CREATE privilege; secondary roles do not count.

        Raises:
            SnowflakeError: 002003 when the session does not see the parent, 003001 without the privilege.
        """
        if parent is not None and not self.access.sees(parent):
            raise errors.does_not_exist(parent.type, shown(parent.fqn))
        self.require_primary(privilege, parent)

    def require_primary(self, privilege: str, target: Object | None) -> None:
        """Like `require`, but only the primary role counts, because it becomes a new object's owner."""
        if not self.primary.has(privilege, target):
            raise self.refused(privilege, target, primary_only=True)

    def require_usage(self, name: Name) -> None:
        """Refuse unless the session may use the database and schema above a name.

        Raises:
            SnowflakeError: 002003, as if the database or schema did not exist.
        """
        for kind, above in self.parents(name):
            item = self.catalog.find(kind, above)
            if item is None or not self._usable(item):
                raise errors.does_not_exist(kind, shown(above))

    def reaches(self, name: Name) -> bool:
        """Whether the session may use the database and schema above a name, or has MANAGE GRANTS."""
        if self.access.has("MANAGE GRANTS"):
            return True
        found = (self.catalog.find(kind, above) for kind, above in self.parents(name))
        return all(item is not None and self._usable(item) for item in found)

    def require_reach(self, name: Name) -> None:
        """Refuse unless the database and schema above a name exist, and the session reaches them.

        Raises:
            SnowflakeError: 002003, which names the database or schema.
        """
        self.require_parents(name)
        if not self.reaches(name):
            self.require_usage(name)

    def require_parents(self, name: Name) -> None:
        """Refuse unless the database and schema above a name exist.

        Raises:
            SnowflakeError: 002003 when one of them does not exist.
        """
        for kind, above in self.parents(name):
            if self.catalog.find(kind, above) is None:
                raise errors.does_not_exist(kind, shown(above))

    def parents(self, name: Name) -> list[tuple[str, Name]]:
        found = []
        if name.database:
            found.append(("DATABASE", Name("", "", name.database)))
        if name.schema:
            found.append(("SCHEMA", Name(name.database, "", name.schema)))
        return found

    def _usable(self, item: Object) -> bool:
        return self.access.has("USAGE", item) or bool(self.access.privileges(item))

    def refused(
        self, privilege: str, target: Object | None, primary_only: bool = False
    ) -> errors.SnowflakeError:
        """Error 003001, which names the privilege that is missing on the object (None: on the account)."""
        who = f"Your primary role {self.session.role}"
        if not primary_only and self.session.secondary_roles != "NONE":
            who += " or one of your secondary roles"
        if target is None:
            kind, name, where = "account", self.account.settings.locator, "ACCOUNT"
        else:
            kind = "INTEGRATION" if "INTEGRATION" in target.type else target.type
            name, where = signature.plain(kind, target.name), f"{kind} {target.in_sql}"
        return errors.insufficient_privileges(kind, name, f"{who} must have {privilege} granted on {where}.")

    def creating(self, item: Object) -> None:
        """Apply the schema's future grants to a new object, or the database's if the schema has none.

        A future grant of ownership on the database has no effect in a schema with managed access.
        """
        managed = False
        for kind, above in reversed(self.parents(item.fqn)):
            parent = self.catalog.find(kind, above)
            grants = self.catalog.future_grants(parent.id) if parent else []
            rows = [row for row in grants if row["type"] == item.type]
            managed = managed or bool(parent and parent.properties.get("MANAGED ACCESS"))
            for row in rows:
                assert parent
                self._apply_future(item, row, parent, managed)
            if rows:
                return

    def _apply_future(self, item: Object, row: Any, parent: Object, managed: bool) -> None:
        if row["privilege"] == "OWNERSHIP":
            if managed and parent.type == "DATABASE":
                return
            item.owner = row["role"]
            self.catalog.save(item)
        else:
            self.catalog.grant(row["privilege"], item.id, row["role"], bool(row["with_option"]), item.owner)


__all__ = ["ACCOUNT_OBJECT", "Context"]
