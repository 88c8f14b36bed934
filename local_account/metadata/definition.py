"""The columns and constraints of a table or view, kept in the catalog with the table.

Snowflake keeps primary, unique and foreign keys and shows them, but enforces only NOT NULL. So keys stand in
the catalog alone, and the data engine gets statements without them.
See https://docs.snowflake.com/en/sql-reference/constraints-overview
"""

from __future__ import annotations

import secrets
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from sqlglot import exp

from local_account.base import errors
from local_account.base.result import now
from local_account.catalog.catalog import Catalog, Object
from local_account.metadata import types
from local_account.statement.context import Context

TABLE_KINDS = ("TABLE", "VIEW")
PRIMARY, UNIQUE, FOREIGN = "PRIMARY KEY", "UNIQUE", "FOREIGN KEY"
_COLUMNS, _CONSTRAINTS = "COLUMNS", "CONSTRAINTS"
_KEYS = (exp.PrimaryKey, exp.UniqueColumnConstraint, exp.ForeignKey)
_COLUMN_KEYS = (exp.PrimaryKeyColumnConstraint, exp.UniqueColumnConstraint, exp.ForeignKey, exp.Reference)
Find = Callable[[exp.Table], Object | None]
"""Finds the table that a foreign key refers to; None stands for the table that is being defined."""


@dataclass
class TableColumn:
    """One column.

    Attributes:
        type: Snowflake's full name of its type.
        default: text of the default; '' without one.
        identity: first number and step of an AUTOINCREMENT column; empty for other columns.
        ordered: whether that column has ORDER.
    """

    name: str
    type: str
    nullable: bool = True
    default: str = ""
    comment: str = ""
    identity: list[int] = field(default_factory=list)
    ordered: bool = False

    @property
    def autoincrement(self) -> str:
        """The clause of an AUTOINCREMENT column, as Snowflake shows it; '' for other columns."""
        if not self.identity:
            return ""
        order = "ORDER" if self.ordered else "NOORDER"
        return f"IDENTITY START {self.identity[0]} INCREMENT {self.identity[1]} {order}"


@dataclass
class Constraint:
    """One key.

    Attributes:
        kind: PRIMARY KEY, UNIQUE or FOREIGN KEY.
        named: whether the statement gave the name.
        table, target: of a foreign key: catalog id of the table that it refers to (0: its own), and the
            columns there.
    """

    kind: str
    name: str
    columns: list[str]
    named: bool = True
    rely: bool = False
    comment: str = ""
    created: float = field(default_factory=now)
    table: int = 0
    target: list[str] = field(default_factory=list)
    update_rule: str = "NO ACTION"
    delete_rule: str = "NO ACTION"
    match: str = "FULL"


@dataclass
class Definition:
    """Columns and constraints of one table or view."""

    columns: list[TableColumn] = field(default_factory=list)
    constraints: list[Constraint] = field(default_factory=list)

    def column(self, name: str) -> TableColumn:
        """The column of that name.

        Raises:
            SnowflakeError: 000904 when there is none.
        """
        for column in self.columns:
            if column.name == name:
                return column
        raise errors.compilation_error("000904", "42000", f"error: invalid identifier '{name}'")

    def keys(self, kind: str) -> list[Constraint]:
        """All constraints of a kind."""
        return [one for one in self.constraints if one.kind == kind]

    def in_key(self, column: str, kind: str) -> bool:
        """Whether a column is part of such a key."""
        return any(column in one.columns for one in self.keys(kind))

    def add(self, constraint: Constraint) -> None:
        """Add a constraint.

        Raises:
            SnowflakeError: 002002 for a second primary key or a name in use; 000904 for an unknown column.
        """
        for name in constraint.columns:
            self.column(name)
        if constraint.kind == PRIMARY and self.keys(PRIMARY):
            raise errors.compilation_error("002200", "42710", "Primary key already exists for the table.")
        if any(one.name == constraint.name for one in self.constraints):
            raise errors.already_exists(constraint.name)
        self.constraints.append(constraint)

    def properties(self) -> dict[str, Any]:
        """The definition as properties of the table's object in the catalog."""
        return {
            _COLUMNS: [asdict(column) for column in self.columns],
            _CONSTRAINTS: [asdict(constraint) for constraint in self.constraints],
        }


