"""SHOW PARAMETERS, ALTER SESSION and ALTER ACCOUNT.

See https://docs.snowflake.com/en/sql-reference/sql/show-parameters
"""

from __future__ import annotations

from typing import Any

from local_account.base import errors
from local_account.base.result import Result, status
from local_account.base.sql import Statement
from local_account.identity import parameters
from local_account.identity.network_access import PARAMETER
from local_account.objects import event_table, network_policy
from local_account.statement.context import Context
from local_account.statement.object_type import like
from local_account.users.user_values import refuse_policies

# https://docs.snowflake.com/en/sql-reference/sql/alter-account and
# https://docs.snowflake.com/en/sql-reference/parameters
_OTHER_OPTIONS = ("TAG", "RESOURCE_MONITOR", "CONSUMPTION_BILLING_ENTITY", "IS_ORG_ADMIN")
_OTHER_PARAMETERS = (
    *("ALLOW_BIND_VALUES_ACCESS", "ALLOW_CLIENT_MFA_CACHING", "ALLOW_ID_TOKEN"),
    *("CLIENT_ENCRYPTION_KEY_SIZE", "CORTEX_ENABLED_CROSS_REGION", "CORTEX_MODELS_ALLOWLIST"),
    *("DISABLE_USER_PRIVILEGE_GRANTS", "ENABLE_BUDGET_EVENT_LOGGING"),
    *("ENABLE_IDENTIFIER_FIRST_LOGIN", "ENABLE_INTERNAL_STAGES_PRIVATELINK", "ENABLE_PERSONAL_DATABASE"),
    *(
        "ENABLE_TRI_SECRET_AND_REKEY_OPT_OUT_FOR_IMAGE_REPOSITORY",
        "ENFORCE_NETWORK_RULES_FOR_INTERNAL_STAGES",
    ),
    *("ENABLE_TRI_SECRET_AND_REKEY_OPT_OUT_FOR_SPCS_BLOCK_STORAGE", "INITIAL_REPLICATION_SIZE_LIMIT_IN_TB"),
    *("ENABLE_UNREDACTED_QUERY_SYNTAX_ERROR", "ENABLE_UNREDACTED_SECURE_OBJECT_ERROR"),
    *(
        "EXTERNAL_OAUTH_ADD_PRIVILEGED_ROLES_TO_BLOCKED_LIST",
        "LISTING_AUTO_FULFILLMENT_REPLICATION_REFRESH_SCHEDULE",
    ),
    *("METRIC_LEVEL", "MIN_DATA_RETENTION_TIME_IN_DAYS", "OAUTH_ADD_PRIVILEGED_ROLES_TO_BLOCKED_LIST"),
    *("PERIODIC_DATA_REKEYING", "PREVENT_LOAD_FROM_INLINE_URL", "PREVENT_UNLOAD_TO_INLINE_URL"),
    *("REQUIRE_STORAGE_INTEGRATION_FOR_STAGE_CREATION", "REQUIRE_STORAGE_INTEGRATION_FOR_STAGE_OPERATION"),
    *("SAML_IDENTITY_PROVIDER", "SSO_LOGIN_PAGE"),
)
_SCOPES = {"DATABASE": "account", "WAREHOUSE": "account", "USER": "account", "SCHEMA": "database"}


def show_parameters(context: Context, statement: Statement) -> Result:
    """SHOW PARAMETERS [LIKE '…'] [{IN | FOR} {SESSION | ACCOUNT | <type> [<name>]}]"""
    pattern = statement.string() if statement.accept("LIKE") else None
    level, values = "SESSION", None
    if statement.accept("IN") or statement.accept("FOR"):
        level = statement.word()
        if level in _SCOPES:
            values = _of_object(context, level, statement)
        elif level == "ACCOUNT":
            values = parameters.values_of_account(context.catalog)
        elif level != "SESSION":
            raise errors.unsupported(f"SHOW PARAMETERS IN {level}")
    statement.end()
    if values is None:
        values = parameters.values_in_session(context.catalog, context.session)
    return values.table(level, lambda name: like(name, pattern))


