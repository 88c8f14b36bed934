"""What `pulumi up` would make, read from a preview: each resource with the id that imports it.

See https://www.pulumi.com/docs/iac/adopting-pulumi/import/ and the section Import of each type at
https://www.pulumi.com/registry/packages/snowflake/.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from components.account import sql
from operations.objects import Managed
from workstation.stack import Stack, identity

# How the engine writes a value that is known only after the `up`.
UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
_PROVIDER = "pulumi:providers:snowflake"


@dataclass(frozen=True)
class Planned:
    """One resource that is not in the state and that `up` would make.

    Attributes:
        urn: its URN.
        item: what the program declares; names that are outputs of other resources are filled in.
        stash: URN of the resource that keeps its password; empty if it has no password.
    """

    urn: str
    item: Managed
    stash: str

    @property
    def id(self) -> str:
        """The id that it has in the state; empty when its type cannot be imported."""
        return resource_id(self.item)


def preview(stack: Stack, file: Path | None = None) -> list[dict[str, Any]]:
    """The steps of `pulumi preview`.

    Args:
        stack: the stack.
        file: where to write, in the form of `pulumi import --file`, what would be made; default nowhere.

    Raises:
        ToolchainError: the preview failed, e.g. because a setting is wrong.
    """
    answer = stack.ask("preview", "--json", "--show-sames", *(("--import-file", str(file)) if file else ()))
    return json.loads(answer)["steps"]


def planned(steps: Iterable[Mapping[str, Any]]) -> list[Planned]:
    """What would be made, without components and providers, in the order of the program.

    Args:
        steps: of a preview.
    """
    states = {step["urn"]: step.get("newState") or {} for step in steps}
    providers = {urn: state for urn, state in states.items() if state.get("type") == _PROVIDER}
    names: dict[str, str] = {}
    found = []
    for step in steps:
        state = states[step["urn"]]
        item = Managed(
            resource=step["urn"].rpartition("::")[2],
            kind=state.get("type", "").rpartition(":")[2],
            owner=_role(providers.get(state.get("provider", "").rpartition("::")[0])),
            inputs=_resolved(state, names),
        )
        if "name" in item.inputs:
            names[step["urn"]] = item.quoted
        provider = state.get("type", "").startswith("pulumi:providers:")
        if step["op"] == "create" and state.get("custom") and not provider:
            keepers = (state.get("propertyDependencies") or {}).get("password") or [""]
            found.append(Planned(step["urn"], item, keepers[0]))
    return found


def _role(provider: Mapping[str, Any] | None) -> str:
    return provider["inputs"].get("role", "") if provider else ""


def resource_id(item: Managed) -> str:
    """The id of a resource in the state, as its provider makes it; empty where it has no name."""
    inputs = item.inputs
    if item.kind == "GrantAccountRole":
        kind, grantee = ("USER", inputs.get("userName")) if inputs.get("userName") else ("ROLE", None)
        return "|".join(
            (sql.identifier(inputs["roleName"]), kind, sql.identifier(grantee or inputs["parentRoleName"]))
        )
    if item.kind == "GrantPrivilegesToAccountRole":
        listed = ",".join(inputs["privileges"])
        return "|".join((sql.identifier(inputs["accountRoleName"]), "false|false", listed, _target(inputs)))
    return identity(f"snowflake:index/{item.kind[:1].lower()}{item.kind[1:]}:{item.kind}", inputs)


def _target(inputs: Mapping[str, Any]) -> str:
    if inputs.get("onAccount"):
        return "OnAccount"
    if on := inputs.get("onAccountObject"):
        return f"OnAccountObject|{on['objectType']}|{sql.identifier(on['objectName'])}"
    if on := inputs.get("onSchema"):
        return f"OnSchema|OnSchema|{on['schemaName']}"
    on = inputs["onSchemaObject"]
    return f"OnSchemaObject|OnObject|{on['objectType']}|{on['objectName']}"


def _resolved(state: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    """Inputs with the names of objects that do not exist yet, because these follow from other inputs."""
    dependencies = state.get("propertyDependencies") or {}
    inputs = dict(state.get("inputs") or {})
    for key, value in inputs.items():
        sources = [names[urn] for urn in dependencies.get(key, ()) if urn in names]
        if isinstance(value, dict) and len(sources) == 1:
            inputs[key] = {part: sources[0] if text == UNKNOWN else text for part, text in value.items()}
    return inputs
