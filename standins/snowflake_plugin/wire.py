"""Values of the engine's protocol, and the protocol's classes.

The protocol's generated modules live inside the ``pulumi`` package, whose ``__init__`` loads the whole SDK
(0.7 s of every start). Only the generated modules are needed here, so the packages around them are entered
without running their ``__init__``.
"""

import sys
from collections.abc import Iterable, Mapping
from importlib import import_module
from importlib.util import find_spec
from types import ModuleType
from typing import Any

from google.protobuf import struct_pb2


def _load_protocol(*modules: str) -> list[ModuleType]:
    """The generated modules, found without running the packages that hold them."""
    packages = [name for name in ("pulumi", "pulumi.runtime", _PROTOCOL) if name not in sys.modules]
    for name in packages:
        spec = find_spec(name)
        if spec is None or spec.submodule_search_locations is None:
            raise ImportError(f"the Python package {name} is missing: run `uv sync`")
        package = ModuleType(name)
        package.__path__ = list(spec.submodule_search_locations)
        sys.modules[name] = package
    try:
        return [import_module(f"{_PROTOCOL}.{name}") for name in modules]
    finally:
        # A later import in this process still gets the whole SDK.
        for name in packages:
            del sys.modules[name]


_PROTOCOL = "pulumi.runtime.proto"
engine_pb2, engine_pb2_grpc, plugin_pb2, provider_pb2, provider_pb2_grpc, status_pb2 = _load_protocol(
    "engine_pb2", "engine_pb2_grpc", "plugin_pb2", "provider_pb2", "provider_pb2_grpc", "status_pb2"
)

UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
"""Stands for a value that is known only after other resources are made."""

_SIGNATURE = "4dabf18193072939515e22adb298388d"
_SECRET = "1b47061264138c4ac30d75fd1eb44270"  # noqa: S105 - a marker, not a credential


def decode(struct: struct_pb2.Struct) -> dict[str, Any]:
    """A message's properties as Python values: whole numbers as int, secrets unwrapped, nulls left out."""
    values = {key: _decode_value(value) for key, value in struct.fields.items()}
    return {key: value for key, value in values.items() if value is not None}


def _decode_value(value: struct_pb2.Value) -> Any:
    kind = value.WhichOneof("kind")
    if kind == "struct_value":
        fields = value.struct_value.fields
        if _SIGNATURE in fields and fields[_SIGNATURE].string_value == _SECRET:
            return _decode_value(fields["value"])
        return decode(value.struct_value)
    if kind == "list_value":
        return [_decode_value(item) for item in value.list_value.values]
    if kind == "number_value":
        return int(value.number_value) if value.number_value.is_integer() else value.number_value
    return None if kind in (None, "null_value") else getattr(value, kind)


def encode(values: Mapping[str, Any], secret: Iterable[str] = ()) -> struct_pb2.Struct:
    """Python values as a message's properties; the named ones are marked as secret."""
    struct = struct_pb2.Struct()
    struct.update({key: _marked(value, key in secret) for key, value in values.items() if value is not None})
    return struct


def _marked(value: Any, is_secret: bool) -> Any:
    return {_SIGNATURE: _SECRET, "value": value} if is_secret and value != UNKNOWN else value


def has_unknown(value: Any) -> bool:
    """Whether a value, or anything inside it, is not known yet."""
    if isinstance(value, Mapping):
        return any(has_unknown(item) for item in value.values())
    if isinstance(value, list | tuple):
        return any(has_unknown(item) for item in value)
    return isinstance(value, str) and value == UNKNOWN
