"""TAG objects. See https://docs.snowflake.com/en/sql-reference/sql/create-tag"""

from __future__ import annotations

import json
from typing import Any, ClassVar

from local_account.base.result import Result, columns, status
from local_account.base.sql import Statement
from local_account.catalog.catalog import Object
from local_account.statement import tagging
from local_account.statement.context import Context
from local_account.statement.object_type import ObjectType, Reader, unsupported
from local_account.statement.privileges import INTEGRATIONS

_VALUES = "ALLOWED_VALUES"
_IN_ACCOUNT = frozenset(
    {"COMPUTE POOL", "DATABASE", "INTEGRATION", "NETWORK POLICY", "ROLE", "USER", "WAREHOUSE"}
)


def _strings(statement: Statement) -> list[str]:
    """Read `'a', 'b', …`."""
    found = [statement.string()]
    while statement.accept(","):
        found.append(statement.string())
    return found


class Tag(ObjectType):
    """Tags for objects, and the values that each tag allows."""

    kind, plural, taggable = tagging.TAG, "TAGS", False
    names_absent_parent = True
    privileges = frozenset({"APPLY", "READ"})
    options: ClassVar[dict[str, Reader]] = {
        _VALUES: _strings,
        "PROPAGATE": unsupported("PROPAGATE of a tag"),
        "ON_CONFLICT": unsupported("ON_CONFLICT of a tag"),
        "MASKING POLICY": unsupported("MASKING POLICY of a tag"),
    }
    defaults: ClassVar[dict[str, Any]] = {_VALUES: []}
    show_columns = columns(
        "created_on:timestamp_ltz name database_name schema_name owner comment allowed_values "
        "owner_role_type propagate on_conflict"
    )

    def row(self, context: Context, item: Object) -> dict[str, Any]:
        values = item.properties[_VALUES]
        return {
            "allowed_values": json.dumps(values, separators=(",", ":")) if values else None,
            "propagate": "NONE",
            "on_conflict": None,
        }

    def action(self, context: Context, item: Object, statement: Statement) -> Result | None:
        """{ADD | DROP} ALLOWED_VALUES 'a', 'b', …"""
        adding = statement.words(2) == ("ADD", _VALUES)
        if not adding and statement.words(2) != ("DROP", _VALUES):
            return None
        statement.expect("ADD" if adding else "DROP", _VALUES)
        named = _strings(statement)
        statement.end()
        context.require_ownership(item)
        with context.catalog.transaction():
            item = self.fresh(context, item)
            kept = [value for value in item.properties[_VALUES] if value not in named]
            item.properties[_VALUES] = kept + named if adding else kept
            context.catalog.save(item)
        return status("Statement executed successfully.")


def get_tag(context: Context, arguments: list[Any]) -> str | None:
    """SYSTEM$GET_TAG('tag', 'object', 'domain'): the value of a tag on an object; None if it is not set.

    See https://docs.snowflake.com/en/sql-reference/functions/system_get_tag
    """
    wanted, target, domain = (str(argument) for argument in arguments)
    tag = context.get(tagging.TAG, context.resolve(Statement(wanted).parts(), "schema"))
    kind = domain.upper().replace("_", " ")
    scope = "account" if kind in _IN_ACCOUNT else "database" if kind == "SCHEMA" else "schema"
    name = context.resolve(Statement(target).parts(), scope)
    if kind == "INTEGRATION" and context.catalog.find(INTEGRATIONS[0], name):
        kind = INTEGRATIONS[0]
    item = context.get(kind, name)
    return item.properties.get(tagging.ON, {}).get(str(tag.id))


def get_allowed_values(context: Context, arguments: list[Any]) -> str | None:
    """SYSTEM$GET_TAG_ALLOWED_VALUES('tag'): a JSON array; None when the tag allows every value.

    See https://docs.snowflake.com/en/sql-reference/functions/system_get_tag_allowed_values
    """
    (wanted,) = (str(argument) for argument in arguments)
    tag = context.get(tagging.TAG, context.resolve(Statement(wanted).parts(), "schema"))
    values = tag.properties[_VALUES]
    return json.dumps(values, separators=(",", ":"), ensure_ascii=False) if values else None


TYPES = [Tag()]
FUNCTIONS = {"SYSTEM$GET_TAG": get_tag, "SYSTEM$GET_TAG_ALLOWED_VALUES": get_allowed_values}
