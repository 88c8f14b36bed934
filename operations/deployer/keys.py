"""RSA key pairs for signing in to Snowflake, and the files that hold their private halves.

See https://docs.snowflake.com/en/user-guide/key-pair-auth.
"""

from __future__ import annotations

import base64
import hashlib
import os
import re
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from machine.errors import UserError

_BITS = 2048


class BadKeyError(UserError):
    """A key cannot be used; the message says why."""


@dataclass(frozen=True)
class PublicKey:
    """A public key as Snowflake keeps it.

    Attributes:
        text: base64 of its DER form, without PEM lines.
    """

    text: str

    @property
    def fingerprint(self) -> str:
        """What DESCRIBE USER shows as RSA_PUBLIC_KEY_FP."""
        return "SHA256:" + base64.b64encode(hashlib.sha256(base64.b64decode(self.text)).digest()).decode()


def new_private_key() -> str:
    """A private key in PEM form (PKCS #8, not encrypted)."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=_BITS)
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()


def public_half(private: str, passphrase: str | None = None) -> PublicKey:
    """The public key that belongs to a private one in PEM form.

    Raises:
        BadKeyError: the text is not a private RSA key, or the passphrase is wrong.
    """
    try:
        key = serialization.load_pem_private_key(
            private.encode(), passphrase.encode() if passphrase else None
        )
    except (ValueError, TypeError) as error:
        raise BadKeyError("the private key cannot be read; it must be RSA in PEM form (PKCS #8)") from error
    return _public(key.public_key())


def read_public_key(path: Path) -> PublicKey:
    """The public key in a PEM file.

    Raises:
        BadKeyError: the file is missing, or does not hold an RSA public key of 2048 bits or more.
    """
    try:
        key = serialization.load_pem_public_key(path.read_bytes())
    except (OSError, ValueError) as error:
        raise BadKeyError(f"{path} is not a public key in PEM form (openssl rsa -pubout)") from error
    return _public(key)


def _public(key: object) -> PublicKey:
    if not isinstance(key, rsa.RSAPublicKey) or key.key_size < _BITS:
        raise BadKeyError(f"Snowflake takes RSA keys of {_BITS} bits or more; this is another kind")
    der = key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    return PublicKey(base64.b64encode(der).decode())


def key_file(stack: str, user: str) -> Path:
    """Where the private key of a stack's user is put: in `$SNOWFLAKE_HOME`, by default `~/.snowflake`."""
    home = Path(os.environ.get("SNOWFLAKE_HOME", "~/.snowflake")).expanduser()
    return home / "keys" / f"{re.sub(r'[^A-Za-z0-9._-]', '-', stack)}-{user.lower()}.p8"


def write_private_key(path: Path, private: str) -> None:
    """Write a key that only this user can read, in one step.

    Raises:
        FileExistsError: the file exists already.
    """
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(private)
