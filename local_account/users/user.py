"""USER objects. See https://docs.snowflake.com/en/sql-reference/sql/create-user"""

from __future__ import annotations

from typing import Any, ClassVar, cast

from local_account.base import errors
from local_account.base.result import Result, now
from local_account.base.sql import Name, Statement
from local_account.catalog.catalog import Object
from local_account.identity import parameters
from local_account.identity.credentials import hash_password
from local_account.identity.network_access import PARAMETER
from local_account.objects import network_policy
from local_account.statement.context import Context
from local_account.statement.object_type import ObjectType, Reader, boolean, one_of, text, unsupported
from local_account.users import pat, user_columns, user_values
from local_account.users.user_values import countdown, refuse_policies

KIND = "USER"
KEYS = ("RSA_PUBLIC_KEY", "RSA_PUBLIC_KEY_2")
# See https://docs.snowflake.com/en/user-guide/key-pair-auth.
KEY_PRIVILEGE = "MODIFY PROGRAMMATIC AUTHENTICATION METHODS"
# The properties that users may set on themselves without any privilege.
_OWN = frozenset(
    {
        "PASSWORD",
        "DISPLAY_NAME",
        "FIRST_NAME",
        "MIDDLE_NAME",
        "LAST_NAME",
        "EMAIL",
        "DEFAULT_WAREHOUSE",
        "DEFAULT_NAMESPACE",
        "DEFAULT_ROLE",
        "DEFAULT_SECONDARY_ROLES",
    }
)
_DAY, _MINUTE = 86400.0, 60.0


