"""A role passed between components, and whether the stack made it (then dropping it drops its grants)."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
import pulumi_snowflake as snowflake


@dataclass(frozen=True)
class Role:
    """A role that the stack makes, or one that exists already.

    Attributes:
        name: name of the role.
        made: the resource, if the stack makes the role; dropping it ends all its grants, so they need no
            REVOKE. None: the role exists already. It stays, and the stack's grants to it are revoked one by
            one.
    """

    name: pulumi.Output[str]
    made: snowflake.AccountRole | None = None


def made(role: snowflake.AccountRole) -> Role:
    """A role that the stack makes."""
    return Role(role.name, role)


def existing(resource: str, name: str, opts: pulumi.ResourceOptions) -> Role:
    """A role that exists already; it is read, and never changed or dropped. Without it, the preview fails.

    Args:
        resource: name of the resource in the program.
        name: name of the role as SHOW ROLES shows it.
        opts: options of the resource.
    """
    return Role(snowflake.AccountRole.get(resource, name, opts=opts).name)
