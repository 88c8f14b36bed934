"""Which tables a data statement touches, and whether the session may do that."""

from __future__ import annotations

import logging
import re
from collections import Counter
from collections.abc import Container, Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from sqlglot import exp
from sqlglot.dialects.snowflake import Snowflake
from sqlglot.errors import SqlglotError

from local_account.base import errors
from local_account.base.errors import SnowflakeError
from local_account.base.result import Result
from local_account.base.sql import Name, Statement, shown
from local_account.catalog.catalog import Object
from local_account.metadata import information_schema
from local_account.objects import provided, warehouse
from local_account.statement import commands
from local_account.statement.context import Call, Context
from local_account.tables import options, scans, syntax
from local_account.tables.functions import QueryFunction

TABLE_KINDS = ("TABLE", "VIEW")
_CAPITALS = re.compile("[A-Z]")
# It would write parts of statements, with secrets in them, into the log.
logging.getLogger("sqlglot").setLevel(logging.CRITICAL)
_QUERIES = (exp.Select, exp.SetOperation, exp.Subquery, exp.Values)
_NAME = "account_name"
_CHANGES: dict[type[exp.Expr], tuple[str, ...]] = {
    exp.Insert: ("INSERT",),
    exp.Update: ("UPDATE",),
    exp.Delete: ("DELETE",),
    exp.Merge: ("INSERT", "UPDATE"),
    exp.TruncateTable: ("TRUNCATE",),
}
_DEFINITIONS = (exp.Create, exp.Alter)
_TABLE_FUNCTIONS = (exp.Explode, exp.Generator, exp.SplitToTable, exp.Subquery)
# The data engine would leave them out without a word, or not understand them.
_UNSUPPORTED_PARTS = {
    exp.Clone: "CLONE",
    exp.CollateColumnConstraint: "COLLATE",
    exp.MaskingPolicyColumnConstraint: "MASKING POLICY",
    exp.ProjectionPolicyColumnConstraint: "PROJECTION POLICY",
    exp.RowAccessProperty: "ROW ACCESS POLICY",
    exp.Tags: "TAG",
    exp.UsingTemplateProperty: "USING TEMPLATE",
}


@dataclass
class Plan:
    """One data statement that the session may run.

    Attributes:
        expression: the parsed statement.
        schemas: every schema that it touches, as (database, schema) names.
        names: full name of every table and view in it.
        opaque: it also reads data whose names are not in it, through a view.
        target: name of the object that it changes, defines or describes.
        item: that object in the catalog; None when it does not exist.
        is_done: nothing is left to do, because IF EXISTS was said of an absent table.
        warehouse: the warehouse that it runs in; None when it needs none.
        scans: name to result, for what it reads that the data engine does not have: earlier results (see
            `scans`), views of INFORMATION_SCHEMA, and functions that give tables.
        functions: the functions outside of the data engine that it calls, by their names in the statement.
    """

    expression: exp.Expr
    schemas: set[tuple[str, str]] = field(default_factory=set)
    names: set[Name] = field(default_factory=set)
    opaque: bool = False
    target: Name | None = None
    item: Object | None = None
    is_done: bool = False
    warehouse: Object | None = None
    scans: dict[str, Result] = field(default_factory=dict)
    functions: dict[tuple[str, ...], list[QueryFunction]] = field(default_factory=dict)

    @property
    def is_query(self) -> bool:
        return isinstance(self.expression, _QUERIES)

    @property
    def changes_rows(self) -> bool:
        return isinstance(self.expression, tuple(_CHANGES))

    @property
    def is_description(self) -> bool:
        return isinstance(self.expression, exp.Describe)

    @property
    def is_several(self) -> bool:
        """Whether the data engine runs it as several statements, which must be undone together."""
        overwrites = isinstance(self.expression, exp.Insert) and bool(self.expression.args.get("overwrite"))
        return overwrites or isinstance(self.expression, (exp.Merge, exp.TruncateTable))

    @property
    def is_definition(self) -> bool:
        return isinstance(self.expression, _DEFINITIONS)