def of(item: Object) -> Definition | None:
    """The definition of a table or view; None when an older version made it, which did not keep it."""
    if _COLUMNS not in item.properties:
        return None
    return Definition(
        [TableColumn(**column) for column in item.properties[_COLUMNS]],
        [Constraint(**constraint) for constraint in item.properties.get(_CONSTRAINTS, ())],
    )


def known(item: Object) -> Definition:
    """The definition of a table or view; an empty one when it is not known."""
    return of(item) or Definition()


class Learner(ABC):
    """The part of the account that knows the columns of tables whose definition is not in the catalog."""

    @abstractmethod
    def learn(self, context: Context, items: Iterable[Object]) -> None:
        """Write the definitions that are missing into the catalog and into these objects."""


# Reading statements


def identifier(node: exp.Expr) -> str:
    """The name that an identifier or column stands for; an unquoted one is in upper case."""
    inner = node if isinstance(node, exp.Identifier) else node.find(exp.Identifier)
    assert isinstance(inner, exp.Identifier)
    return inner.name if inner.quoted else inner.name.upper()


def read_create(expression: exp.Create, find: Find) -> Definition:
    """The definition in CREATE TABLE (column type …)."""
    found = Definition()
    schema = expression.this
    assert isinstance(schema, exp.Schema)
    entries: list[exp.Expr] = schema.expressions
    for entry in entries:
        if isinstance(entry, exp.ColumnDef):
            found.columns.append(read_column(entry))
    for entry in entries:
        for constraint in read_constraints(entry, find):
            found.add(constraint)
    for column in found.columns:
        column.nullable = column.nullable and not found.in_key(column.name, PRIMARY)
    return found


def read_column(node: exp.ColumnDef) -> TableColumn:
    """One column of CREATE TABLE or ADD COLUMN."""
    kind = node.args.get("kind")
    found = TableColumn(identifier(node.this), types.canonical(kind) if kind else "")
    for constraint in node.args.get("constraints") or []:
        rule = constraint.kind
        if isinstance(rule, exp.NotNullColumnConstraint):
            found.nullable = bool(rule.args.get("allow_null"))
        elif isinstance(rule, exp.PrimaryKeyColumnConstraint):
            found.nullable = False
        elif isinstance(rule, exp.DefaultColumnConstraint):
            found.default = rule.this.sql(dialect="snowflake")
        elif isinstance(rule, exp.CommentColumnConstraint):
            found.comment = rule.this.name
        elif isinstance(rule, exp.GeneratedAsIdentityColumnConstraint):
            found.identity = [_number(rule.args.get(name)) for name in ("start", "increment")]
            found.ordered = bool(rule.args.get("order"))
        elif isinstance(rule, exp.AutoIncrementColumnConstraint):
            found.identity = [1, 1]
    return found


def _number(node: exp.Expr | None) -> int:
    return int(node.sql(dialect="snowflake")) if node is not None else 1


def read_constraints(entry: exp.Expr, find: Find) -> Iterator[Constraint]:
    """The keys in one entry of CREATE TABLE: a column or a constraint of the table."""
    if isinstance(entry, exp.ColumnDef):
        column, given = identifier(entry.this), ""
        for constraint in entry.args.get("constraints") or []:
            rule, named = constraint.kind, constraint.this
            given = identifier(named) if isinstance(named, exp.Identifier) else given
            if isinstance(rule, exp.ForeignKey):
                continue  # the words FOREIGN KEY in front of REFERENCES, which may have the name
            if isinstance(rule, _COLUMN_KEYS):
                yield _constraint(rule, [column], given, find)
            given = ""
    elif isinstance(entry, exp.Constraint):
        for rule in entry.expressions:
            if isinstance(rule, _KEYS):
                yield _constraint(rule, _listed(rule), identifier(entry.this), find)
    elif isinstance(entry, _KEYS):
        yield _constraint(entry, _listed(entry), "", find)


