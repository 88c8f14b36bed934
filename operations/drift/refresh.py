"""Drift that the provider sees: objects that are gone, declared properties with other values."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from operations.drift.finding import Finding
from operations.target import Target

_IMAGE = "docker-build:index:Image"
GONE = "deleted"


def findings(target: Target) -> list[Finding]:
    """What `pulumi refresh --preview-only` would change in the state.

    It signs in with the credentials of the last `up`. Images are left out, because the registry may no longer
    accept those credentials; the module `services` asks the account about images instead. Objects that the
    stack only reads are left out too.
    """
    skipped = [item["urn"] for item in target.resources if item["type"] == _IMAGE or item.get("external")]
    answer = target.stack.ask("refresh", "--preview-only", "--json", *(f"--exclude={urn}" for urn in skipped))
    return [finding for step in json.loads(answer)["steps"] for finding in step_findings(step)]


def step_findings(step: Mapping[str, Any]) -> Iterator[Finding]:
    """Drift in one step of the refresh.

    Args:
        step: with the resource's states before and after. Only inputs count: outputs such as the time of an
            object's last change move by themselves.
    """
    name = step["urn"].rpartition("::")[2]
    before, after = step.get("oldState") or {}, step.get("newState") or {}
    if before and not after:
        yield Finding(name, before["type"].rpartition(":")[2], "there", GONE)
        return
    old, new = before.get("inputs") or {}, after.get("inputs") or {}
    # The plugin fills in what the program leaves open, and does not report it when it reads the object.
    unset = {"__defaults", *(key for key in old.get("__defaults", ()) if key not in new)}
    for key in {**old, **new}:
        if key not in unset and old.get(key) != new.get(key):
            yield Finding(name, key, _shown(old.get(key)), _shown(new.get(key)))


def _shown(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(_shown(item) for item in value) or "-"
    return "-" if value is None else str(value)
