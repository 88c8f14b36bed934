"""Reads a stack's settings from its configuration and reports all bad ones in one error."""

from __future__ import annotations

import json
from typing import Any

import pulumi
from pulumi.runtime.config import is_config_secret
from pydantic import ValidationError
from pydantic.alias_generators import to_camel

from settings.errors import SettingsError
from settings.model import Settings
from settings.values import shown

# By the name that a setting has in Pulumi.yaml.
_FIELDS = {to_camel(name): field for name, field in Settings.model_fields.items()}


def load(config: pulumi.Config | None = None) -> Settings:
    """Read and check the stack's settings.

    Args:
        config: the project's configuration; default: that of the running program.

    Raises:
        SettingsError: it names every bad setting, its value (unless it is a secret) and the allowed values.
    """
    config = config or pulumi.Config()
    texts = {name: text for name in _FIELDS if (text := config.get(name)) is not None}
    problems = []
    chosen = Settings()
    try:
        values = {name: _value(name, text) for name, text in texts.items()}
        chosen = Settings.model_validate(values, by_alias=True, by_name=False)
    except ValidationError as error:
        for item in error.errors(include_url=False):
            problems += _described(item["loc"], str(item.get("ctx", {}).get("error")), texts)
    # The schema in Pulumi.yaml cannot declare a setting secret that has a default.
    if texts.get("userPassword", "").strip() and not is_config_secret(config.full_key("userPassword")):
        problems.append("userPassword: stored as plain text; set it with `pulumi config set --secret`")
    if problems:
        raise SettingsError("The stack's settings cannot be used:\n  " + "\n  ".join(problems))
    return chosen


def _value(name: str, text: str) -> Any:
    """The value of a setting; Pulumi gives every value as text, and what is not a string as JSON."""
    if _FIELDS[name].annotation is str:
        return text.strip()
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


def _described(place: tuple[int | str, ...], reason: str, texts: dict[str, str]) -> list[str]:
    """The problems that one error of the model reports."""
    if not place:
        return reason.splitlines()
    name = str(place[0])
    given = shown(texts[name]) if _FIELDS[name].repr else "the secret value"
    return [f"{name}: {given} cannot be used; it must be {reason}"]