def _of_object(context: Context, kind: str, statement: Statement) -> parameters.Values:
    session = context.session
    if statement.done and kind == "USER":
        parts = [session.account_user]
    elif statement.done and kind in ("DATABASE", "SCHEMA", "WAREHOUSE"):
        parts = [getattr(session, kind.lower())]
    else:
        parts = statement.parts()
    name = context.resolve(parts, _SCOPES[kind])
    context.require_usage(name)
    return parameters.values_of(context.catalog, context.get(kind, name))


def alter_session(context: Context, statement: Statement) -> Result:
    """ALTER SESSION {SET <name> = <value> … | UNSET <name>, …}"""
    context.session.parameters = _changed(statement, "SESSION", context.session.parameters)
    values = parameters.values_in_session(context.catalog, context.session)
    for name, follow in context.language.on_parameter.items():
        follow(context, values.get(name)[0])
    return status("Statement executed successfully.")


def alter_account(context: Context, statement: Statement) -> Result:
    """ALTER ACCOUNT {SET <name> = <value> … | UNSET <name>, …}"""
    refuse_policies(statement, "ACCOUNT")
    _refuse_others(statement)
    with network_policy.no_lock_out(context):
        item = parameters.account_object(context.catalog)
        known = item.properties if item else {}
        changed = _changed(statement, "ACCOUNT", known)
        differing = {name for name in {*known, *changed} if known.get(name) != changed.get(name)}
        _require_account(context, differing)
        if not changed.get(PARAMETER):
            changed.pop(PARAMETER, None)
        elif changed[PARAMETER] != known.get(PARAMETER):
            changed[PARAMETER] = network_policy.attachable(context, changed[PARAMETER])
        if changed.get(event_table.PARAMETER) not in (None, known.get(event_table.PARAMETER)):
            changed[event_table.PARAMETER] = event_table.usable(context, changed[event_table.PARAMETER])
        if item is None:
            item = context.catalog.create(*parameters.ACCOUNT_OBJECT, "ACCOUNTADMIN")
        item.properties = changed
        context.catalog.save(item)
    return status("Statement executed successfully.")


def _refuse_others(statement: Statement) -> None:
    """Refuse what ALTER ACCOUNT can do on Snowflake besides setting parameters, with its name."""
    words = statement.words(2)
    for option in (*_OTHER_OPTIONS, *_OTHER_PARAMETERS):
        if words in (("SET", option), ("UNSET", option)):
            raise errors.unsupported(f"ALTER ACCOUNT {' '.join(words)}")
    if words[:1] not in ((), ("SET",), ("UNSET",)) and words[1:] in (("RENAME",), ("DROP",), ("SET",)):
        raise errors.unsupported(f"ALTER ACCOUNT {words[1]} of a named account")


def _require_account(context: Context, names: set[str]) -> None:
    """Refuse all but account administrators. SECURITYADMIN and ATTACH POLICY allow NETWORK_POLICY alone."""
    roles = context.access.roles
    security = "SECURITYADMIN" in roles or context.access.has("ATTACH POLICY")
    if "ACCOUNTADMIN" not in roles and not (security and names == {PARAMETER}):
        raise context.refused("ATTACH POLICY" if names == {PARAMETER} else "OWNERSHIP", None)


def _changed(statement: Statement, level: str, known: dict[str, Any]) -> dict[str, Any]:
    """Read SET or UNSET with names; the values after that, which are `known` with the changes."""
    values = dict(known)
    setting = statement.accept("SET")
    if not setting:
        statement.expect("UNSET")
    while True:
        name = statement.word()
        parameter = parameters.find(name, level)
        if setting:
            statement.expect("=")
            values[name] = parameter.read(statement)
        else:
            values.pop(name, None)
        statement.accept(",")
        if statement.done:
            return values


STATEMENTS = {
    ("SHOW", "PARAMETERS"): show_parameters,
    ("ALTER", "SESSION"): alter_session,
    ("ALTER", "ACCOUNT"): alter_account,
}
