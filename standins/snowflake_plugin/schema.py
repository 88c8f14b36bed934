"""The types as a Pulumi package schema, by which `pulumi import` writes a program's lines.

See https://www.pulumi.com/docs/iac/using-pulumi/pulumi-packages/schema/.
"""

from collections.abc import Mapping
from typing import Any

from standins.snowflake_plugin import VERSION
from standins.snowflake_plugin.properties import Prop
from standins.snowflake_plugin.resource import Resource
from standins.snowflake_plugin.types import TYPES

_TEXTS = {"type": "array", "items": {"type": "string"}}
_NUMBERS = {"type": "array", "items": {"type": "integer"}}
_KINDS: Mapping[str, Mapping[str, Any]] = {
    "int": {"type": "integer"},
    "count": {"type": "integer"},
    "bool": {"type": "boolean"},
    "ints": _NUMBERS,
    "block": {"type": "object", "additionalProperties": {"$ref": "pulumi.json#/Any"}},
    **dict.fromkeys(("idents", "names", "texts", "words"), _TEXTS),
}


def package_schema() -> dict[str, Any]:
    """The schema of everything that the stand-in supports."""
    resources = {token: _resource(resource) for token, resource in TYPES.items()}
    return {"name": "snowflake", "version": VERSION, "resources": resources}


def _resource(resource: Resource) -> dict[str, Any]:
    inputs = {prop.name: _property(prop) for prop in resource.props}
    required = [prop.name for prop in resource.props if prop.required and prop.name != "name"]
    return {"inputProperties": inputs, "requiredInputs": required, "properties": inputs, "required": required}


def _property(prop: Prop) -> dict[str, Any]:
    kind = _KINDS.get(prop.kind, {"type": "string"})
    return {**kind, **({"secret": True} if prop.secret else {})}
