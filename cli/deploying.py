"""Commands that deploy a stack and take it down: up, preview, down."""

from __future__ import annotations

from cli.options import DEFAULT, Stack
from workstation import deploy


def up(stack: Stack = DEFAULT) -> int:
    """Deploy the stack, and print the notebook's address.

    What is missing on this machine is installed, and the local account is started for the stack `local`.
    """
    return deploy.up(stack)


def preview(stack: Stack = DEFAULT) -> int:
    """Show what `up` would change."""
    return deploy.preview(stack)


def down(stack: Stack = DEFAULT) -> int:
    """Destroy the stack, and stop the local account if it ran there."""
    return deploy.down(stack)
