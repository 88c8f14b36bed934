"""Tags of objects: the clauses of CREATE and ALTER that set and unset them.

See https://docs.snowflake.com/en/user-guide/object-tagging/introduction
"""

from __future__ import annotations

from typing import NamedTuple

from local_account.base import errors
from local_account.base.sql import Statement
from local_account.catalog.catalog import Object
from local_account.statement.context import Context

TAG, ON = "TAG", "TAGS"
MAX_TAGS, MAX_VALUE = 50, 256


class Change(NamedTuple):
    """Tags to set or unset: the parts of each tag's name, and its value; None unsets the tag."""

    values: list[tuple[list[str], str | None]]


def read_list(statement: Statement) -> Change:
    """Read `( tag = 'value', … )`, the form in CREATE."""
    statement.expect("(")
    found = _read_values(statement)
    statement.expect(")")
    return found


def read_change(statement: Statement) -> Change | None:
    """Read `SET TAG tag = 'value', …` or `UNSET TAG tag, …`; None when something different comes next."""
    if statement.accept("SET", TAG):
        return _read_values(statement)
    if not statement.accept("UNSET", TAG):
        return None
    tags: list[tuple[list[str], str | None]] = [(statement.parts(), None)]
    while statement.accept(","):
        tags.append((statement.parts(), None))
    return Change(tags)


def _read_values(statement: Statement) -> Change:
    tags: list[tuple[list[str], str | None]] = []
    while not tags or statement.accept(","):
        name = statement.parts()
        statement.expect("=")
        tags.append((name, statement.string()))
    return Change(tags)


def apply(context: Context, item: Object, change: Change) -> None:
    """Set or unset tags of an object. The caller must store the object.

    Raises:
        SnowflakeError: a tag does not exist or the session may not use it (that needs APPLY on the tag, or
            APPLY TAG on the account), a value is too long or not allowed, or the object has too many tags.
    """
    carried = dict(item.properties.get(ON, {}))
    for parts, value in change.values:
        tag = context.get(TAG, context.resolve(parts, "schema"))
        if not context.access.has("APPLY TAG"):
            context.require("APPLY", tag)
        if value is None:
            carried.pop(str(tag.id), None)
        else:
            _check(tag, value)
            carried[str(tag.id)] = value
    if len(carried) > MAX_TAGS:
        raise errors.invalid_value(len(carried), "number of tags", f"{MAX_TAGS} or fewer on one object")
    item.properties[ON] = carried


def _check(tag: Object, value: str) -> None:
    allowed = tag.properties["ALLOWED_VALUES"]
    if allowed and value not in allowed:
        raise errors.invalid_value(value, f"value of tag {tag.name}", ", ".join(allowed))
    if len(value) > MAX_VALUE:
        raise errors.invalid_value(
            f"{value[:20]}…", f"value of tag {tag.name}", f"{MAX_VALUE} characters or fewer"
        )
