"""The columns of SHOW USERS and DESCRIBE USER. They never contain a secret."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from local_account.base.result import Result, columns, now, table
from local_account.catalog.catalog import Object
from local_account.identity.credentials import fingerprint
from local_account.users.user_values import FORBIDDEN

SHOW = columns(
    "name created_on:timestamp_ltz login_name display_name first_name last_name email mins_to_unlock "
    "days_to_expiry comment disabled must_change_password snowflake_lock default_warehouse default_namespace "
    "default_role default_secondary_roles ext_authn_duo ext_authn_uid mins_to_bypass_mfa owner "
    "last_success_login:timestamp_ltz expires_at_time:timestamp_ltz locked_until_time:timestamp_ltz "
    "has_password:boolean has_rsa_public_key:boolean type has_mfa:boolean "
    "has_workload_identity:boolean"
)
_DESCRIBE = columns("property value default description")
_NULL = "null"


def secondary_roles(item: Object) -> list[str]:
    """The user's default secondary roles; ALL if the option was never set."""
    found = item.properties.get("DEFAULT_SECONDARY_ROLES")
    return ["ALL"] if found is None else found


def show_row(item: Object, informed: bool) -> dict[str, Any]:
    """Cells of SHOW USERS.

    Args:
        informed: whether the session may see more than the user's name.
    """
    if not informed:
        return {"comment": item.comment}
    get = _visible(item).get
    return {
        "login_name": get("LOGIN_NAME"),
        "display_name": get("DISPLAY_NAME") or "",
        "first_name": get("FIRST_NAME") or "",
        "last_name": get("LAST_NAME") or "",
        "email": get("EMAIL") or "",
        "mins_to_unlock": _minutes(get("LOCKED_UNTIL")) or "",
        "days_to_expiry": _left(get("EXPIRES_ON")) or "",
        "disabled": bool(get("DISABLED")),
        "must_change_password": bool(get("MUST_CHANGE_PASSWORD")),
        "snowflake_lock": False,
        "default_warehouse": get("DEFAULT_WAREHOUSE") or "",
        "default_namespace": get("DEFAULT_NAMESPACE") or "",
        "default_role": get("DEFAULT_ROLE") or "",
        "default_secondary_roles": json.dumps(secondary_roles(item), separators=(",", ":")),
        "ext_authn_duo": False,
        "ext_authn_uid": "",
        "mins_to_bypass_mfa": _minutes(get("MINS_TO_BYPASS_MFA")) or "",
        "last_success_login": get("LAST_LOGIN"),
        "expires_at_time": get("EXPIRES_ON"),
        "locked_until_time": get("LOCKED_UNTIL") if (get("LOCKED_UNTIL") or 0) > now() else None,
        "has_password": bool(get("PASSWORD")),
        "has_rsa_public_key": bool(get("RSA_PUBLIC_KEY") or get("RSA_PUBLIC_KEY_2")),
        "type": get("TYPE") or "PERSON",
        "has_mfa": False,
        "has_workload_identity": False,
    }


