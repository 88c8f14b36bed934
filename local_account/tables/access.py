"""Which tables a data statement touches, and whether the session may do that."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from sqlglot import exp
from sqlglot.dialects.snowflake import Snowflake
from sqlglot.errors import SqlglotError

from local_account.base import errors
from local_account.base.errors import SnowflakeError
from local_account.base.sql import Name, Statement, quote
from local_account.catalog.catalog import Object
from local_account.metadata import information_schema
from local_account.objects import provided, warehouse
from local_account.statement.context import Call, Context, Rows

TABLE_KINDS = ("TABLE", "VIEW")
_QUERIES = (exp.Select, exp.SetOperation, exp.Subquery, exp.Values)
_CHANGES: dict[type[exp.Expr], tuple[str, ...]] = {
    exp.Insert: ("INSERT",),
    exp.Update: ("UPDATE",),
    exp.Delete: ("DELETE",),
    exp.Merge: ("INSERT", "UPDATE"),
    exp.TruncateTable: ("TRUNCATE",),
}
_DEFINITIONS = (exp.Create, exp.Alter)
_TABLE_FUNCTIONS = (exp.Explode, exp.Generator, exp.SplitToTable, exp.Subquery)
_RELATION = "relation"


@dataclass
class Plan:
    """One data statement that the session may run.

    Attributes:
        expression: the parsed statement.
        schemas: every schema that it touches, as (database, schema) names.
        names: full name of every table and view in it.
        relations: views of INFORMATION_SCHEMA and table functions that it reads: the name that stands for one
            in `expression` now, and what makes its rows.
        contents: what these views contain for this statement, as Arrow tables by the same names.
        opaque: it also reads data whose names are not in it, through a view.
        target: name of the object that it changes or defines.
        item: that object in the catalog; None when it does not exist.
    """

    expression: exp.Expr
    schemas: set[tuple[str, str]] = field(default_factory=set)
    names: set[Name] = field(default_factory=set)
    relations: dict[str, Callable[[], Rows]] = field(default_factory=dict)
    contents: dict[str, Any] = field(default_factory=dict)
    opaque: bool = False
    target: Name | None = None
    item: Object | None = None

    @property
    def is_query(self) -> bool:
        return isinstance(self.expression, _QUERIES)

    @property
    def target_names(self) -> set[Name]:
        """The table that a change changes; empty for a query."""
        return {self.target} if self.target else set()

    @property
    def is_description(self) -> bool:
        return isinstance(self.expression, exp.Describe)

    @property
    def is_several(self) -> bool:
        """Whether the data engine runs it as several statements, which must be undone together."""
        overwrites = isinstance(self.expression, exp.Insert) and bool(self.expression.args.get("overwrite"))
        return overwrites or isinstance(self.expression, exp.Merge)

    @property
    def is_definition(self) -> bool:
        return isinstance(self.expression, _DEFINITIONS)


def parse(statement: Statement) -> exp.Expr:
    """The statement's syntax tree, made from the statement's tokens.

    Raises:
        SnowflakeError: 001003 when the syntax is wrong.
    """
    try:
        found = Snowflake().parser().parse(statement.tokens, statement.text)
    except SqlglotError as error:
        message = str(error).replace("\x1b[4m", "").replace("\x1b[0m", "")
        raise errors.compilation_error("001003", "42000", f"syntax error: {message}") from None
    if not found or found[0] is None:
        raise errors.compilation_error("001003", "42000", "syntax error: no expression was parsed.")
    return found[0]


def plan(context: Context, statement: Statement, temporary: set[Name]) -> Plan:
    """Parse a statement and check every table in it.

    Args:
        context: account and session.
        statement: the statement.
        temporary: the session's temporary tables, which only this session can see.

    Raises:
        SnowflakeError: 002003 for an absent or invisible object, 003001 for a missing privilege, 000606
            without a warehouse, 000002 for a statement that this account's data engine cannot run.
    """
    found = Plan(parse(statement))
    if "TABLE" in statement.text.upper():
        _replace_table_functions(context, found)
    _require_supported(found.expression)
    tables = list(_tables(found.expression))
    if tables and not isinstance(found.expression, (*_DEFINITIONS, exp.Describe)):
        require_warehouse(context)
    for node in tables:
        _check(context, found, node, temporary)
    if found.relations:
        # In `INFORMATION_SCHEMA.TABLES.TABLE_NAME` only the view's name is left.
        for column in found.expression.find_all(exp.Column):
            if column.db.upper() == information_schema.SCHEMA:
                column.set("db", None)
                column.set("catalog", None)
    return found


def require_warehouse(context: Context) -> None:
    """Require a current warehouse that the session may use; queries on tables need one.

    Raises:
        SnowflakeError: 000606 without such a warehouse, 000607 when it is suspended without AUTO_RESUME.
    """
    name = context.session.warehouse
    item = context.catalog.find("WAREHOUSE", Name("", "", name)) if name else None
    if item and context.access.has("USAGE", item):
        warehouse.use(context, item)
    else:
        raise SnowflakeError(
            "000606",
            "57P03",
            "No active warehouse selected in the current session.  Select an active warehouse with the "
            "'use warehouse' command.",
        )


def _require_supported(expression: exp.Expr) -> None:
    known = (*_QUERIES, *_CHANGES, *_DEFINITIONS, exp.Describe)
    if not isinstance(expression, known):
        raise errors.unsupported(expression.key.upper())
    kind = str(expression.args.get("kind") or "").upper()
    if isinstance(expression, _DEFINITIONS) and kind not in TABLE_KINDS:
        raise errors.unsupported(f"{expression.key.upper()} {kind}".strip())
    if isinstance(expression, exp.Alter):
        _require_supported_alter(expression)
    for node in expression.find_all(exp.Table):
        if not isinstance(node.this, (exp.Identifier, exp.DynamicIdentifier)):
            raise errors.unsupported(f"FROM {node.this.sql('snowflake')}")
        if node.args.get("when"):
            raise errors.unsupported("time travel")
    for node in expression.find_all(exp.TableFromRows, exp.Lateral):
        # The data engine has table functions that can read other tables, or files.
        if not isinstance(node.this, _TABLE_FUNCTIONS):
            raise errors.unsupported(f"TABLE({node.this.sql('snowflake')})")
    if expression.find(exp.Clone):
        raise errors.unsupported("CLONE")


def _require_supported_alter(expression: exp.Alter) -> None:
    known = (exp.ColumnDef, exp.Drop, exp.AlterRename, exp.RenameColumn, exp.AlterColumn)
    for action in expression.args.get("actions") or []:
        if not isinstance(action, known):
            raise errors.unsupported(f"ALTER {expression.args['kind']} {action.key.upper()}")


def _tables(expression: exp.Expr) -> Iterator[exp.Table]:
    """All tables of a statement, without names that stand for a common table expression.

    The tree is walked once with the names in scope: a definition in WITH sees only the names before it, with
    RECURSIVE all of them. This is a loop and not a recursion, because a long chain of UNION is a deep tree.
    """
    scope: Counter[str] = Counter()
    work: list[exp.Expr | tuple[int, list[str]]] = [expression]
    while work:
        node = work.pop()
        if isinstance(node, tuple):
            change, names = node
            scope.update(dict.fromkeys(names, change))
            continue
        if (
            isinstance(node, exp.Table)
            and not _is_relation(node)
            and not (_is_bare(node) and scope[_folded(node.this)] > 0)
        ):
            yield node
        with_ = node.args.get("with_")
        children = [child for child in node.iter_expressions() if child is not with_]
        if not isinstance(with_, exp.With):
            work += reversed(children)
            continue
        names = list(dict.fromkeys(_cte_name(cte) for cte in with_.expressions))
        work += [(-1, names), *reversed(children)]
        if with_.recursive:
            work += [*reversed(with_.expressions), (1, names)]
        else:
            seen: set[str] = set()
            steps: list[exp.Expr | tuple[int, list[str]]] = []
            for cte in with_.expressions:
                name = _cte_name(cte)
                steps += [cte] if name in seen else [cte, (1, [name])]
                seen.add(name)
            work += reversed(steps)


def _is_relation(node: exp.Table) -> bool:
    """Whether this stands for rows that the account makes; no name in a client's text has this mark."""
    return node.meta.get(_RELATION) is True


