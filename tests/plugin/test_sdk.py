"""The plugin's types against the published SDK: tokens, property names, what is required, what is secret."""

from __future__ import annotations

import inspect
import re
from importlib.metadata import version

import pulumi_snowflake
import pytest
from pulumi._types import input_type_py_to_pulumi_names

from standins.snowflake_plugin import VERSION, config
from standins.snowflake_plugin.columns import Column
from standins.snowflake_plugin.objects import ObjectResource
from standins.snowflake_plugin.resource import Resource
from standins.snowflake_plugin.types import TYPES

# What the stand-in leaves to the official plugin.
LEFT_OUT = {
    "Database": {"replication"},
    "StageInternal": {"fileFormat"},
    "Service": {"serviceCallerTokenValiditySecs"},
    "ServiceUser": {"defaultWorkloadIdentity"},
    "LegacyServiceUser": {"defaultWorkloadIdentity"},
}
ALL = pytest.mark.parametrize("resource", TYPES.values(), ids=lambda resource: resource.type)


def names(resource: Resource) -> dict[str, str]:
    """The SDK's Python names of a type's inputs and the Pulumi names."""
    return input_type_py_to_pulumi_names(getattr(pulumi_snowflake, resource.type + "Args"))


def test_version() -> None:
    assert version("pulumi-snowflake") == VERSION


@ALL
def test_token(resource: Resource) -> None:
    assert f"'{resource.token}'" in inspect.getsource(getattr(pulumi_snowflake, resource.type))


@ALL
def test_inputs(resource: Resource) -> None:
    assert set(resource.by_name) | LEFT_OUT.get(resource.type, set()) == set(names(resource).values())


@ALL
def test_required(resource: Resource) -> None:
    parameters = inspect.signature(getattr(pulumi_snowflake, resource.type + "Args").__init__).parameters
    required = {
        names(resource)[name]
        for name, parameter in parameters.items()
        if name != "__self__" and parameter.default is inspect.Parameter.empty
    }

    # The SDK lets a name be left out, because Pulumi makes one up.
    assert {prop.name for prop in resource.props if prop.required} - {"name"} == required - {"name"}


@ALL
def test_secrets(resource: Resource) -> None:
    source = inspect.getsource(getattr(pulumi_snowflake, resource.type))
    found = re.search(r"additional_secret_outputs=\[([^]]*)]", source)

    assert resource.secrets == set(re.findall(r'"(\w+)"', found[1]) if found else ())


@ALL
@pytest.mark.parametrize("output", ["show", "describe"])
def test_output_columns(resource: Resource, output: str) -> None:
    columns: list[Column] = list(getattr(resource, f"{output}_columns", ()))
    kind = getattr(pulumi_snowflake.outputs, f"{resource.type}{output.capitalize()}Output", None)
    if not columns or kind is None or resource.type == "Database":
        return
    assert isinstance(resource, ObjectResource)
    annotations = inspect.get_annotations(kind.__init__, eval_str=False)
    getters = {
        name: re.search(r'name="(\w+)"', inspect.getsource(member.fget))
        for name, member in inspect.getmembers(kind, lambda member: isinstance(member, property))
    }
    known = {(match[1] if match else name): str(annotations[name]) for name, match in getters.items()}
    types = {"text": "str", "int": "int", "percent": "int", "bool": "bool", "list": "Sequence"}

    for column in columns:
        assert column.output in known, column
        assert types[column.kind] in known[column.output] or "float" in known[column.output], column


def test_provider_settings() -> None:
    settings = set(input_type_py_to_pulumi_names(pulumi_snowflake.ProviderArgs).values())

    assert settings == config.SUPPORTED | config.UNSUPPORTED