def parse(statement: Statement) -> exp.Expr:
    """The statement's syntax tree, made from the statement's tokens.

    Raises:
        SnowflakeError: 001003 when the syntax is wrong; as `syntax.refusal`.
    """
    try:
        found = Snowflake().parser().parse(statement.tokens, statement.text)
    except SqlglotError as error:
        raise syntax.refusal(error, statement) from None
    except (IndexError, KeyError, TypeError, ValueError, AttributeError):
        # The parser meets a function with too few arguments.
        raise syntax.unreadable() from None
    if len(found) != 1 or found[0] is None:
        raise syntax.end_of_text(statement)
    return found[0]


def plan(
    context: Context,
    statement: Statement,
    temporary: Container[Name],
    scanned: Mapping[str, Result] = MappingProxyType({}),
    views: frozenset[Name] = frozenset(),
) -> Plan:
    """Parse a statement and check every table in it.

    Args:
        context: account and session.
        statement: the statement.
        temporary: the session's temporary tables, which only this session can see.
        scanned: name to earlier result, for the results that the statement reads.
        views: views that were made for this statement alone, after checks of their own.

    Raises:
        SnowflakeError: 002003 for an absent or invisible object, 003001 for a missing privilege, 000606
            without a warehouse, 000002 for a statement that this account's data engine cannot run.
    """
    found = Plan(parse(statement), scans=dict(scanned))
    if scanned and _is_view(found.expression):
        raise errors.unsupported("CREATE VIEW from the result of a query")
    if "TABLE" in statement.text.upper():
        _replace_table_functions(context, found)
    _require_supported(found.expression, statement)
    tables = [node for node in _tables(found.expression) if not _is_scan(node, found.scans)]
    for node in tables:
        if not (views and Name(node.catalog, node.db, node.name) in views):
            _check(context, found, node, temporary)
    # A statement is compiled before it needs a warehouse: what is absent is absent without one, too.
    if tables and not isinstance(found.expression, (*_DEFINITIONS, exp.Describe)):
        found.warehouse = require_warehouse(context)
    return found


def _is_scan(node: exp.Table, scanned: Mapping[str, Result]) -> bool:
    return bool(scanned) and (node.catalog, node.db) == (scans.CATALOG, scans.SCHEMA) and node.name in scanned


def require_warehouse(context: Context) -> Object:
    """The current warehouse, which the session must be able to use; queries on tables need one.

    Raises:
        SnowflakeError: 000606 without such a warehouse, 000607 when it is suspended without AUTO_RESUME.
    """
    name = context.session.warehouse
    item = context.catalog.find("WAREHOUSE", Name("", "", name)) if name else None
    if item and context.access.has("USAGE", item):
        warehouse.use(context, item)
        return item
    raise SnowflakeError(
        "000606",
        "57P03",
        "No active warehouse selected in the current session.  Select an active warehouse with the "
        "'use warehouse' command.",
    )


def _require_supported(expression: exp.Expr, statement: Statement) -> None:
    known = (*_QUERIES, *_CHANGES, *_DEFINITIONS, exp.Describe)
    kind = str(expression.args.get("kind") or "").upper()
    is_other = isinstance(expression, _DEFINITIONS) and kind not in TABLE_KINDS
    if not isinstance(expression, known) or is_other:
        raise errors.unsupported(commands.feature(statement))
    if isinstance(expression, exp.Alter):
        _require_supported_alter(expression)
    for node in expression.find_all(exp.Table):
        if not isinstance(node.this, exp.Identifier):
            raise errors.unsupported(f"FROM {node.this.sql('snowflake')}")
        if node.args.get("when"):
            raise errors.unsupported("time travel")
        if node.args.get("changes"):
            raise errors.unsupported("CHANGES")
    for node in expression.find_all(exp.TableFromRows, exp.Lateral):
        # The data engine has table functions that can read other tables, or files.
        if not isinstance(node.this, _TABLE_FUNCTIONS):
            raise errors.unsupported(f"TABLE({node.this.sql('snowflake')})")
    if isinstance(expression, _DEFINITIONS) and (part := expression.find(*_UNSUPPORTED_PARTS)):
        raise errors.unsupported(f"{expression.key.upper()} {kind} {_UNSUPPORTED_PARTS[type(part)]}")
    if isinstance(expression, exp.Create):
        options.read(expression)
    if expression.find(exp.MatchRecognize):
        raise errors.unsupported("MATCH_RECOGNIZE")
    for node in expression.find_all(exp.Select):
        if any(isinstance(item.unalias(), exp.Tuple) for item in node.expressions):
            raise errors.unsupported("a list in parentheses as a column")
    for node in expression.find_all(exp.Generator):
        if not node.args.get("rowcount"):
            raise errors.unsupported("GENERATOR without ROWCOUNT")