def _is_bare(node: exp.Table) -> bool:
    return not node.args.get("db") and isinstance(node.this, exp.Identifier)


def _cte_name(cte: exp.CTE) -> str:
    alias = cte.args["alias"].this
    return _folded(alias)


def _folded(identifier: exp.Identifier) -> str:
    return identifier.name if identifier.quoted else identifier.name.upper()


def table_name(context: Context, node: exp.Table) -> Name:
    """Full name of a table reference.

    Raises:
        SnowflakeError: 000002 for IDENTIFIER() of something other than a string.
    """
    if isinstance(node.this, exp.DynamicIdentifier):
        literal = node.this.expressions[0] if node.this.expressions else node.this.this
        if not isinstance(literal, exp.Literal) or not literal.is_string:
            raise errors.unsupported("IDENTIFIER() of anything but a string")
        return context.resolve(Statement(literal.name).parts(), "schema")
    parts = [_folded(part) for part in node.parts if isinstance(part, exp.Identifier)]
    return context.resolve(parts, "schema")


def _check(context: Context, found: Plan, node: exp.Table, temporary: set[Name]) -> None:
    name = table_name(context, node)
    if name.schema == information_schema.SCHEMA:
        _check_information_schema(context, found, node, name)
        return
    try:
        context.require_usage(name)
    except SnowflakeError:
        raise _absent(name) from None
    found.schemas.add((name.database, name.schema))
    found.names.add(name)
    target = _target(found.expression)
    if node is not target and isinstance(node.parent, exp.AlterRename):
        _check_new_name(context, name)
        return
    item = next((i for i in (context.catalog.find(kind, name) for kind in TABLE_KINDS) if i), None)
    if node is target:
        found.target, found.item = name, item
    if name in temporary or (
        node is not target and name == found.target and node.find_ancestor(exp.Reference)
    ):
        return
    found.opaque |= item is not None and item.type == "VIEW"
    if node is target and isinstance(found.expression, exp.Create):
        _check_create(context, found.expression, item, name)
        return
    if item is None or not context.access.sees(item):
        database = context.catalog.find("DATABASE", Name("", "", name.database))
        if database and provided.is_provided(context.catalog, database):
            raise errors.unsupported(str(name))
        raise _absent(name)
    if node is target and isinstance(found.expression, exp.Alter):
        context.require_ownership(item)
        return
    if isinstance(found.expression, exp.Describe):
        return
    if isinstance(found.expression, _DEFINITIONS) and node.find_ancestor(exp.Reference):
        # The table that a foreign key refers to.
        context.require("REFERENCES", item)
        return
    for privilege in _privileges(found.expression) if node is target else ("SELECT",):
        context.require(privilege, item)


