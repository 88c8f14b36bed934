"""SECURITY INTEGRATION objects: only the one of the system, for signing in to public endpoints.

See https://docs.snowflake.com/en/sql-reference/sql/create-security-integration
"""

from __future__ import annotations

from typing import Any, ClassVar

from local_account.base import errors
from local_account.base.result import Result, status, table
from local_account.base.sql import Name, Statement
from local_account.catalog.catalog import Catalog, Object
from local_account.objects.external_access import KINDS, SHOW_COLUMNS, ExternalAccessIntegration
from local_account.statement.context import Context
from local_account.statement.object_type import (
    ObjectType,
    Reader,
    boolean,
    like,
    property_table,
    read_limit,
    text,
)

KIND = "SECURITY INTEGRATION"
SYSTEM = "SNOWSERVICES_INGRESS_OAUTH"


def seed(catalog: Catalog) -> None:
    """Make the integration for public endpoints, which every account has and the system owns."""
    name = Name("", "", SYSTEM)
    if not catalog.find(KIND, name):
        catalog.create(KIND, name, owner="", properties={"CLIENT": "SNOWSERVICES_INGRESS", "ENABLED": True})


class SecurityIntegration(ObjectType):
    """Sign-in through other systems. Only the integration of the system exists in this account."""

    kind, plural, scope = KIND, "SECURITY INTEGRATIONS", "account"
    title = "Integration"
    privileges = frozenset({"USAGE"})
    create_privilege = "CREATE INTEGRATION"
    options: ClassVar[dict[str, Reader]] = {"TYPE": text, "OAUTH_CLIENT": text, "ENABLED": boolean}
    show_columns = SHOW_COLUMNS

    def create(self, context: Context, statement: Statement, modifiers: frozenset[str]) -> Result:
        if_not_exists = statement.accept("IF", "NOT", "EXISTS")
        name = context.resolve(statement.parts(), self.scope)
        self.require_create(context, name)
        if if_not_exists and context.catalog.find(KIND, name):
            return status(f"{name.name} already exists, statement succeeded.")
        wanted = _wanted(statement)
        if wanted == "OAUTH SNOWSERVICES_INGRESS":
            # The account has this one already, and users cannot make it.
            raise errors.parent_does_not_exist()
        raise errors.unsupported(f"CREATE SECURITY INTEGRATION TYPE = {wanted}")

    def row(self, context: Context, item: Object) -> dict[str, Any]:
        return {
            "type": f"OAUTH - {item.properties['CLIENT']}",
            "category": "SECURITY",
            "enabled": item.properties["ENABLED"],
            "comment": item.comment or None,
        }

    def describe(self, context: Context, item: Object) -> Result:
        return property_table(
            [
                ("ENABLED", "Boolean", item.properties["ENABLED"], "false"),
                ("OAUTH_CLIENT_TYPE", "String", "CONFIDENTIAL", "CONFIDENTIAL"),
                ("OAUTH_ISSUE_REFRESH_TOKENS", "Boolean", True, "true"),
                ("BLOCKED_ROLES_LIST", "List", "ACCOUNTADMIN,ORGADMIN,SECURITYADMIN", ""),
                ("COMMENT", "String", item.comment, ""),
            ]
        )

    def alter(self, context: Context, statement: Statement) -> Result:
        raise errors.unsupported("ALTER SECURITY INTEGRATION")


def _wanted(statement: Statement) -> str:
    """The values of TYPE and OAUTH_CLIENT in CREATE, which may have any other options too."""
    wanted = {"TYPE": "", "OAUTH_CLIENT": ""}
    while not statement.done:
        word = statement.text_or_word().upper()
        if word in wanted and not wanted[word] and statement.accept("="):
            wanted[word] = statement.text_or_word().upper()
    return " ".join(wanted.values()).strip()


def show_integrations(context: Context, statement: Statement) -> Result:
    """SHOW INTEGRATIONS [LIKE '…'] [LIMIT n]: integrations of all kinds."""
    pattern = statement.string() if statement.accept("LIKE") else None
    limit, after = read_limit(statement)
    statement.end()
    types: list[ObjectType] = [ExternalAccessIntegration(), SecurityIntegration()]
    rows = [
        kind.show_row(context, item)
        for kind in types
        for item in context.catalog.objects(kind.kind)
        if like(item.name, pattern) and context.access.sees(item) and item.name > after
    ]
    return table(SHOW_COLUMNS, sorted(rows, key=lambda row: row["name"])[:limit])


def show_no_integrations(context: Context, statement: Statement) -> Result:
    """SHOW {API | NOTIFICATION | STORAGE} INTEGRATIONS: this account has none."""
    if statement.accept("LIKE"):
        statement.string()
    read_limit(statement)
    statement.end()
    return table(SHOW_COLUMNS, [])


def describe_integration(context: Context, statement: Statement) -> Result:
    """DESCRIBE INTEGRATION <name>, for both kinds."""
    return _of_any_kind(context, statement, lambda kind: kind.describe_statement(context, statement))


def drop_integration(context: Context, statement: Statement) -> Result:
    """DROP INTEGRATION [IF EXISTS] <name>, for both kinds."""
    return _of_any_kind(context, statement, lambda kind: kind.drop(context, statement))


def _of_any_kind(context: Context, statement: Statement, run: Any) -> Result:
    start = statement.position
    statement.accept("IF", "EXISTS")
    name = context.resolve(statement.parts(), "account")
    statement.position = start
    is_security = context.catalog.find(KINDS[1], name) is not None
    return run(SecurityIntegration() if is_security else ExternalAccessIntegration())


TYPES = [SecurityIntegration()]
STATEMENTS = {
    ("SHOW", "INTEGRATIONS"): show_integrations,
    **{("SHOW", kind, "INTEGRATIONS"): show_no_integrations for kind in ("API", "NOTIFICATION", "STORAGE")},
    ("DESCRIBE", "INTEGRATION"): describe_integration,
    ("DESC", "INTEGRATION"): describe_integration,
    ("DROP", "INTEGRATION"): drop_integration,
}