def _require_supported_alter(expression: exp.Alter) -> None:
    known = (exp.ColumnDef, exp.Drop, exp.AlterRename, exp.RenameColumn, exp.AlterColumn)
    for action in expression.args.get("actions") or []:
        if not isinstance(action, known):
            words = _CAPITALS.sub(r" \g<0>", type(action).__name__).upper()
            raise errors.unsupported(f"ALTER {expression.args['kind']}{words}")


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
        if isinstance(node, exp.Table) and not (_is_bare(node) and scope[folded(node.this)] > 0):
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


def _is_bare(node: exp.Table) -> bool:
    return not node.args.get("db") and isinstance(node.this, exp.Identifier)


def _cte_name(cte: exp.CTE) -> str:
    alias = cte.args["alias"].this
    return folded(alias)


def folded(identifier: exp.Identifier) -> str:
    """What an identifier means: an unquoted one is upper case."""
    return identifier.name if identifier.quoted else identifier.name.upper()


def full_name(node: exp.Table) -> Name | None:
    """Full name of a table in a plan's expression; None for a common table expression."""
    return node.meta.get(_NAME)


def table_name(context: Context, node: exp.Table) -> Name:
    """Full name of a table reference."""
    return context.resolve(_parts(node), "schema")


def _parts(node: exp.Table) -> list[str]:
    return [folded(part) for part in node.parts if isinstance(part, exp.Identifier)]


def _check(context: Context, found: Plan, node: exp.Table, temporary: Container[Name]) -> None:
    target = changed_table(found.expression)
    name = _name_in(context, found, node, target)
    if name.schema == information_schema.SCHEMA:
        _check_information_schema(context, found, node, name)
        return
    node.meta[_NAME] = name
    try:
        context.require_usage(name)
    except SnowflakeError:
        raise _absent(node) from None
    found.schemas.add((name.database, name.schema))
    found.names.add(name)
    if node is not target and isinstance(node.parent, exp.AlterRename):
        if name in temporary or any(context.catalog.find(kind, name) for kind in TABLE_KINDS):
            raise errors.already_exists(shown(_parts(node)))
        return
    item = next((i for i in (context.catalog.find(kind, name) for kind in TABLE_KINDS) if i), None)
    if node is target:
        found.target, found.item = name, item
    if node is target and isinstance(found.expression, exp.Create):
        _check_create(context, found.expression, item, node, name in temporary)
        return
    # The table that a foreign key refers to; it may be the one that is defined.
    is_parent = isinstance(found.expression, _DEFINITIONS) and node.find_ancestor(exp.Reference) is not None
    if name in temporary or (is_parent and name == found.target):
        return
    found.opaque |= item is not None and item.type == "VIEW"
    if item is None or not context.access.sees(item):
        if node is target and found.expression.args.get("exists"):
            found.is_done = True
            return
        database = context.catalog.find("DATABASE", Name("", "", name.database))
        if database and provided.is_provided(context.catalog, database):
            raise errors.unsupported(shown(name))
        raise _absent(node)
    if node is target and isinstance(found.expression, exp.Alter):
        context.require_ownership(item)
        return
    if isinstance(found.expression, exp.Describe):
        return
    if is_parent:
        context.require("REFERENCES", item)
        return
    for privilege in _privileges(found.expression) if node is target else ("SELECT",):
        context.require(privilege, item)


def _name_in(context: Context, found: Plan, node: exp.Table, target: exp.Expr | None) -> Name:
    """Full name of a table in a statement; in a view's definition a bare name is one of the view's schema."""
    parts = _parts(node)
    if _is_view(found.expression) and node is not target and isinstance(target, exp.Table):
        parts = [*table_name(context, target)[: max(3 - len(parts), 0)], *parts]
    return context.resolve(parts, "schema")


