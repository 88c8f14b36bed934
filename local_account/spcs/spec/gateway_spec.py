"""Specifications of gateways.

See https://docs.snowflake.com/en/sql-reference/sql/create-gateway
"""

from __future__ import annotations

from typing import Any

from local_account.base import errors
from local_account.base.errors import SnowflakeError
from local_account.base.sql import Statement, shown
from local_account.spcs.spec import document
from local_account.spcs.spec.document import Node, invalid
from local_account.spcs.spec.names import unique

MAX_TARGETS = 5
_ALL = 100


def parse(text: str) -> list[dict[str, Any]]:
    """The targets of a gateway that splits its traffic: `service` (three parts), `endpoint` and `weight`.

    Raises:
        SnowflakeError: 395018 for a wrong specification, 000002 for a gateway of another type.
    """
    spec = document.load(text).only("spec").need("spec")
    spec.only("type", "split_type", "targets", "primary", "shadow")
    if spec.need("type").choice("traffic_split", "shadow_traffic") == "shadow_traffic":
        raise errors.unsupported("GATEWAY type: shadow_traffic")
    spec.only("type", "split_type", "targets").need("split_type").choice("custom")
    found = [_target(node) for node in spec.need("targets").some()]
    if len(found) > MAX_TARGETS:
        raise invalid(f"more than {MAX_TARGETS} targets")
    unique("targets", [_value(target) for target in found])
    total = sum(target["weight"] for target in found)
    if total != _ALL:
        raise invalid(f"the weights of 'targets' must add up to {_ALL}, not {total}")
    return found


def describe(targets: list[dict[str, Any]]) -> str:
    """The specification as DESCRIBE GATEWAY shows it."""
    listed = [{"type": "endpoint", "value": _value(target), "weight": target["weight"]} for target in targets]
    return document.dump({"spec": {"type": "traffic_split", "split_type": "custom", "targets": listed}})


def _target(node: Node) -> dict[str, Any]:
    node.only("type", "value", "weight")
    node.need("type").choice("endpoint")
    text = node.need("value").text()
    service, _, endpoint = text.rpartition("!")
    try:
        statement = Statement(service)
        parts = statement.parts()
        statement.end()
    except SnowflakeError:
        parts = []
    if len(parts) != 3 or not endpoint:
        raise invalid(f"'{node.path}.value' is '{text}'; it must be like db.schema.service!endpoint")
    # Names of endpoints are in lower case.
    return {"service": parts, "endpoint": endpoint.lower(), "weight": node.need("weight").number(0, _ALL)}


def _value(target: dict[str, Any]) -> str:
    return f"{shown(target['service'])}!{target['endpoint']}"