def _listed(rule: exp.Expr) -> list[str]:
    columns = rule.this.expressions if isinstance(rule, exp.UniqueColumnConstraint) else rule.expressions
    return [identifier(column) for column in columns]


def _constraint(rule: exp.Expr, columns: list[str], name: str, find: Find) -> Constraint:
    reference = rule if isinstance(rule, exp.Reference) else rule.args.get("reference")
    kind = FOREIGN if reference is not None else UNIQUE
    if isinstance(rule, (exp.PrimaryKey, exp.PrimaryKeyColumnConstraint)):
        kind = PRIMARY
    options = [*(rule.args.get("options") or []), *((reference and reference.args.get("options")) or [])]
    words = {" ".join(str(option).upper().split()) for option in options}
    found = Constraint(kind, name or f"SYS_CONSTRAINT_{secrets.token_hex(16)}", columns, named=bool(name))
    found.rely = "RELY" in words
    if reference is None:
        return found
    for word in words:
        if word.startswith("ON UPDATE "):
            found.update_rule = word.removeprefix("ON UPDATE ")
        elif word.startswith("ON DELETE "):
            found.delete_rule = word.removeprefix("ON DELETE ")
        elif word.startswith("MATCH "):
            found.match = word.removeprefix("MATCH ")
    schema = reference.this
    table = schema.this if isinstance(schema, exp.Schema) else schema
    parent = find(table)
    found.table = parent.id if parent else 0
    if isinstance(schema, exp.Schema):
        found.target = [identifier(column) for column in schema.expressions]
    elif parent and (keys := known(parent).keys(PRIMARY)):
        found.target = keys[0].columns
    if parent:
        for column in found.target:
            known(parent).column(column)
    return found


def without_keys(expression: exp.Expr) -> exp.Expr:
    """CREATE TABLE or ADD COLUMN as the data engine runs it, without keys.

    The columns of a primary key stay NOT NULL.
    """
    copy = expression.copy()
    required: set[str] = set()
    for column in list(copy.find_all(exp.ColumnDef)):
        kept = []
        for constraint in column.args.get("constraints") or []:
            if isinstance(constraint.kind, exp.PrimaryKeyColumnConstraint):
                required.add(identifier(column.this))
            if not isinstance(constraint.kind, _COLUMN_KEYS):
                kept.append(constraint)
        column.set("constraints", kept)
    schema = copy.this
    if isinstance(schema, exp.Schema):
        keys = [entry for entry in schema.expressions if isinstance(entry, (exp.Constraint, *_KEYS))]
        for primary in (key for entry in keys for key in entry.find_all(exp.PrimaryKey)):
            required.update(_listed(primary))
        schema.set("expressions", [entry for entry in schema.expressions if entry not in keys])
    for column in copy.find_all(exp.ColumnDef):
        rules = column.args.get("constraints") or []
        has_rule = any(isinstance(rule.kind, exp.NotNullColumnConstraint) for rule in rules)
        if identifier(column.this) in required and not has_rule:
            column.append("constraints", exp.ColumnConstraint(kind=exp.NotNullColumnConstraint()))
    return copy


def altered(found: Definition, actions: Sequence[exp.Expr], find: Find) -> None:
    """Follow the changes of columns that the data engine has made for ALTER TABLE."""
    for action in actions:
        if isinstance(action, exp.ColumnDef):
            column = read_column(action)
            if all(column.name != one.name for one in found.columns):
                found.columns.append(column)
                for constraint in read_constraints(action, find):
                    found.add(constraint)
        elif isinstance(action, exp.Drop):
            drop_columns(found, [identifier(column) for column in action.args.get("tables") or []])
        elif isinstance(action, exp.RenameColumn):
            rename_column(found, identifier(action.this), identifier(action.args["to"]))
        elif isinstance(action, exp.AlterColumn):
            _alter_column(found.column(identifier(action.this)), action)


