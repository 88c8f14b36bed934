"""Queries on staged files: `FROM @stage (FILE_FORMAT => …)` and `TABLE(INFER_SCHEMA(…))`.

See https://docs.snowflake.com/en/user-guide/querying-stage
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from sqlglot import exp

from local_account.base import errors
from local_account.base.sql import Name, Statement
from local_account.loading import infer_schema
from local_account.loading.staged_files import METADATA, Rows, Staging, find, require_format
from local_account.stages import format_options
from local_account.statement.context import Context
from local_account.tables.engine.data_engine import DataEngine
from local_account.tables.plan import access

if TYPE_CHECKING:
    from local_account.tables.engine.data_session import DataSession


@contextlib.contextmanager
def staged(
    context: Context, session: DataSession, statement: Statement
) -> Iterator[tuple[Statement, frozenset[Name]]]:
    """As `outside.staged`."""
    expression = access.parse(statement)
    tables = [node for node in expression.find_all(exp.Table) if location(node)]
    functions = [node for node in expression.find_all(exp.TableFromRows) if infer_schema.is_call(node)]
    if not tables and not functions:
        yield statement, frozenset()
        return
    if isinstance(expression, exp.Create) and str(expression.args.get("kind")).upper() == "VIEW":
        raise errors.unsupported("CREATE VIEW on a stage")
    access.require_warehouse(context)
    staging = Staging(session.connection, context.account.part(DataEngine).folder)
    bindings = list(statement.bindings or [])
    placeholders = list(expression.find_all(exp.Placeholder, bfs=False))
    try:
        with session.undone_alone():
            for node in functions:
                query = infer_schema.query(context, staging, node, placeholders, bindings)
                node.replace(exp.paren(query, copy=False) if not node.alias else _aliased(query, node))
            views = [_view(context, staging, node) for node in tables]
            bindings = [value for value in bindings if value is not infer_schema.USED]
            text = expression.sql(dialect="snowflake")
            yield Statement(text, bindings or None), frozenset(Name("TEMP", "MAIN", view) for view in views)
    finally:
        staging.close()


def _aliased(query: exp.Expr, node: exp.Expr) -> exp.Expr:
    return exp.Subquery(this=query, alias=node.args["alias"])


def location(node: exp.Table) -> str:
    """The stage location that a FROM names; '' for a table."""
    text = node.this.name if isinstance(node.this, (exp.Var, exp.Literal)) else ""
    return text if text.startswith("@") else ""


def _view(context: Context, staging: Staging, node: exp.Table) -> str:
    """Read the files of a location into one view, and let the query read that view."""
    pattern = node.args.get("pattern")
    stage, files = find(context, location(node), pattern=pattern.name if pattern else None)
    given = node.args.get("format")
    parts = (
        Statement(given.name if isinstance(given, exp.Literal) else given.sql("snowflake")).parts()
        if given
        else []
    )
    chosen = {format_options.FORMAT_NAME: parts} if parts else {}
    options = format_options.resolve(context, chosen, stage)
    require_format(options)
    rows = staging.together([staging.read(file, options) for file in files], options)
    attach(node, rows, options["TYPE"])
    return rows.view


def attach(node: exp.Table, rows: Rows, kind: str) -> None:
    """Let a query read a view instead of the stage, and its columns instead of `$1` and `$1:field`."""
    select = node.find_ancestor(exp.Select)
    alias = node.alias
    if select is not None:
        for parameter in list(select.find_all(exp.Parameter)):
            if parameter.find_ancestor(exp.Select) is select:
                _replace(parameter, alias, rows, kind)
        for column in list(select.find_all(exp.Column)):
            if column.name.upper() in METADATA and isinstance(column.this, exp.Identifier):
                column.this.replace(exp.to_identifier(column.name.upper(), quoted=True))
    view = exp.Table(
        this=exp.to_identifier(rows.view), db=exp.to_identifier("MAIN"), catalog=exp.to_identifier("TEMP")
    )
    view.set("alias", exp.TableAlias(this=exp.to_identifier(alias)) if alias else None)
    node.replace(view)


def _replace(parameter: exp.Parameter, alias: str, rows: Rows, kind: str) -> None:
    number = parameter.name
    if not number.isdecimal():
        return
    owner: exp.Expr = parameter.parent if isinstance(parameter.parent, exp.Column) else parameter
    table = owner.table if isinstance(owner, exp.Column) else ""
    if table and alias and table.upper() != alias.upper():
        return
    if kind != "PARQUET":
        name = f"${number}"
        owner.replace(
            exp.column(exp.to_identifier(name, quoted=True)) if name in rows.columns else exp.null()
        )
        return
    if number != "1":
        raise errors.unsupported(f"${number} of a Parquet file")
    extract = owner.parent
    path = (
        extract.expression.expressions
        if isinstance(extract, exp.JSONExtract) and extract.this is owner
        else []
    )
    if len(path) < 2 or not isinstance(path[1], exp.JSONPathKey):
        owner.replace(_document(rows))
        return
    field = str(path[1].this)
    column = exp.column(exp.to_identifier(field, quoted=True)) if field in rows.columns else exp.null()
    if len(path) == 2:
        assert extract
        extract.replace(column)
        return
    deeper = exp.JSONPath(expressions=[path[0], *path[2:]])
    assert extract
    extract.set("this", exp.func("TO_JSON", column))
    extract.set("expression", deeper)


def _document(rows: Rows) -> exp.Expr:
    """A whole row of a Parquet file as one document."""
    pairs: list[Any] = []
    for name in rows.columns:
        pairs += [exp.Literal.string(name), exp.column(exp.to_identifier(name, quoted=True))]
    return exp.Anonymous(this="JSON_OBJECT", expressions=pairs)
