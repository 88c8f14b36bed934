"""The settings of a stack, read once and checked before the first resource is declared.

Pulumi.yaml declares the same settings for `pulumi config` and the engine; a test keeps the two alike.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, Field, dataclass, field, fields
from typing import Any

import pulumi
from pulumi.runtime.config import is_config_secret

from settings.values import CHECKS, PARSERS, NotebookUser, anything, camel_case, shown


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
    warehouse_monthly_credits: int = 0
    milvus_instance_family: str = "CPU_X64_S"
    jupyter_instance_family: str = "CPU_X64_S"
    shared_compute_pool: bool = False
    notebooks: int = 1
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
    existing_warehouse: str = ""
    existing_database: str = ""
    existing_role: str = ""
    existing_integration: str = ""
    verify: bool = True

    def named(self, default: str) -> str:
        """Name of an account-level object in this stack: the prefix and its default name."""
        return f"{self.prefix}_{default}" if self.prefix else default

    @property
    def notebook_services(self) -> dict[str, str]:
        """Name of each notebook's service, by the component's name."""
        more = range(2, self.notebooks + 1)
        return {"notebook": "JUPYTER", **{f"notebook-{number}": f"JUPYTER_{number}" for number in more}}

    @property
    def warehouse(self) -> str:
        """Name of the warehouse."""
        return self.existing_warehouse or self.named("MILVUS_WAREHOUSE")

    @property
    def database(self) -> str:
        """Name of the database."""
        return self.existing_database or self.named("MILVUS_DEMO")

    @property
    def schema(self) -> str:
        """Name of the schema; in a database of others one that the stack has for itself."""
        return self.named("MILVUS") if self.existing_database else "PUBLIC"

    @property
    def namespace(self) -> str:
        """Database and schema."""
        return f"{self.database}.{self.schema}"

    @property
    def people_role(self) -> str:
        """Name of the role that may enter the notebook."""
        return self.existing_role or self.named("MILVUS_ROLE")


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
    if not problems:
        problems = _conflicts(Settings(**values))
    # The engine's own mark for secret settings cannot be had together with a default.
    if values.get("user_password") and not is_config_secret(config.full_key("userPassword")):
        problems.append("userPassword: stored as plain text; set it with `pulumi config set --secret`")
    if problems:
        raise SettingsError("The stack's settings cannot be used:\n  " + "\n  ".join(problems))
    return Settings(**values)


def _conflicts(chosen: Settings) -> list[str]:
    """What cannot be set together."""
    problems = []
    if chosen.user_password and chosen.generate_user_password:
        problems.append("userPassword and generateUserPassword: only one of them can be set")
    if any(user.name == chosen.named("MILVUS_USER") for user in chosen.notebook_users):
        problems.append("notebookUsers: MILVUS_USER is made by the stack anyway; it has settings of its own")
    if chosen.existing_integration and chosen.egress_hosts:
        problems.append("existingIntegration and egressHosts: only one of them can be set")
    if chosen.existing_warehouse and chosen.warehouse_monthly_credits:
        problems.append("warehouseMonthlyCredits: it limits the stack's own warehouse, not existingWarehouse")
    users = {
        "userPassword": chosen.user_password,
        "generateUserPassword": chosen.generate_user_password,
        "userPublicKey": chosen.user_public_key,
        "notebookUsers": chosen.notebook_users,
    }
    if chosen.existing_role and (given := [name for name, value in users.items() if value]):
        problems.append(
            f"existingRole: it has its users already, so {', '.join(given)} cannot be set with it"
        )
    own = {
        "existing_warehouse": chosen.named("MILVUS_WAREHOUSE"),
        "existing_database": chosen.named("MILVUS_DEMO"),
        "existing_role": chosen.named("MILVUS_ROLE"),
        "existing_integration": chosen.named("MILVUS_EGRESS_EAI"),
    }
    for setting, name in own.items():
        if getattr(chosen, setting) == name:
            problems.append(
                f"{camel_case(setting)}: {name} is what the stack makes itself; leave the setting empty, or "
                "set another prefix"
            )
    return problems


def _default(setting: Field[Any]) -> Any:
    return setting.default_factory() if setting.default_factory is not MISSING else setting.default