def drop_columns(found: Definition, names: Iterable[str]) -> None:
    """Remove columns, and the keys that they are part of."""
    gone = set(names)
    found.columns = [column for column in found.columns if column.name not in gone]
    found.constraints = [one for one in found.constraints if not gone.intersection(one.columns)]


def merged(old: list[Constraint], new: list[Constraint]) -> list[Constraint]:
    """The new constraints; where the statement gave no name, an equal one of the old keeps its name."""
    found = []
    for one in new:
        same = (other for other in old if _same(one, other) and (not one.named or one.name == other.name))
        found.append(next(same, one))
    return found


def _same(one: Constraint, other: Constraint) -> bool:
    parts = ("kind", "columns", "table", "target", "update_rule", "delete_rule", "match", "rely")
    return all(getattr(one, part) == getattr(other, part) for part in parts)


def rename_column(found: Definition, old: str, new: str) -> None:
    """Rename a column, also in the table's own keys."""
    found.column(old).name = new
    for constraint in found.constraints:
        constraint.columns = [new if name == old else name for name in constraint.columns]
        if constraint.table == 0:
            constraint.target = [new if name == old else name for name in constraint.target]


def _alter_column(column: TableColumn, action: exp.AlterColumn) -> None:
    kind, default, comment = (action.args.get(name) for name in ("dtype", "default", "comment"))
    if kind is not None:
        column.type = types.canonical(kind)
    if default is not None:
        column.default = default.sql(dialect="snowflake")
    if comment is not None:
        column.comment = comment.name
    if "allow_null" in action.args and action.args["allow_null"] is not None:
        column.nullable = bool(action.args["allow_null"])
    elif action.args.get("drop"):
        column.default = ""


# Foreign keys of other tables


def sees(context: Context, item: Object) -> bool:
    """Whether the session sees an object and what contains it."""
    return context.access.sees(item) and context.reaches(item.fqn)


def target(context: Context, item: Object, key: Constraint) -> Object | None:
    """The table that a foreign key refers to; None when it was dropped or the session does not see it."""
    found = context.catalog.by_id(key.table) if key.table else item
    return found if found and sees(context, found) else None


def target_key(parent: Object, key: Constraint) -> str:
    """The name of the primary or unique key that a foreign key refers to; '' when it was dropped."""
    keys = known(parent).constraints
    return next((one.name for one in keys if one.kind != FOREIGN and one.columns == key.target), "")


def references(catalog: Catalog, identity: int) -> Iterator[tuple[Object, Constraint]]:
    """The foreign keys of other tables that refer to a table, by its catalog id."""
    for item in catalog.objects("TABLE"):
        for constraint in known(item).keys(FOREIGN):
            if constraint.table == identity:
                yield item, constraint


def rename_in_references(catalog: Catalog, identity: int, old: str, new: str) -> None:
    """Write a column's new name into the foreign keys of other tables; runs in a transaction."""
    for item, _ in list(references(catalog, identity)):
        found = known(item)
        for constraint in found.keys(FOREIGN):
            if constraint.table == identity:
                constraint.target = [new if name == old else name for name in constraint.target]
        item.properties |= found.properties()
        catalog.save(item)


def drop_references(catalog: Catalog, identity: int, columns: Iterable[str]) -> None:
    """Remove the foreign keys of other tables that refer to some of a table's columns; in a transaction."""
    gone = set(columns)
    for item, _ in list(references(catalog, identity)):
        found = known(item)
        found.constraints = [
            one
            for one in found.constraints
            if one.kind != FOREIGN or one.table != identity or not gone.intersection(one.target)
        ]
        item.properties |= found.properties()
        catalog.save(item)
