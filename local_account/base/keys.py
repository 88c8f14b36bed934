"""The key with which the account encrypts what it must be able to read again: the values of secrets."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from cryptography.fernet import Fernet

from local_account.base import files

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
        # A half-written key, or a second one, would lock its secrets away for ever.
        files.write_once(path, Fernet.generate_key())
    return Fernet(path.read_bytes())
