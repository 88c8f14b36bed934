"""Passwords that are made once and kept in the stack's state, encrypted."""

from __future__ import annotations

import secrets
import string

import pulumi

_KINDS = (string.ascii_lowercase, string.ascii_uppercase, string.digits)
_ALPHABET = "".join(_KINDS)
_LENGTH = 32


def generate() -> str:
    """A random password of 32 letters and digits, with each kind that Snowflake's default policy wants."""
    while True:
        password = "".join(secrets.choice(_ALPHABET) for _ in range(_LENGTH))
        if all(set(password) & set(kind) for kind in _KINDS):
            return password


def kept_password(name: str, parent: pulumi.Resource) -> pulumi.Output[str]:
    """A password that stays the same from the first `up` on; replace the resource to get another.

    Args:
        name: name of the resource that keeps it.
        parent: the resource's parent.
    """
    stash = pulumi.Stash(
        name,
        input=pulumi.Output.secret(generate()),
        # Every run of the program makes a new value; the first one counts.
        opts=pulumi.ResourceOptions(
            parent=parent, ignore_changes=["input"], additional_secret_outputs=["input", "output"]
        ),
    )
    return pulumi.Output.secret(stash.output)
