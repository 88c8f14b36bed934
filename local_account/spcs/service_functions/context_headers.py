"""The headers of a request that tell the service about the caller: CONTEXT_HEADERS.

See https://docs.snowflake.com/en/sql-reference/sql/create-function-spcs
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable
from datetime import datetime
from zoneinfo import ZoneInfo

from local_account.base import errors
from local_account.statement.context import Context

# Whatever cannot stand in a header becomes one blank.
_ILLEGAL = re.compile(r"[^\x20-\x7e]+")


def _moment(form: str) -> Callable[[Context], str]:
    def value(context: Context) -> str:
        present = datetime.now(ZoneInfo(context.parameters.get("TIMEZONE")[0]))
        return present.strftime(form.replace("%f", f"{present.microsecond // 1000:03}"))

    return value


def _schemas(context: Context) -> str:
    session = context.session
    places = dict.fromkeys(f"{session.database}.{name}" for name in (session.schema, "PUBLIC") if name)
    return json.dumps(list(places) if session.database else [], separators=(",", ":"))


_OWN: dict[str, Callable[[Context], str]] = {
    "CURRENT_DATE": _moment("%Y-%m-%d"),
    "CURRENT_IP_ADDRESS": lambda context: context.address,
    "CURRENT_SCHEMAS": _schemas,
    "CURRENT_STATEMENT": lambda context: context.text,
    "CURRENT_TIME": _moment("%H:%M:%S"),
    "CURRENT_TIMESTAMP": _moment("%Y-%m-%d %H:%M:%S.%f %z"),
    "LOCALTIME": _moment("%H:%M:%S"),
    "LOCALTIMESTAMP": _moment("%Y-%m-%d %H:%M:%S.%f %z"),
}
# Functions that `SELECT` has, too.
_COMMON = (
    *("CURRENT_ACCOUNT", "CURRENT_CLIENT", "CURRENT_DATABASE", "CURRENT_REGION", "CURRENT_ROLE"),
    *("CURRENT_SCHEMA", "CURRENT_SESSION", "CURRENT_USER", "CURRENT_VERSION", "CURRENT_WAREHOUSE"),
)
_MISSING = ("CURRENT_TRANSACTION", "LAST_QUERY_ID", "LAST_TRANSACTION")


def check(names: list[str]) -> None:
    """Refuse functions that cannot be context headers.

    Raises:
        SnowflakeError: 001008 for what is no such function, 000002 for one that this account does not have.
    """
    for name in names:
        if name in _MISSING:
            raise errors.unsupported(f"CONTEXT_HEADERS = ({name})")
        if name not in _OWN and name not in _COMMON:
            raise errors.invalid_value(name, "CONTEXT_HEADERS", ", ".join(sorted([*_OWN, *_COMMON])))


def headers(context: Context, names: list[str]) -> dict[str, str]:
    """The headers of all requests of one statement: each function's value, and the same in base64."""
    found: dict[str, str] = {}
    for name in names:
        value = _OWN[name](context) if name in _OWN else context.language.functions[name](context, [])
        found |= with_base64(f"sf-context-{name.lower().replace('_', '-')}", str(value or ""))
    return found


def with_base64(name: str, value: str) -> dict[str, str]:
    """A header without the characters that headers cannot have, and one with all of them in base64."""
    encoded = base64.b64encode(value.encode("utf-8", "surrogatepass")).decode()
    return {name: _ILLEGAL.sub(" ", value).strip(), f"{name}-base64": encoded}
