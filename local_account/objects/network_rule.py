"""NETWORK RULE objects. See https://docs.snowflake.com/en/sql-reference/sql/create-network-rule"""

from __future__ import annotations

import ipaddress
import re
from typing import Any, ClassVar

from local_account.base import errors
from local_account.base.result import Result, columns, table
from local_account.base.sql import Name, Statement
from local_account.catalog.catalog import Object
from local_account.identity.network_access import COMPUTE_POOL
from local_account.objects.network_policy import no_lock_out
from local_account.statement import references
from local_account.statement.context import Context
from local_account.statement.object_type import ObjectType, Reader, one_of, words

_MODES = {
    # type: modes that it can have
    "HOST_PORT": ("EGRESS",),
    "PRIVATE_HOST_PORT": ("EGRESS",),
    "IPV4": ("INGRESS", "POSTGRES_INGRESS", "POSTGRES_EGRESS"),
    "AWSVPCEID": ("INGRESS", "INTERNAL_STAGE"),
    "AZURELINKID": ("INGRESS", "INTERNAL_STAGE"),
    "GCPPSCID": ("INGRESS",),
    COMPUTE_POOL: ("INGRESS",),
}
# A rule of this type and mode needs no VALUE_LIST; without one it lets nothing through.
_MAY_BE_EMPTY = ("HOST_PORT", "EGRESS")
_HOST = re.compile(
    r"(?:\*\.)?(?:[A-Za-z0-9](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9])?\.)*[A-Za-z0-9](?:[A-Za-z0-9_-]*)"
)
_POOL = re.compile(r"[A-Za-z_][A-Za-z0-9_$]{0,254}")
_COLUMNS = "created_on:timestamp_ltz name database_name schema_name owner comment type mode "
DEFAULT_PORT = 443


class NetworkRule(ObjectType):
    """Lists of hosts or addresses. HOST_PORT rules list the hosts outside that services may reach."""

    kind, plural, taggable = "NETWORK RULE", "NETWORK RULES", False
    renamable = False
    privileges = frozenset({"USAGE"})
    options: ClassVar[dict[str, Reader]] = {
        "TYPE": one_of(*_MODES),
        "VALUE_LIST": words,
        "MODE": one_of("INGRESS", "INTERNAL_STAGE", "EGRESS", "POSTGRES_INGRESS", "POSTGRES_EGRESS"),
    }
    defaults: ClassVar[dict[str, Any]] = {"MODE": "INGRESS"}
    show_columns = columns(_COLUMNS + "entries_in_valuelist:fixed owner_role_type")
    describe_columns = columns(_COLUMNS + "value_list")

    def check(self, context: Context, name: Name, properties: dict[str, Any]) -> None:
        """Refuse missing options, a mode that does not fit the type, and bad values."""
        if (properties.get("TYPE"), properties["MODE"]) == _MAY_BE_EMPTY:
            properties.setdefault("VALUE_LIST", [])
        missing = [option for option in ("TYPE", "VALUE_LIST") if option not in properties]
        if missing:
            raise errors.missing_option(", ".join(missing))
        allowed = _MODES[properties["TYPE"]]
        if properties["MODE"] not in allowed:
            raise errors.invalid_value(
                properties["MODE"], "MODE", f"{', '.join(allowed)} for type {properties['TYPE']}"
            )
        _check_values(properties["TYPE"], properties["VALUE_LIST"])

    def alter(self, context: Context, statement: Statement) -> Result:
        with no_lock_out(context):
            return super().alter(context, statement)

    def altered(self, context: Context, item: Object, changed: dict[str, Any]) -> None:
        for option in ("TYPE", "MODE"):
            if option in changed:
                raise errors.unsupported(f"ALTER NETWORK RULE SET {option}")
        if "VALUE_LIST" in changed:
            changed["VALUE_LIST"] = changed["VALUE_LIST"] or []
            _check_values(item.properties["TYPE"], changed["VALUE_LIST"])

    def row(self, context: Context, item: Object) -> dict[str, Any]:
        properties = item.properties
        return {
            "type": properties["TYPE"],
            "mode": properties["MODE"],
            "entries_in_valuelist": len(properties["VALUE_LIST"]),
        }

    def describe(self, context: Context, item: Object) -> Result:
        row = self.show_row(context, item)
        row["value_list"] = ",".join(item.properties["VALUE_LIST"])
        return table(self.describe_columns, [row])

    def dropping(self, context: Context, item: Object, forced: bool) -> None:
        # After OR REPLACE integrations use the new rule, because they name it.
        if not forced:
            references.refuse_referenced(context, item)


def host_and_port(value: str) -> tuple[str, int]:
    """Host and port of `host` or `host:port`; the default port is 443.

    Raises:
        SnowflakeError: 001008 when the text has another form.
    """
    host, _, port = value.partition(":")
    number = int(port) if port.isdecimal() else DEFAULT_PORT if not port and ":" not in value else 0
    if not _HOST.fullmatch(host) or not 0 < number < 65536:
        raise errors.invalid_value(value, "VALUE_LIST", "a host name, or a host name, ':' and a port")
    if host == "0.0.0.0" and number not in (80, 443):  # noqa: S104 a word for "everywhere", not an address
        raise errors.invalid_value(value, "VALUE_LIST", "0.0.0.0 with port 80 or 443")
    return host.lower(), number


def _check_values(kind: str, values: list[str]) -> None:
    for value in values:
        if kind in ("HOST_PORT", "PRIVATE_HOST_PORT"):
            host_and_port(value)
        elif kind == "IPV4":
            _check_network(value)
        elif kind == COMPUTE_POOL and not _POOL.fullmatch(value):
            raise errors.invalid_value(value[:100], "VALUE_LIST", "names of compute pools, or ALL")


def _check_network(value: str) -> None:
    try:
        ipaddress.IPv4Network(value, strict=False)
    except ValueError:
        raise errors.invalid_value(value, "VALUE_LIST", "an IPv4 address or network") from None


TYPES = [NetworkRule()]
