"""ALTER TABLE where only the catalog changes: constraints.

See https://docs.snowflake.com/en/sql-reference/sql/alter-table
"""

from __future__ import annotations

from collections.abc import Callable

from sqlglot import exp
from sqlglot.dialects.snowflake import Snowflake
from sqlglot.errors import SqlglotError

from local_account.base import errors
from local_account.base.result import Result, status
from local_account.base.sql import Statement, shown
from local_account.catalog.catalog import Object
from local_account.metadata import definition, show
from local_account.metadata.definition import FOREIGN, PRIMARY, UNIQUE, Definition
from local_account.statement.context import Context

Change = Callable[[Object, Definition], None]
_ADDED = ("CONSTRAINT", "PRIMARY", "UNIQUE", "FOREIGN")
_DONE = "Statement executed successfully."


def run(context: Context, statement: Statement) -> Result | None:
    """Run ALTER TABLE; None when it is not about constraints. The cursor stands before the name."""
    if_exists = statement.accept("IF", "EXISTS")
    parts = statement.parts()
    change = _read(context, statement)
    if change is None:
        return None
    try:
        item = show.named(context, parts)
    except errors.SnowflakeError:
        if if_exists:
            return status(_DONE)
        raise
    if item.type != "TABLE":
        raise errors.does_not_exist("TABLE", shown(item.fqn))
    context.require_ownership(item)
    with context.catalog.transaction():
        current = context.catalog.by_id(item.id)
        if current is None:
            raise errors.does_not_exist("TABLE", shown(item.fqn))
        found = definition.known(current)
        change(current, found)
        current.properties |= found.properties()
        context.catalog.save(current)
    return status(_DONE)


def _read(context: Context, statement: Statement) -> Change | None:
    """The change that follows the name; None when the data engine makes it."""
    if statement.words(1) == ("ADD",) and statement.words(2)[-1].partition(" ")[0] in _ADDED:
        return _read_add(context, statement)
    if statement.accept("RENAME", "CONSTRAINT"):
        old = statement.identifier()
        statement.expect("TO")
        new = statement.identifier()
        statement.end()
        return lambda item, found: _rename(found, old, new)
    return _read_drop(statement)


def _read_add(context: Context, statement: Statement) -> Change:
    """ADD [CONSTRAINT <name>] {PRIMARY KEY | UNIQUE | FOREIGN KEY} (…) …"""
    try:
        parsed = Snowflake().parser().parse(statement.tokens, statement.text)[0]
    except SqlglotError:
        parsed = None
    actions = parsed.args.get("actions") or [] if isinstance(parsed, exp.Alter) else []
    if not actions or not all(isinstance(action, exp.AddConstraint) for action in actions):
        raise errors.unsupported("ALTER TABLE ADD CONSTRAINT in this form")

    def add(item: Object, found: Definition) -> None:
        for entry in (entry for action in actions for entry in action.expressions):
            for constraint in definition.read_constraints(entry, lambda node: _parent(context, item, node)):
                found.add(constraint)

    return add


def _parent(context: Context, item: Object, node: exp.Table) -> Object | None:
    """The table that a foreign key refers to, with the privilege REFERENCES; None for its own."""
    parent = show.named(context, [definition.identifier(part) for part in node.parts])
    if parent.id == item.id:
        return None
    context.require("REFERENCES", parent)
    return parent


def _rename(found: Definition, old: str, new: str) -> None:
    if any(one.name == new for one in found.constraints):
        raise errors.already_exists(new)
    _constraint_named(found, old).name = new


def _constraint_named(found: Definition, name: str) -> definition.Constraint:
    for one in found.constraints:
        if one.name == name:
            return one
    raise errors.does_not_exist("CONSTRAINT", name)


def _accept_drop_key(statement: Statement, kind: str) -> bool:
    """Step over DROP and the words of a key, which are one token together with the blanks between them."""
    words = statement.words(2)
    if words[0] != "DROP" or " ".join(words[-1].split()) != kind:
        return False
    statement.position += 2
    return True


def _read_drop(statement: Statement) -> Change | None:
    """DROP {CONSTRAINT <name> | PRIMARY KEY | {UNIQUE | FOREIGN KEY} (…)} [CASCADE | RESTRICT]"""
    name, columns = "", []
    if statement.accept("DROP", "CONSTRAINT"):
        kind, name = "", statement.identifier()
    elif _accept_drop_key(statement, PRIMARY):
        kind = PRIMARY
    elif statement.accept("DROP", "UNIQUE"):
        kind, columns = UNIQUE, statement.listed("identifier")
    elif _accept_drop_key(statement, FOREIGN):
        kind, columns = FOREIGN, statement.listed("identifier")
    else:
        return None
    if not statement.accept("CASCADE"):
        statement.accept("RESTRICT")
    statement.end()

    def drop(item: Object, found: Definition) -> None:
        if name:
            gone = [_constraint_named(found, name)]
        else:
            gone = [one for one in found.keys(kind) if one.columns == columns or kind == PRIMARY]
        if not gone:
            raise errors.does_not_exist("CONSTRAINT", f"{kind} of {item.name}")
        found.constraints = [one for one in found.constraints if one not in gone]

    return drop
