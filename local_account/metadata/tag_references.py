"""INFORMATION_SCHEMA.TAG_REFERENCES: the tags of an object, also those of its schema and database.

See https://docs.snowflake.com/en/sql-reference/functions/tag_references
"""

from __future__ import annotations

from local_account.base import errors
from local_account.base.result import Result, columns
from local_account.base.sql import Name, Statement
from local_account.catalog.catalog import Object
from local_account.statement.context import Call, Context
from local_account.statement.tagging import ON

_COLUMNS = columns(
    "TAG_DATABASE TAG_SCHEMA TAG_NAME TAG_VALUE APPLY_METHOD LEVEL OBJECT_DATABASE OBJECT_SCHEMA OBJECT_NAME "
    "DOMAIN COLUMN_NAME"
)


def tag_references(context: Context, call: Call) -> Result:
    """TAG_REFERENCES('<object name>', '<domain>')

    Raises:
        SnowflakeError: 002003 for an absent object, 000002 for a domain that the account does not have.
    """
    if len(call.arguments) != 2 or not all(isinstance(one, str) for one in call.arguments):
        raise errors.compilation_error(
            "001044", "42P13", "error: TAG_REFERENCES needs an object and a domain"
        )
    text, domain = call.arguments
    kind = context.language.kind(domain.upper().replace("_", " "))
    if kind is None:
        raise errors.unsupported(f"TAG_REFERENCES of {domain.upper()}")
    name = context.resolve(Statement(text).parts(), kind.scope)
    item = context.catalog.find("VIEW", name) if domain.upper() == "TABLE" else None
    item = item if item and context.access.sees(item) else context.get(kind.kind, name)
    rows: list[list[str | None]] = []
    carried: set[str] = set()
    for level in [item, *_above(context, item)]:
        for identity, value in level.properties.get(ON, {}).items():
            tag = context.catalog.by_id(int(identity))
            if tag and identity not in carried:
                carried.add(identity)
                how = "MANUAL" if level is item else "INHERITED"
                place = [item.database or None, item.schema or None, item.name, domain.upper(), None]
                rows.append([*tag.fqn, value, how, level.type, *place])
    return Result(_COLUMNS, rows)


def _above(context: Context, item: Object) -> list[Object]:
    """The schema and the database of an object."""
    parents = (
        context.catalog.find(kind, Name(*above)) for kind, above in reversed(context.parents(item.fqn))
    )
    return [parent for parent in parents if parent]


TABLE_FUNCTIONS = {"INFORMATION_SCHEMA.TAG_REFERENCES": tag_references}