class User(ObjectType):
    """People (PERSON), programs (SERVICE) and programs that still use a password (LEGACY_SERVICE)."""

    kind, plural, scope = KIND, "USERS", "account"
    privileges = frozenset({KEY_PRIVILEGE, "MONITOR"})
    options: ClassVar[dict[str, Reader]] = {
        "PASSWORD": text,
        "LOGIN_NAME": text,
        "DISPLAY_NAME": text,
        "FIRST_NAME": text,
        "MIDDLE_NAME": text,
        "LAST_NAME": text,
        "EMAIL": text,
        "MUST_CHANGE_PASSWORD": boolean,
        "DISABLED": boolean,
        "DAYS_TO_EXPIRY": countdown("DAYS_TO_EXPIRY", 365_000),
        "MINS_TO_UNLOCK": countdown("MINS_TO_UNLOCK", 525_600_000),
        "DEFAULT_WAREHOUSE": user_values.name,
        "DEFAULT_NAMESPACE": user_values.name,
        "DEFAULT_ROLE": user_values.name,
        "DEFAULT_SECONDARY_ROLES": user_values.roles,
        "MINS_TO_BYPASS_MFA": countdown("MINS_TO_BYPASS_MFA", 1440),
        "DISABLE_MFA": boolean,
        **dict.fromkeys(KEYS, user_values.key),
        "WORKLOAD_IDENTITY": unsupported("WORKLOAD_IDENTITY of a user"),
        "TYPE": one_of("PERSON", "SERVICE", "LEGACY_SERVICE", "NULL"),
        **parameters.readers(KIND),
    }
    show_columns = user_columns.SHOW

    def check(self, context: Context, name: Name, properties: dict[str, Any]) -> None:
        """Refuse bad values and a login name that is taken, and fill in login and display name."""
        if "DISABLE_MFA" in properties:
            raise errors.compilation_error("001420", "22023", "invalid property 'DISABLE_MFA' for 'USER'")
        self._complete(context, properties, None)
        properties["LOGIN_NAME"] = (properties.get("LOGIN_NAME") or name.name).upper()
        properties["DISPLAY_NAME"] = properties.get("DISPLAY_NAME") or name.name
        self._refuse_login(context, properties["LOGIN_NAME"], None)

    def altered(self, context: Context, item: Object, changed: dict[str, Any]) -> None:
        """Refuse what the session may not set, and complete the values; end a disabled user's sessions."""
        if not self._governs(context, item) and not self._only_keys(context, item, changed):
            self._refuse_others(context, item, changed)
        self._complete(context, changed, item)
        if "LOGIN_NAME" in changed:
            changed["LOGIN_NAME"] = (changed["LOGIN_NAME"] or item.name).upper()
            self._refuse_login(context, changed["LOGIN_NAME"], item)
        if changed.get("DISABLED"):
            context.account.authenticator.forget_user(item.name)
        # There is no MFA here that could be disabled.
        changed.pop("DISABLE_MFA", None)

    def _complete(self, context: Context, changed: dict[str, Any], item: Object | None) -> None:
        """Refuse properties that the user's type cannot have, and convert values to their stored form."""
        if changed.get(PARAMETER):
            changed[PARAMETER] = network_policy.attachable(context, changed[PARAMETER], item)
        if changed.get("TYPE") == "NULL":
            changed["TYPE"] = None
        kind = changed["TYPE"] if "TYPE" in changed else (item.properties.get("TYPE") if item else None)
        user_values.refuse_for_type(kind, changed)
        if "PASSWORD" in changed:
            password = changed["PASSWORD"]
            changed["PASSWORD"] = hash_password(password) if password else None
            changed["PASSWORD_SET_ON"] = now() if password else None
        for key in KEYS:
            # When a key is removed, the time at which it was set stays.
            if changed.get(key):
                changed[f"{key}_SET_ON"] = now()
        if "DAYS_TO_EXPIRY" in changed:
            days = changed.pop("DAYS_TO_EXPIRY")
            changed["EXPIRES_ON"] = None if days is None else now() + days * _DAY
        if "MINS_TO_UNLOCK" in changed:
            changed["LOCKED_UNTIL"] = now() + max(changed.pop("MINS_TO_UNLOCK") or 0, 0) * _MINUTE
            changed["FAILED_LOGINS"] = 0
        if changed.get("MINS_TO_BYPASS_MFA") is not None:
            changed["MINS_TO_BYPASS_MFA"] = now() + changed["MINS_TO_BYPASS_MFA"] * _MINUTE

    def _refuse_login(self, context: Context, login: str, item: Object | None) -> None:
        for other in context.catalog.objects(KIND):
            if other.properties["LOGIN_NAME"] == login and (item is None or other.id != item.id):
                raise errors.SnowflakeError(
                    "001757",
                    "42710",
                    f"SQL compilation error:\nUser with login name '{login}' already exists.",
                )

    # SHOW and DESCRIBE

    def row(self, context: Context, item: Object) -> dict[str, Any]:
        return user_columns.show_row(item, self._informed(context, item))

    def describe(self, context: Context, item: Object) -> Result:
        if not self._informed(context, item):
            raise context.refused("MONITOR", item)
        return user_columns.describe(item)

    def _informed(self, context: Context, item: Object) -> bool:
        return self._governs(context, item) or _is_self(context, item) or context.access.has("MONITOR", item)

    # ALTER and DROP

    def _governs(self, context: Context, item: Object) -> bool:
        return context.access.owns(item) or context.access.has("MANAGE GRANTS")

    def require_alter(self, context: Context, item: Object) -> None:
        if not _is_self(context, item) and not context.access.has(KEY_PRIVILEGE, item):
            self._require_governing(context, item)

    def _require_governing(self, context: Context, item: Object) -> None:
        if not self._governs(context, item):
            raise context.refused("OWNERSHIP", item)

    def _only_keys(self, context: Context, item: Object, changed: dict[str, Any]) -> bool:
        """Whether the session has the privilege on public keys, and changes nothing else."""
        return set(changed) <= set(KEYS) and context.access.has(KEY_PRIVILEGE, item)

    def _refuse_others(self, context: Context, item: Object, changed: dict[str, Any]) -> None:
        """Refuse a session without power over the user; users themselves may set a few properties."""
        if not _is_self(context, item):
            raise context.refused("OWNERSHIP", item)
        session_parameters = parameters.of_level("SESSION")
        for name in changed:
            if name not in _OWN and name not in session_parameters:
                raise context.refused("OWNERSHIP", item)

    def alter(self, context: Context, statement: Statement) -> Result:
        with network_policy.no_lock_out(context):
            start = statement.position
            statement.accept("IF", "EXISTS")
            if pat.starts_here(statement):
                own = context.get(KIND, Name("", "", context.session.account_user))
                return cast(Result, pat.alter_user(context, own, statement))
            if _means_oneself(statement):
                # Without a name the statement is about the session's user.
                statement = statement.edited([_own_name(context, statement)])
                statement.expect("ALTER", KIND)
                return super().alter(context, statement)
            statement.position = start
            return super().alter(context, statement)

    def action(self, context: Context, item: Object, statement: Statement) -> Result | None:
        """The verbs for access tokens; other verbs of ALTER USER are refused by name."""
        result = pat.alter_user(context, item, statement)
        if result is not None:
            return result
        for words in (("RESET", "PASSWORD"), ("ABORT", "ALL", "QUERIES"), ("ADD",), ("REMOVE",), ("MODIFY",)):
            if statement.accept(*words):
                more = statement.words(2)
                raise errors.unsupported(f"ALTER USER {' '.join([*words, *more]).strip()}")
        refuse_policies(statement, KIND)
        return None

    def require_rename(self, context: Context, item: Object) -> None:
        self._require_governing(context, item)

    def renamed(self, context: Context, item: Object, old: Name) -> None:
        context.catalog.rename_grantee("USER", old.name, item.name)
        pat.rename_user(context.catalog, old.name, item.name)
        context.account.authenticator.rename_user(old.name, item.name)

    def require_drop(self, context: Context, item: Object) -> None:
        context.require_ownership(item)

    def dropping(self, context: Context, item: Object, forced: bool) -> None:
        """Refuse to drop the session's user; remove the user's grants, tokens and sessions."""
        if item.name == context.session.account_user:
            raise errors.SnowflakeError(
                "003016", "42501", f"SQL access control error:\nUser '{item.name}' cannot drop itself."
            )
        context.catalog.forget_grantee("USER", item.name)
        pat.forget_user(context.catalog, item.name)
        context.account.authenticator.forget_user(item.name)


def _means_oneself(statement: Statement) -> bool:
    """Whether SET or UNSET follows, and not a user of that name: `ALTER USER SET SET EMAIL = …`."""
    verb, *following = statement.words(2) or ("",)
    return verb in ("SET", "UNSET") and following not in (["SET"], ["UNSET"], ["RENAME"], [])


def _own_name(context: Context, statement: Statement) -> tuple[int, int, str]:
    """The edit that puts the session's user before the next word."""
    at = statement.tokens[statement.position].start
    name = context.session.account_user.replace('"', '""')
    return at, at, f'"{name}" '


def _is_self(context: Context, item: Object) -> bool:
    return item.name == context.session.account_user


TYPES = [User()]
