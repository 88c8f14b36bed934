"""SYSTEM$ functions that turn behavior change bundles on and off.

See https://docs.snowflake.com/en/sql-reference/functions/system_enable_behavior_change_bundle
"""

from __future__ import annotations

import json
import re
from typing import Any

from local_account.base import errors
from local_account.identity import behavior_changes
from local_account.identity.behavior_changes import ACTIVE
from local_account.statement.context import Context

_NAME = re.compile(r"20\d\d_\d\d", re.ASCII)


def _enable(context: Context, arguments: list[Any]) -> str:
    return _switch(context, "SYSTEM$ENABLE_BEHAVIOR_CHANGE_BUNDLE", arguments, on=True)


def _disable(context: Context, arguments: list[Any]) -> str:
    return _switch(context, "SYSTEM$DISABLE_BEHAVIOR_CHANGE_BUNDLE", arguments, on=False)


def _switch(context: Context, function: str, arguments: list[Any], on: bool) -> str:
    """Turn a bundle on or off; only account administrators may.

    Raises:
        SnowflakeError: 003001 for other roles, 001008 for a bundle that cannot be switched.
    """
    bundle = _bundle(function, arguments)
    if "ACCOUNTADMIN" not in context.access.roles:
        raise context.refused("OWNERSHIP", None)
    if bundle not in ACTIVE:
        raise errors.invalid_value(bundle, function, ", ".join(ACTIVE))
    behavior_changes.switch(context.catalog, bundle, on)
    return "ENABLED" if on else "DISABLED"


def _status(context: Context, arguments: list[Any]) -> str:
    bundle = _bundle("SYSTEM$BEHAVIOR_CHANGE_BUNDLE_STATUS", arguments)
    if bundle not in ACTIVE:
        return "RELEASED"
    return "ENABLED" if behavior_changes.enabled(context.catalog, bundle) else "DISABLED"


def _show(context: Context, arguments: list[Any]) -> str:
    errors.require_count("SYSTEM$SHOW_ACTIVE_BEHAVIOR_CHANGE_BUNDLES", arguments, 0, 0)
    bundles = [
        {"name": name, "isDefault": default, "isEnabled": behavior_changes.enabled(context.catalog, name)}
        for name, default in ACTIVE.items()
    ]
    return json.dumps(bundles, separators=(",", ":"))


def _bundle(function: str, arguments: list[Any]) -> str:
    """The one argument.

    Raises:
        SnowflakeError: 001008 for a text that is no bundle, or one that is not announced yet.
    """
    errors.require_count(function, arguments, 1, 1)
    name = str(arguments[0])
    if not _NAME.fullmatch(name) or name > max(ACTIVE):
        raise errors.invalid_value(name[:100], function, f"a bundle's name like {max(ACTIVE)}")
    return name


FUNCTIONS = {
    "SYSTEM$ENABLE_BEHAVIOR_CHANGE_BUNDLE": _enable,
    "SYSTEM$DISABLE_BEHAVIOR_CHANGE_BUNDLE": _disable,
    "SYSTEM$BEHAVIOR_CHANGE_BUNDLE_STATUS": _status,
    "SYSTEM$SHOW_ACTIVE_BEHAVIOR_CHANGE_BUNDLES": _show,
}