def _is_view(expression: exp.Expr) -> bool:
    """Whether this makes a view."""
    return isinstance(expression, exp.Create) and str(expression.kind).upper() == "VIEW"


def _check_information_schema(context: Context, found: Plan, node: exp.Table, name: Name) -> None:
    """Put the name of a result, which the engine gets with the statement, in the place of a view."""
    context.require_usage(Name(name.database, "", ""))
    view = information_schema.find(name.name)
    if view is None:
        raise _absent(node)
    if node is changed_table(found.expression):
        raise errors.insufficient_privileges("schema", information_schema.SCHEMA)
    if _is_view(found.expression):
        # What the view contains depends on the role that asks.
        raise errors.unsupported(f"CREATE VIEW on {information_schema.SCHEMA}")
    scan = _scan(found, information_schema.contents(context, view, name.database))
    for part in ("this", "db", "catalog"):
        node.set(part, scan.args[part])
    if not node.args.get("alias"):
        node.set("alias", exp.TableAlias(this=exp.to_identifier(name.name, quoted=True)))


def _scan(found: Plan, result: Result) -> exp.Table:
    """The name under which the engine gets a result with the statement."""
    name = scans.new_name(found.scans)
    found.scans[name] = result
    return exp.table_(name, db=scans.SCHEMA, catalog=scans.CATALOG, quoted=True)


def _replace_table_functions(context: Context, found: Plan) -> None:
    """Put names of results in the places of the table functions that the account answers itself."""
    for node in list(found.expression.find_all(exp.TableFromRows)):
        if not isinstance(node.this, exp.Dot):
            continue
        *parts, call = _dotted(node.this)
        if not isinstance(call, exp.Anonymous) or not all(isinstance(part, exp.Identifier) for part in parts):
            continue
        path = [folded(part) for part in parts if isinstance(part, exp.Identifier)]
        words = [*path, call.name.upper()]
        name = ".".join(words)
        if path[-1] == information_schema.SCHEMA:
            name = ".".join(words[-2:])
            path = [context.resolve(path, "database").database]
        function = context.language.table_functions.get(name)
        if function is None:
            raise errors.unsupported(name)
        if _is_view(found.expression):
            raise errors.unsupported(f"CREATE VIEW on {name}()")
        context.require_usage(Name(path[0], "", ""))
        scan = _scan(found, function(context, _arguments(name, path[0], call.expressions)))
        scan.set("alias", node.args.get("alias") or exp.TableAlias(this=exp.to_identifier(words[-1])))
        node.replace(scan)


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


def _check_create(
    context: Context, expression: exp.Create, item: Object | None, node: exp.Table, hides_temporary: bool
) -> None:
    name = table_name(context, node)
    if is_temporary(expression):
        # A temporary table may have the name of a permanent one, which it hides.
        if hides_temporary and not expression.args.get("replace") and not expression.args.get("exists"):
            raise errors.already_exists(shown(_parts(node)))
        return
    schema = context.catalog.find("SCHEMA", Name(name.database, "", name.schema))
    context.require_create(f"CREATE {expression.kind}", schema)
    if item is None:
        return
    if expression.args.get("replace"):
        context.require_ownership(item)
        if item.type != str(expression.kind).upper():
            raise errors.already_exists(shown(_parts(node)))
    elif not expression.args.get("exists"):
        raise errors.already_exists(shown(_parts(node)))


def is_temporary(expression: exp.Expr) -> bool:
    """Whether this makes a temporary table."""
    properties = expression.args.get("properties") if isinstance(expression, exp.Create) else None
    return bool(properties and properties.find(exp.TemporaryProperty, exp.VolatileProperty))


def changed_table(expression: exp.Expr) -> exp.Expr | None:
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


def _absent(node: exp.Table) -> SnowflakeError:
    """The error for an absent table, which names it as the statement does."""
    text = f"Object '{shown(_parts(node))}' does not exist or not authorized."
    return errors.compilation_error("002003", "42S02", text)
