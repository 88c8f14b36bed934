"""Passwords that are made once and kept, encrypted, in the stack's state."""

from __future__ import annotations

import secrets
import string

import pulumi

_KINDS = (string.ascii_lowercase, string.ascii_uppercase, string.digits)
_ALPHABET = "".join(_KINDS)
_LENGTH = 32


def generate() -> str:
    """A random password of 32 characters: small letters, capital letters and digits, at least one of each."""
    while True:
        password = "".join(secrets.choice(_ALPHABET) for _ in range(_LENGTH))
        if all(set(password) & set(kind) for kind in _KINDS):
            return password


def kept_password(name: str, parent: pulumi.Resource) -> pulumi.Output[str]:
    """A secret password that stays the same after the first `up`. To get another one, replace the resource.

    Args:
        name: name of the resource that keeps the password.
        parent: the resource's parent.
    """
    stash = pulumi.Stash(
        name,
        input=pulumi.Output.secret(generate()),
        # Every run of the program makes a new value; only the first one is used.
        opts=pulumi.ResourceOptions(
            parent=parent, ignore_changes=["input"], additional_secret_outputs=["input", "output"]
        ),
    )
    return pulumi.Output.secret(stash.output)
