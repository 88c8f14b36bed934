"""Clauses of queries that the data engine has, but writes differently from Snowflake."""

from __future__ import annotations

from sqlglot import exp


def mend(expression: exp.Expr) -> None:
    """Write the clauses of a statement as the data engine wants them."""
    for change in (_name_values, _join_asof, _order_by_all):
        change(expression)


def _name_values(expression: exp.Expr) -> None:
    """The columns of VALUES are COLUMN1, COLUMN2, …, which `$1` means; a selected `$1` keeps that name."""
    for select in list(expression.find_all(exp.Select)):
        source = select.args.get("from_") or select.args.get("from")
        values = source.this if source else None
        if not isinstance(values, exp.Values) or not values.expressions:
            continue
        if not values.alias_column_names:
            alias = values.args.get("alias") or exp.TableAlias(this=exp.to_identifier("_VALUES"))
            width = len(values.expressions[0].expressions) or 1
            alias.set("columns", [exp.to_identifier(f"COLUMN{index + 1}") for index in range(width)])
            values.set("alias", alias)
        for item in select.expressions:
            if isinstance(item, exp.Parameter) and item.name.isdecimal():
                item.replace(exp.alias_(item.copy(), f"${item.name}", quoted=True))
        for parameter in list(select.find_all(exp.Parameter)):
            if parameter.find_ancestor(exp.Select) is select and parameter.name.isdecimal():
                parameter.replace(exp.column(f"COLUMN{parameter.name}"))


def _join_asof(expression: exp.Expr) -> None:
    """MATCH_CONDITION of an ASOF JOIN is a part of ON, and rows without a match stay."""
    joins = [join for join in expression.find_all(exp.Join) if join.args.get("match_condition")]
    for join in joins:
        join.set("on", exp.and_(join.args["match_condition"], join.args.get("on"), copy=False))
        join.set("match_condition", None)
        join.set("side", "LEFT")


def _order_by_all(expression: exp.Expr) -> None:
    """ORDER BY ALL is by all columns of the SELECT, each by its position."""
    for order in list(expression.find_all(exp.Order)):
        select = order.parent
        if not isinstance(select, exp.Select) or len(order.expressions) != 1 or select.is_star:
            continue
        (ordered,) = order.expressions
        wanted = ordered.this
        if isinstance(wanted, exp.Column) and not wanted.table and wanted.this.sql().upper() == "ALL":
            count = len(select.expressions)
            order.set("expressions", [_at(ordered, position) for position in range(1, count + 1)])


def _at(ordered: exp.Expr, position: int) -> exp.Expr:
    copy = ordered.copy()
    copy.set("this", exp.Literal.number(position))
    return copy