def _check_information_schema(context: Context, found: Plan, node: exp.Table, name: Name) -> None:
    """Put the name of a relation, which the engine gets with the statement, in the place of a view."""
    context.require_usage(Name(name.database, "", ""))
    view = information_schema.find(name.name)
    if view is None:
        raise _absent(name)
    if node is _target(found.expression):
        raise errors.insufficient_privileges("schema", information_schema.SCHEMA)
    if isinstance(found.expression, _DEFINITIONS) and found.expression.args.get("kind") == "VIEW":
        # What the view contains depends on the role that asks.
        raise errors.unsupported(f"CREATE VIEW on {information_schema.SCHEMA}")
    relation = _relation(found, lambda: information_schema.rows(context, view, name.database))
    for part in ("this", "db", "catalog"):
        node.set(part, relation.args[part])
    if not node.args.get("alias"):
        node.set("alias", exp.TableAlias(this=exp.to_identifier(name.name, quoted=True)))


def _relation(found: Plan, make: Callable[[], Rows]) -> exp.Table:
    """The name under which the engine gets rows with the statement."""
    name = f"RELATION {len(found.relations)}"
    found.relations[name] = make
    relation = exp.table_(name, db="main", catalog="temp", quoted=True)
    relation.meta[_RELATION] = True
    return relation


