"""The settings of a stack, read once and checked before the first resource is declared.

Pulumi.yaml declares the same settings for `pulumi config` and the engine; a test keeps the two alike.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, Field, dataclass, field, fields
from typing import Any

import pulumi
from pulumi.runtime.config import is_config_secret

from setting_values import CHECKS, PARSERS, NotebookUser, anything, camel_case, shown


class SettingsError(pulumi.RunError):
    """One or more settings have values that cannot be used; the message names each."""


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Settings of one stack; Pulumi.yaml describes each under its name in camel case."""

    prefix: str = ""
    user_password: str = field(default="", repr=False)
    generate_user_password: bool = False
    user_public_key: str = ""
    notebook_users: tuple[NotebookUser, ...] = ()
    warehouse_size: str = "XSMALL"
    warehouse_auto_suspend: int = 180
    milvus_instance_family: str = "CPU_X64_S"
    jupyter_instance_family: str = "CPU_X64_S"
    shared_compute_pool: bool = False
    pool_auto_suspend: int = 600
    milvus_volume_size: int = 10
    milvus_volume_iops: int = 0
    milvus_volume_throughput: int = 0
    milvus_snapshot: str = ""
    egress_hosts: tuple[str, ...] = ()
    ingress_integration: bool = False
    base_images: Mapping[str, str] = field(default_factory=dict)
    builder: str = ""
    ready_timeout: int = 600
    protect: bool = False
    retain_on_delete: bool = False
    allow_data_loss: bool = False
    monthly_credit_budget: int = 0
    verify: bool = True

    def named(self, default: str) -> str:
        """Name of an account-level object in this stack: the prefix and its default name."""
        return f"{self.prefix}_{default}" if self.prefix else default


def load(config: pulumi.Config | None = None) -> Settings:
    """Read and check the stack's settings.

    Args:
        config: the project's configuration; default that of the running program.

    Raises:
        SettingsError: naming every bad setting, its value (not for secrets) and the allowed values.
    """
    config = config or pulumi.Config()
    values: dict[str, Any] = {}
    problems: list[str] = []
    for setting in fields(Settings):
        text = config.get(camel_case(setting.name))
        try:
            value = _default(setting) if text is None else PARSERS[setting.type](text)
            values[setting.name] = CHECKS.get(setting.name, anything)(value)
        except ValueError as error:
            given = "the secret value" if setting.name == "user_password" else shown(text)
            problems.append(f"{camel_case(setting.name)}: {given} cannot be used; it must be {error}")
    if values.get("user_password") and values.get("generate_user_password"):
        problems.append("userPassword and generateUserPassword: only one of them can be set")
    if any(user.name == f"{_prefix(values)}MILVUS_USER" for user in values.get("notebook_users", ())):
        problems.append("notebookUsers: MILVUS_USER is made by the stack anyway; it has settings of its own")
    # The engine's own mark for secret settings cannot be had together with a default.
    if values.get("user_password") and not is_config_secret(config.full_key("userPassword")):
        problems.append("userPassword: stored as plain text; set it with `pulumi config set --secret`")
    if problems:
        raise SettingsError("The stack's settings cannot be used:\n  " + "\n  ".join(problems))
    return Settings(**values)


def _prefix(values: Mapping[str, Any]) -> str:
    return f"{values['prefix']}_" if values.get("prefix") else ""


def _default(setting: Field[Any]) -> Any:
    return setting.default_factory() if setting.default_factory is not MISSING else setting.default
