"""The key with which the account encrypts what it must be able to read again: the values of secrets."""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path

from cryptography.fernet import Fernet

_FILE = "secrets.key"


def seal(state: Path, text: str) -> str:
    """Encrypt a text with the key in the state folder, which is made at the first use."""
    return _cipher(state).encrypt(text.encode()).decode()


def unseal(state: Path, sealed: str) -> str:
    """The text that `seal` encrypted.

    Raises:
        cryptography.fernet.InvalidToken: the key file is not the one it was encrypted with.
    """
    return _cipher(state).decrypt(sealed.encode()).decode()


@cache
def _cipher(state: Path) -> Fernet:
    path = state / _FILE
    if not path.exists():
        _write(path, Fernet.generate_key())
    return Fernet(path.read_bytes())


def _write(path: Path, key: bytes) -> None:
    # A half-written key would lock its secrets away for ever: the file gets its name when it is complete.
    draft = path.with_suffix(f".{os.getpid()}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(key)
        os.fsync(file.fileno())
    draft.rename(path)
