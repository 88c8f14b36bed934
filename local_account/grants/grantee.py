"""The role that a GRANT or REVOKE names."""

from __future__ import annotations

from local_account.base import errors
from local_account.base.sql import Statement
from local_account.catalog.catalog import Object
from local_account.identity import access
from local_account.statement.context import Context

_OTHERS = (("APPLICATION", "ROLE"), ("SHARE",), ("USER",), ("APPLICATION",))


def read_role(context: Context, statement: Statement) -> Object:
    """Read `[ROLE] <name>` or `DATABASE ROLE [<database>.]<name>`; the role.

    Raises:
        SnowflakeError: 002003 when there is no such role, 000002 for grantees of other kinds.
    """
    for words in _OTHERS:
        if statement.accept(*words):
            raise errors.unsupported(f"GRANT TO {' '.join(words)}")
    if statement.accept("DATABASE", "ROLE"):
        return read_database_role(context, statement)
    statement.accept("ROLE")
    return context.get("ROLE", context.resolve(statement.parts(), "account"))


def read_database_role(context: Context, statement: Statement) -> Object:
    """Read `[<database>.]<name>`; the database role.

    Raises:
        SnowflakeError: 002003 when there is no such role.
    """
    return context.get(access.DATABASE_ROLE, context.resolve(statement.parts(), "database"))
