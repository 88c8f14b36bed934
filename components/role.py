"""A role as others need it: its name, and whether its end ends what it was granted."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
import pulumi_snowflake as snowflake


@dataclass(frozen=True)
class Role:
    """A role that the stack makes, or one that is there already.

    Attributes:
        name: the role's name.
        made: the stack's own resource. Dropping it ends all its grants, so they need no REVOKE of their own.
            None for a role that is there already: it stays, and its grants are revoked one by one.
    """

    name: pulumi.Output[str]
    made: snowflake.AccountRole | None = None


def made(role: snowflake.AccountRole) -> Role:
    """A role that the stack makes."""
    return Role(role.name, role)


def existing(resource: str, name: str, opts: pulumi.ResourceOptions) -> Role:
    """A role that is there already; it is read, and never changed or dropped.

    Args:
        resource: name of the resource in the program.
        name: the role's name as SHOW ROLES has it.
        opts: options of the resource.

    Raises:
        Exception: from the engine, at preview already, when there is no such role.
    """
    return Role(snowflake.AccountRole.get(resource, name, opts=opts).name)