def describe(item: Object) -> Result:
    """The answer of DESCRIBE USER: a row for each property. An absent text is `null`, as in Snowflake."""
    get = _visible(item).get
    rows = [
        ("NAME", item.name, _NULL, "Name"),
        ("COMMENT", item.comment, _NULL, "User comment associated to an object in the dictionary"),
        ("DISPLAY_NAME", get("DISPLAY_NAME"), _NULL, "Display name of the associated object"),
        ("TYPE", get("TYPE"), _NULL, "Type of the user"),
        ("LOGIN_NAME", get("LOGIN_NAME"), _NULL, "Login name of the user"),
        ("FIRST_NAME", get("FIRST_NAME"), _NULL, "First name of the user"),
        ("MIDDLE_NAME", get("MIDDLE_NAME"), _NULL, "Middle name of the user"),
        ("LAST_NAME", get("LAST_NAME"), _NULL, "Last name of the user"),
        ("EMAIL", get("EMAIL"), _NULL, "Email address of the user"),
        ("PASSWORD", "********" if get("PASSWORD") else _NULL, _NULL, "Password of the user"),
        ("MUST_CHANGE_PASSWORD", bool(get("MUST_CHANGE_PASSWORD")), "false", "User must change the password"),
        ("DISABLED", bool(get("DISABLED")), "false", "Whether the user is disabled"),
        ("SNOWFLAKE_LOCK", False, "false", "Whether the user or account is locked by Snowflake"),
        ("SNOWFLAKE_SUPPORT", False, "false", "Snowflake support may use the user"),
        ("DAYS_TO_EXPIRY", _left(get("EXPIRES_ON")), _NULL, "Days until the user expires"),
        ("MINS_TO_UNLOCK", _minutes(get("LOCKED_UNTIL")), _NULL, "Minutes until the lock ends"),
        ("DEFAULT_WAREHOUSE", get("DEFAULT_WAREHOUSE"), _NULL, "Default warehouse for this user"),
        ("DEFAULT_NAMESPACE", get("DEFAULT_NAMESPACE"), _NULL, "Default database and schema for this user"),
        ("DEFAULT_ROLE", get("DEFAULT_ROLE"), _NULL, "Primary role at the start of a session"),
        (
            "DEFAULT_SECONDARY_ROLES",
            json.dumps(secondary_roles(item), separators=(",", ":")),
            _NULL,
            "Secondary roles at the start of a session",
        ),
        ("EXT_AUTHN_DUO", False, "false", "Whether Duo Security is a second factor"),
        ("EXT_AUTHN_UID", None, _NULL, "External authentication ID of the user"),
        ("HAS_MFA", False, "false", "Whether the user has a second factor"),
        ("HAS_WORKLOAD_IDENTITY", False, "false", "Whether the user has a workload identity"),
        ("MINS_TO_BYPASS_MFA", _minutes(get("MINS_TO_BYPASS_MFA")), _NULL, "Minutes without second factor"),
        ("MINS_TO_BYPASS_NETWORK_POLICY", None, _NULL, "Minutes without network policy"),
        *_keys(item),
        ("PASSWORD_LAST_SET_TIME", _moment(get("PASSWORD_SET_ON")), _NULL, "When the password was last set"),
        ("CUSTOM_LANDING_PAGE_URL", None, _NULL, "Page shown after sign-in"),
        ("CUSTOM_LANDING_PAGE_URL_FLUSH_NEXT_UI_LOAD", False, "false", "Whether that page is shown once"),
    ]
    cells = [
        {"property": name, "value": _text(value), "default": default, "description": description}
        for name, value, default, description in rows
    ]
    return table(_DESCRIBE, cells)


def _visible(item: Object) -> dict[str, Any]:
    """The properties that a user of this type can have. The others are hidden until the type changes."""
    hidden = FORBIDDEN.get(item.properties.get("TYPE") or "", ())
    return {name: value for name, value in item.properties.items() if name not in hidden}


def _keys(item: Object) -> list[tuple[str, Any, str, str]]:
    rows = []
    for key in ("RSA_PUBLIC_KEY", "RSA_PUBLIC_KEY_2"):
        value = item.properties.get(key)
        set_on = _moment(item.properties.get(f"{key}_SET_ON"))
        rows += [
            (f"{key}_FP", fingerprint(value) if value else None, _NULL, "Fingerprint of the public key"),
            (key, value, _NULL, "Public key for key-pair authentication"),
            (f"{key}_LAST_SET_TIME", set_on, _NULL, "When the public key was last set"),
        ]
    return rows


def _minutes(moment: float | None) -> str | None:
    """Whole minutes until a moment, rounded down; None when it is over."""
    left = moment - now() if moment else 0
    return str(int(left / 60)) if left > 0 else None


def _left(moment: float | None) -> str | None:
    """Days until a moment; negative when it is over."""
    return None if moment is None else f"{(moment - now()) / 86400:.6f}".rstrip("0").rstrip(".")


def _moment(moment: float | None) -> str | None:
    return (
        None if moment is None else datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%d %H:%M:%S.%f")[:-3]
    )


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return _NULL if value in (None, "") else str(value)
