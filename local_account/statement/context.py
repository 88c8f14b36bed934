"""What a statement's handler works with: the account, the session, and the checks on both."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, ClassVar, Protocol

from local_account.base import errors
from local_account.base.result import Result
from local_account.base.sql import Name, Statement, shown
from local_account.catalog.catalog import ACCOUNT_OBJECT, Catalog, Object
from local_account.identity import access
from local_account.identity.account import Account
from local_account.identity.session import Session
from local_account.statement.cancellation import Cancellation

SCOPES = {"account": 1, "database": 2, "schema": 3}
Function = Callable[["Context", list[Any]], Any]
TableMethod = Callable[["Context", Object, str, str], str]


class Kind(Protocol):
    """An object type, as far as statements about any type need to know it."""

    kind: ClassVar[str]
    plural: ClassVar[str]
    scope: ClassVar[str]
    privileges: ClassVar[frozenset[str]]


class Language(ABC):
    """What the account understands, as far as statements need to know of each other.

    Attributes:
        types: all object types, those with the longest name first.
        functions: name to function of what SELECT and CALL can ask the account itself.
        table_methods: methods of services that give tables: name to what makes a query of them.
        on_parameter: called when ALTER SESSION has changed a parameter, by the parameter's name.
    """

    types: Sequence[Kind]
    functions: Mapping[str, Function]
    table_methods: Mapping[str, TableMethod]
    on_parameter: Mapping[str, Callable[[Context, str], None]]

    @abstractmethod
    def run(self, context: Context, statement: Statement) -> Result:
        """Run one statement.

        Raises:
            SnowflakeError: refused, with Snowflake's code and text.
        """


@dataclass
class Context:
    """One statement's view of the account.

    Attributes:
        origin: the account's base URL as this client reaches it.
        address: the IP address that the client comes from; '' when it is not known.
        describe_only: the client wants the result's columns, nothing may be run.
        cancelled: set when the client gave up; blocking waits must end then.
        changing: to be called before something outside the catalog is changed.
        shortfall: raised when the statement's changes are stored, for one that was done in part.
    """

    account: Account
    session: Session
    origin: str = ""
    address: str = ""
    describe_only: bool = False
    cancelled: Cancellation = field(default_factory=Cancellation)
    shortfall: errors.SnowflakeError | None = None
    changing: Callable[[], None] = lambda: None

    @property
    def catalog(self) -> Catalog:
        return self.account.catalog

    @property
    def language(self) -> Language:
        """All statements, object types and functions of the account."""
        return self.account.part(Language)

    @cached_property
    def access(self) -> access.Access:
        """All active roles, secondary ones included."""
        return access.Access(self.catalog, access.active_roles(self.catalog, self.session))

    @cached_property
    def primary(self) -> access.Access:
        """The primary role only: what creating objects is checked against."""
        return access.Access(self.catalog, access.primary_roles(self.catalog, self.session))

    def resolve(self, parts: Sequence[str], scope: str) -> Name:
        """A full name from one to three parts and the session's current database and schema.

        Args:
            scope: where objects of the kind live: `account`, `database` or `schema`.

        Raises:
            SnowflakeError: 090105 without a current database or schema, 001003 for too many parts.
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

    def get(self, kind: str, name: Name) -> Object:
        """An object that the session may see.

        Raises:
            SnowflakeError: 002003 when it is absent or invisible.
        """
        item = self.catalog.find(kind, name)
        if item is None or not self.access.sees(item) or not self.reaches(name):
            raise errors.does_not_exist(kind, str(name))
        return item

    def require(self, privilege: str, target: Object | None = None) -> None:
        """Refuse unless a privilege on the object (None: on the account) is held by an active role.

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
        """CREATE privileges must be held by the primary role; secondary roles do not count."""
        if parent is not None and not self.access.sees(parent):
            raise errors.does_not_exist(parent.type, str(parent.fqn))
        self.require_primary(privilege, parent)

    def require_primary(self, privilege: str, target: Object | None) -> None:
        """As `require`, of the primary role alone: what a new object's owner must hold itself."""
        if not self.primary.has(privilege, target):
            raise self.refused(privilege, target, primary_only=True)

    def require_usage(self, name: Name) -> None:
        """USAGE on the database and schema above a name; without it the object looks absent."""
        for kind, above in self.parents(name):
            item = self.catalog.find(kind, above)
            if item is None or not self._usable(item):
                raise errors.does_not_exist(kind, str(above))

    def reaches(self, name: Name) -> bool:
        """Whether the session may use the database and schema above a name; managers of grants reach all."""
        if self.access.has("MANAGE GRANTS"):
            return True
        found = (self.catalog.find(kind, above) for kind, above in self.parents(name))
        return all(item is not None and self._usable(item) for item in found)

    def require_parents(self, name: Name) -> None:
        """The database and schema above a name must exist.

        Raises:
            SnowflakeError: 002003.
        """
        for kind, above in self.parents(name):
            if self.catalog.find(kind, above) is None:
                raise errors.does_not_exist(kind, str(above))

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
        """003001, which says what the session's roles lack on the object (None: on the account)."""
        who = f"Your primary role {self.session.role}"
        if not primary_only and self.session.secondary_roles != "NONE":
            who += " or one of your secondary roles"
        if target is None:
            kind, name, where = "account", self.account.settings.locator, "ACCOUNT"
        else:
            kind, name = "INTEGRATION" if "INTEGRATION" in target.type else target.type, target.name
            where = f"{kind} {shown(target.fqn)}"
        return errors.insufficient_privileges(kind, name, f"{who} must have {privilege} granted on {where}.")

    def creating(self, item: Object) -> None:
        """Apply the future grants of the schema, or else those of the database, to a new object.

        The database's future ownership does not reach into a schema with managed access.
        """
        managed = False
        for kind, above in reversed(self.parents(item.fqn)):
            parent = self.catalog.find(kind, above)
            found = self.catalog.future_grants(parent.id) if parent else []
            rows = [row for row in found if row["type"] == item.type]
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
