"""The key with which the account encrypts what it must be able to read again: the values of secrets."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from cryptography.fernet import Fernet

from local_account.base import files

_FILE = "secrets.key"


def seal(state: Path, text: str) -> str:
    """Encrypt a text with the key in the state folder. The first use makes the key."""
    return _cipher(state).encrypt(text.encode()).decode()


def unseal(state: Path, sealed: str) -> str:
    """Decrypt a text that `seal` encrypted.

    Raises:
        cryptography.fernet.InvalidToken: the text was encrypted with another key than the one in the folder.
    """
    return _cipher(state).decrypt(sealed.encode()).decode()


@cache
def _cipher(state: Path) -> Fernet:
    path = state / _FILE
    if not path.exists():
        # Secrets encrypted with a half-written key, or with one that is then replaced, could never be read.
        files.write_once(path, Fernet.generate_key())
    return Fernet(path.read_bytes())
