"""USE: the session's role, warehouse, database and schema. See https://docs.snowflake.com/en/sql-reference/sql/use"""

from __future__ import annotations

from local_account.base import errors
from local_account.base.result import Result, status
from local_account.base.sql import Name, Statement
from local_account.catalog.catalog import Object
from local_account.identity import access
from local_account.statement.context import Context


def use_role(context: Context, statement: Statement) -> Result:
    """USE ROLE <name>"""
    role = statement.parts()[-1]
    statement.end()
    if context.catalog.find("ROLE", Name("", "", role)) is None:
        raise errors.parent_does_not_exist()
    if role not in access.usable_roles(context.catalog, context.session):
        raise errors.SnowflakeError(
            "003013",
            "42501",
            f"SQL access control error:\nRequested role '{role}' is not assigned to the executing user.  "
            "Specify another role to activate.",
        )
    context.session.role = role
    return _done()


def use_secondary_roles(context: Context, statement: Statement) -> Result:
    """USE SECONDARY ROLES {ALL | NONE | <role>, …}"""
    if statement.words(1) in (("ALL",), ("NONE",)):
        chosen = statement.word()
    else:
        names = [statement.identifier()]
        while statement.accept(","):
            names.append(statement.identifier())
        for name in names:
            if name not in access.usable_roles(context.catalog, context.session):
                raise errors.does_not_exist("Role", name)
        chosen = ",".join(names)
    statement.end()
    context.session.secondary_roles = chosen
    return _done()


def use_warehouse(context: Context, statement: Statement) -> Result:
    """USE WAREHOUSE <name>"""
    name = Name("", "", statement.parts()[-1])
    statement.end()
    context.session.warehouse = _found(context, "WAREHOUSE", name).name
    return _done()


def use_schema(context: Context, statement: Statement) -> Result:
    """USE SCHEMA [<database>.]<name>"""
    parts = statement.parts()
    statement.end()
    return _enter_schema(context, parts)


def use_database(context: Context, statement: Statement) -> Result:
    """USE [DATABASE] <name>, or USE <database>.<schema>"""
    parts = statement.parts()
    statement.end()
    if len(parts) == 2:
        return _enter_schema(context, parts)
    database = _found(context, "DATABASE", context.resolve(parts, "account"))
    public = context.catalog.find("SCHEMA", Name(database.name, "", "PUBLIC"))
    context.session.database = database.name
    context.session.schema = "PUBLIC" if public and context.access.sees(public) else ""
    return _done()


def _enter_schema(context: Context, parts: list[str]) -> Result:
    name = context.resolve(parts, "database")
    _found(context, "DATABASE", Name("", "", name.database))
    schema = _found(context, "SCHEMA", name)
    context.session.database, context.session.schema = schema.database, schema.name
    return _done()


def _found(context: Context, kind: str, name: Name) -> Object:
    item = context.catalog.find(kind, name)
    if item is None or not context.access.sees(item):
        raise errors.parent_does_not_exist()
    return item


def _done() -> Result:
    return status("Statement executed successfully.")


STATEMENTS = {
    ("USE", "ROLE"): use_role,
    ("USE", "SECONDARY", "ROLES"): use_secondary_roles,
    ("USE", "SECONDARY", "ROLE"): use_secondary_roles,
    ("USE", "WAREHOUSE"): use_warehouse,
    ("USE", "SCHEMA"): use_schema,
    ("USE", "DATABASE"): use_database,
    ("USE",): use_database,
}
