"""The options of CREATE TABLE and CREATE VIEW that the data engine does not know.

Some are kept in the catalog, which shows them; the others are refused, because they would have no effect.
See https://docs.snowflake.com/en/sql-reference/sql/create-table
"""

from __future__ import annotations

from typing import Any

from sqlglot import exp

from local_account.base import errors

CLUSTER_BY, RETENTION = "CLUSTER_BY", "DATA_RETENTION_TIME_IN_DAYS"
CHANGE_TRACKING, SECURE = "CHANGE_TRACKING", "SECURE"
_KEPT = (RETENTION, "MAX_DATA_EXTENSION_TIME_IN_DAYS", CHANGE_TRACKING)
# Only the value that changes nothing.
_WITHOUT_EFFECT = {"ENABLE_SCHEMA_EVOLUTION": False, "ERROR_LOGGING": False, "DEFAULT_DDL_COLLATION": ""}
NAMES = (CLUSTER_BY, SECURE, *_KEPT)


def read(expression: exp.Expr) -> dict[str, Any]:
    """What the catalog keeps of a statement's options, by their names.

    Raises:
        SnowflakeError: 000002 for an option that would have no effect here, 001008 for a wrong value.
    """
    found: dict[str, Any] = {}
    properties = expression.args.get("properties")
    for node in properties.expressions if properties else ():
        if isinstance(node, exp.ClusterProperty):
            found[CLUSTER_BY] = f"LINEAR({', '.join(each.sql('snowflake') for each in node.expressions)})"
        elif isinstance(node, exp.SecureProperty):
            found[SECURE] = True
        elif isinstance(node, exp.Property) and isinstance(node.this, exp.Var):
            name = node.this.name.upper()
            value = _value(node.args["value"])
            if name in _KEPT:
                found[name] = _checked(name, value)
            elif name not in _WITHOUT_EFFECT or value != _WITHOUT_EFFECT[name]:
                raise errors.unsupported(f"CREATE {expression.args['kind']} {name}")
    if expression.find(exp.CopyGrantsProperty) and expression.find(exp.LikeProperty):
        raise errors.unsupported("CREATE TABLE LIKE with COPY GRANTS")
    return found


def copies_grants(expression: exp.Expr) -> bool:
    """Whether the new object gets the grants of the one that it replaces."""
    return expression.find(exp.CopyGrantsProperty) is not None


def _value(node: exp.Expr) -> Any:
    if isinstance(node, exp.Boolean):
        return node.this
    if isinstance(node, exp.Literal) and not node.is_string and node.name.isdigit():
        return int(node.name)
    return node.name


def _checked(name: str, value: Any) -> Any:
    if name == CHANGE_TRACKING and isinstance(value, bool):
        return value
    if name != CHANGE_TRACKING and type(value) is int and value <= 90:
        return value
    raise errors.invalid_value(value, name, "TRUE, FALSE" if name == CHANGE_TRACKING else "0 to 90")