def _replace_table_functions(context: Context, found: Plan) -> None:
    """Put names of relations in the places of the table functions that the account answers itself."""
    for node in list(found.expression.find_all(exp.TableFromRows)):
        if not isinstance(node.this, exp.Dot):
            continue
        *parts, call = _dotted(node.this)
        if not isinstance(call, exp.Anonymous) or not all(isinstance(part, exp.Identifier) for part in parts):
            continue
        path = [_folded(part) for part in parts if isinstance(part, exp.Identifier)]
        words = [*path, call.name.upper()]
        name = ".".join(words)
        if path[-1] == information_schema.SCHEMA:
            name = ".".join(words[-2:])
            path = [context.resolve(path, "database").database]
        function = context.language.table_functions.get(name)
        if function is None:
            raise errors.unsupported(name)
        context.require_usage(Name(path[0], "", ""))
        arguments = _arguments(name, path[0], call.expressions)
        relation = _relation(found, partial(function, context, arguments))
        relation.set("alias", node.args.get("alias") or exp.TableAlias(this=exp.to_identifier(words[-1])))
        node.replace(relation)


def _dotted(node: exp.Expr) -> list[exp.Expr]:
    """The parts of a name with dots, from left to right."""
    found: list[exp.Expr] = []
    while isinstance(node, exp.Dot):
        found.append(node.expression)
        node = node.this
    return [node, *reversed(found)]


def _arguments(function: str, database: str, nodes: list[exp.Expr]) -> Call:
    found = Call(database, [], {})
    for node in nodes:
        if isinstance(node, (exp.Kwarg, exp.EQ)):
            found.named[node.this.name.upper()] = _constant(function, node.expression)
        else:
            found.arguments.append(_constant(function, node))
    return found


def _constant(function: str, node: exp.Expr) -> Any:
    value = node.this if isinstance(node, exp.Cast) else node
    if isinstance(value, exp.Literal):
        return value.name if value.is_string else value.to_py()
    if isinstance(value, (exp.Boolean, exp.Null)):
        return value.to_py()
    raise errors.unsupported(f"{function}() with {node.sql(dialect='snowflake')} as an argument")


def _check_create(context: Context, expression: exp.Create, item: Object | None, name: Name) -> None:
    schema = context.catalog.find("SCHEMA", Name(name.database, "", name.schema))
    if not _is_temporary(expression):
        context.require_create(f"CREATE {expression.kind}", schema)
    if item is None:
        return
    if expression.args.get("replace"):
        context.require_ownership(item)
        if item.type != str(expression.kind).upper():
            raise errors.already_exists(name.name)
    elif not expression.args.get("exists"):
        raise errors.already_exists(name.name)


def _check_new_name(context: Context, name: Name) -> None:
    if any(context.catalog.find(kind, name) for kind in TABLE_KINDS):
        raise errors.already_exists(name.name)


def _is_temporary(expression: exp.Create) -> bool:
    properties = expression.args.get("properties")
    return bool(properties and properties.find(exp.TemporaryProperty))


def is_temporary(expression: exp.Expr) -> bool:
    """Whether this makes a temporary table."""
    return isinstance(expression, exp.Create) and _is_temporary(expression)


def _target(expression: exp.Expr) -> exp.Expr | None:
    """The table that a statement changes or describes."""
    if isinstance(expression, exp.TruncateTable):
        return expression.expressions[0] if expression.expressions else None
    if isinstance(expression, _QUERIES):
        return None
    this = expression.args.get("this")
    return this.this if isinstance(this, exp.Schema) else this


def _privileges(expression: exp.Expr) -> tuple[str, ...]:
    found = next(names for kind, names in _CHANGES.items() if isinstance(expression, kind))
    if isinstance(expression, exp.Insert) and expression.args.get("overwrite"):
        return (*found, "DELETE")
    if isinstance(expression, exp.Merge) and any(
        isinstance(when.args.get("then"), exp.Var) and when.args["then"].name.upper() == "DELETE"
        for when in expression.find_all(exp.When)
    ):
        return (*found, "DELETE")
    return found


def _absent(name: Name) -> SnowflakeError:
    shown = ".".join(part if part.isupper() else quote(part) for part in name if part)
    return errors.compilation_error("002003", "42S02", f"Object '{shown}' does not exist or not authorized.")
