"""The stack that a command acts on: its settings, its account and its recorded resources."""

from __future__ import annotations

import json
import os
from functools import cached_property
from typing import Any

import pulumi

import settings
from components.account import account
from workstation.stack import Stack

PROJECT = "milvus-spcs"


class Target:
    """A stack as its program sees it, read outside a deployment.

    Args:
        stack: the stack, with the environment that Pulumi runs in.

    Raises:
        SettingsError: a setting of the stack cannot be used.
    """

    settings: settings.Settings

    def __init__(self, stack: Stack) -> None:
        self.stack = stack
        os.environ.update(stack.variables)
        entries = json.loads(stack.ask("config", "--json", "--show-secrets"))
        texts = {key: _text(entry) for key, entry in entries.items()}
        values = {key: text for key, text in texts.items() if text is not None}
        pulumi.runtime.set_all_config(values, [key for key, entry in entries.items() if entry.get("secret")])
        self.settings = settings.load(pulumi.Config(PROJECT))

    @cached_property
    def account(self) -> account.Account:
        """The stack's account, with the stack's own credentials.

        Raises:
            AccountError: the account or its credentials are not configured.
        """
        return account.from_config()

    @cached_property
    def resources(self) -> list[dict[str, Any]]:
        """The resources in the stack's state, secrets encrypted."""
        return json.loads(self.stack.ask("stack", "export"))["deployment"].get("resources", [])

    def forget_state(self) -> None:
        """Read the resources again at their next use."""
        self.__dict__.pop("resources", None)

    def configured(self, key: str) -> bool:
        """Whether a setting is set in the stack, not only in the environment."""
        return pulumi.runtime.get_config(key) is not None

    @property
    def owner_role(self) -> str:
        """Name of the role that operates both services, because the notebook's role is granted to it."""
        return self.settings.named("MILVUS_OWNER_ROLE")


def _text(entry: dict[str, Any]) -> str | None:
    value = entry.get("value", entry.get("objectValue"))
    return value if value is None or isinstance(value, str) else json.dumps(value)
