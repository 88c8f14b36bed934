"""Give the user that deploys a stack a new key; the old key works until the new one is in use.

Snowflake keeps two public keys for a user. The new key goes into the free slot, is tried, and becomes the
stack's setting. Only then is the old key removed. A rotation that was interrupted goes on at the next call.
See https://docs.snowflake.com/en/user-guide/key-pair-auth#configuring-key-pair-rotation.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from components.account.account import KEY_PAIR, Account, Query
from components.account.sql import identifier, literal
from machine.errors import UserError
from machine.terminal import console, say
from operations.deployer import administrator, keys
from operations.target import Target

SLOTS = ("RSA_PUBLIC_KEY", "RSA_PUBLIC_KEY_2")
_SETTING, _PASSPHRASE = "snowflake:privateKey", "snowflake:privateKeyPassphrase"
_PROVIDER = "pulumi:providers:snowflake"


class RotationError(UserError):
    """The rotation stops; the message says why, what was done and what to do."""


def run(target: Target, *, connection: str | None = None, finish: bool = False) -> None:
    """Rotate the key.

    Args:
        target: the stack.
        connection: connection in connections.toml of somebody who may change the user's keys; default the
            stack's own sign-in.
        finish: only remove the key that the stack does not sign in with. Default false.

    Raises:
        RotationError: the user signs in without a key pair, or the new key has no free slot or fails.
        AccountError: the account refuses.
    """
    account = target.account
    if account.authenticator != KEY_PAIR or account.private_key is None:
        raise RotationError(
            f"{account.user} signs in with {account.authenticator}; only key pairs ({KEY_PAIR}) are rotated"
        )
    current = keys.public_half(account.private_key, account.private_key_passphrase)
    role = administrator.ROLE if connection else account.role
    with administrator.queries(target, connection, role) as query:
        used, other = slots(fingerprints(query, account.user), current)
        file = keys.key_file(target.stack.name, account.user)
        pending = file.with_suffix(".next.p8")
        switched = pending.exists() and keys.public_half(pending.read_text()) == current
        if not finish and not switched:
            private = _introduce(query, account, other, pending)
            if not target.configured(_SETTING):
                console.print(
                    f"The new key works and is in {pending}. The stack's key comes from the environment: "
                    "put the new one there, then call `milvus-spcs rotate-key` again to remove the old one."
                )
                return
            _switch(target, private)
            switched, other = True, used
        if switched:
            _record(target)
        query(f"ALTER USER {identifier(account.user.upper())} UNSET {other}")
        say("rotate-key", f"{account.user} signs in with one key; slot {other} is empty")
        if switched:
            _tidy(file, pending)


def fingerprints(query: Query, user: str) -> dict[str, str]:
    """Fingerprint of the key in each of the user's slots; '' for an empty slot."""
    rows = {row["property"]: row["value"] for row in query(f"DESCRIBE USER {identifier(user.upper())}")}
    shown = {slot: rows.get(f"{slot}_FP") for slot in SLOTS}
    return {slot: "" if value in (None, "null") else value for slot, value in shown.items()}


def slots(found: Mapping[str, str], current: keys.PublicKey) -> tuple[str, str]:
    """The slot of the current key and the other one.

    Raises:
        RotationError: neither slot holds the current key.
    """
    for used, free in (SLOTS, SLOTS[::-1]):
        if found[used] == current.fingerprint:
            return used, free
    raise RotationError(
        "Neither of the user's two slots holds the stack's key; the sign-in used another key."
    )


def _introduce(query: Query, account: Account, slot: str, pending: Path) -> str:
    """Make the user take a new key too; its private half."""
    new, private = _place(query, account.user, slot, pending)
    _try(replace(account, private_key=private, private_key_passphrase=None), new)
    return private


def _switch(target: Target, private: str) -> None:
    """Make the new key the stack's setting."""
    target.stack.tell(private, "config", "set", "--secret", _SETTING)
    if target.configured(_PASSPHRASE):
        target.stack.ask("config", "rm", _PASSPHRASE)


def _record(target: Target) -> None:
    """Put the new key into the state, with which `pulumi refresh` and `destroy` sign in."""
    urns = [item["urn"] for item in target.resources if item["type"] == _PROVIDER]
    if urns:
        target.stack.ask("up", "--yes", "--skip-preview", *(f"--target={urn}" for urn in urns))


def _place(query: Query, user: str, slot: str, pending: Path) -> tuple[keys.PublicKey, str]:
    """Put a new key into a free slot, and its private half into a file that outlives an interruption.

    Raises:
        RotationError: the slot holds a key that no rotation of this stack put there.
    """
    if not pending.exists():
        keys.write_private_key(pending, keys.new_private_key())
    private = pending.read_text()
    new, there = keys.public_half(private), fingerprints(query, user)[slot]
    if there not in ("", new.fingerprint):
        raise RotationError(
            f"{slot} of {user} holds another key ({there}), so no slot is free. If nobody uses it, remove "
            "it with `milvus-spcs rotate-key --finish` and call again."
        )
    query(f"ALTER USER {identifier(user.upper())} SET {slot} = {literal(new.text)}")
    return new, private


def _try(account: Account, new: keys.PublicKey) -> None:
    """Sign in with the new key.

    Raises:
        RotationError: the new key does not work; the old one still does.
    """
    import snowflake.connector  # late, because its import takes most of a second

    try:
        account.connect().close()
    except snowflake.connector.Error as error:
        raise RotationError(
            f"Signing in with the new key {new.fingerprint} fails, the old one stays: {error.msg}"
        ) from error


def _tidy(file: Path, pending: Path) -> None:
    """Put the new key into the bootstrap's key file if that still exists; the settings have it anyway."""
    if file.exists():
        pending.replace(file)
    else:
        pending.unlink()
