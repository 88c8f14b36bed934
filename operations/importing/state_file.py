"""The file for `pulumi import`, and the completion of what the import wrote into the state."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterable, Mapping
from typing import Any

from components.roles.password import generate
from operations.importing.existing import Found

SECRETS = ("SecretWithBasicAuthentication", "SecretWithGenericString")
# https://www.pulumi.com/docs/iac/concepts/secrets/: how a file marks a secret value.
_SECRET = {"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270"}

_RAW_STATE_DELTA = "__pulumi_raw_state_delta"


def placeholders(found: Iterable[Found]) -> dict[str, dict[str, Any]]:
    """A password for the state of each secret, by URN of the resource that keeps it.

    Snowflake shows nobody the password in a secret. The account's password stays as it is. State and program
    agree on another text, so that `up` does not change the secret.
    """
    kept = (item.planned.stash for item in found if item.planned.item.kind in SECRETS)
    return {stash: {**_SECRET, "plaintext": json.dumps(generate())} for stash in kept if stash}


def unreadable(found: Found, passwords: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Inputs that the provider does not read from the account."""
    item = found.planned.item
    if item.kind == "Service":
        return {"fromSpecification": {"text": found.specification}}
    if item.kind == "StageInternal":
        return {"encryption": item.inputs["encryption"]}
    if item.kind in SECRETS and found.planned.stash in passwords:
        return {"password": passwords[found.planned.stash]}
    return {}


def narrowed(
    file: Mapping[str, Any], found: Iterable[Found], passwords: Mapping[str, Mapping[str, Any]]
) -> dict[str, Any]:
    """An import file with the resources to take over, and the providers and components that they need.

    Args:
        file: as `pulumi preview --import-file` writes it.
        found: what is to be taken over.
        passwords: of `placeholders`.
    """
    wanted = {_key(item.planned.urn): item for item in found}
    stashes = {_key(urn): password for urn, password in passwords.items()}
    chosen = []
    for entry in file["resources"]:
        key = (entry["type"], entry.get("logicalName", entry["name"]))
        if key in wanted:
            inputs = unreadable(wanted[key], passwords)
            chosen.append({**entry, "id": wanted[key].planned.id, **({"inputs": inputs} if inputs else {})})
        elif key in stashes:
            value = stashes[key]
            # With outputs, nobody is asked for it.
            outputs = {"input": value, "output": value}
            chosen.append({**entry, "id": str(uuid.uuid4()), "inputs": {"input": value}, "outputs": outputs})
    others = {entry["name"]: entry for entry in file["resources"] if "id" not in entry}
    needed = {entry.get(role) for entry in chosen for role in ("provider", "parent")}
    # Parents come first in it.
    for name, entry in reversed(others.items()):
        if name in needed:
            needed.add(entry.get("parent"))
    return {**file, "resources": [entry for name, entry in others.items() if name in needed] + chosen}


def complete(
    state: Mapping[str, Any], found: Iterable[Found], passwords: Mapping[str, Mapping[str, Any]]
) -> None:
    """Record in a state what the import could not read, and remove what the program leaves open.

    The provider reads every property. The next `up` would reset a property that the program does not give, or
    replace the object: a schema whose transience is not declared counts as another schema.

    Args:
        state: as `pulumi stack export` gives it; it is changed.
        found: what was imported.
        passwords: of `placeholders`.
    """
    imported = {item.planned.urn: item for item in found}
    for resource in state["deployment"]["resources"]:
        if item := imported.get(resource["urn"]):
            declared = item.planned.item.inputs
            filled = {key: declared[key] for key in declared.get("__defaults", ())}
            left_open = [key for key in resource["inputs"] if key not in declared]
            for part in (resource["inputs"], resource["outputs"]):
                for key in left_open:
                    part.pop(key, None)
                part |= {key: value for key, value in filled.items() if key in part}
                part |= unreadable(item, passwords)
            resource["inputs"]["__defaults"] = sorted(filled)
            # It tells how the provider's own state differs from the outputs, which have just changed.
            resource["outputs"].pop(_RAW_STATE_DELTA, None)


def _key(urn: str) -> tuple[str, str]:
    """Type and name in the program."""
    _, _, rest = urn.partition("::")
    kinds, _, name = rest.partition("::")[2].rpartition("::")
    return kinds.rpartition("$")[2], name
