"""Signed tokens with which the registry lets a client in.

See https://distribution.github.io/distribution/spec/auth/jwt/
"""

from __future__ import annotations

import base64
import secrets
import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import jwt
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from local_account.base import files
from local_account.base.settings import LocalSettings

TOKEN_SECONDS = 120
INTERNAL_USER = "0internal"
_VALID_DAYS = 3650


class RegistryTokens:
    """Signs tokens with the account's own key, which the registry trusts.

    Attributes:
        issuer: name of the signer in the tokens.
        service: name of the registry in its challenges.
        internal_password: lets this machine's Docker engine pull every image. It is new at each start and
            not stored.
        pushing_until: when the last token that permits a push expires, by the monotonic clock.
    """

    def __init__(self, settings: LocalSettings) -> None:
        self.issuer = settings.label
        self.service = settings.registry_host
        self.internal_password = secrets.token_urlsafe(32)
        self._folder = settings.state / "registry"
        self._lock = threading.Lock()
        self._signer: tuple[ec.EllipticCurvePrivateKey, x509.Certificate] | None = None
        self.pushing_until = time.monotonic() + TOKEN_SECONDS

    @property
    def certificate(self) -> bytes:
        """The certificate with which the registry checks tokens, in PEM."""
        return self._load()[1].public_bytes(serialization.Encoding.PEM)

    @property
    def pushing(self) -> bool:
        """Whether a token that permits a push may still be in use."""
        return time.monotonic() < self.pushing_until

    def issue(self, subject: str, access: list[dict[str, Any]]) -> str:
        """A token for a user.

        Args:
            subject: user name, for the registry's log.
            access: entries `{"type": "repository", "name": …, "actions": [...]}`.
        """
        key, certificate = self._load()
        if any("push" in entry["actions"] for entry in access):
            self.pushing_until = time.monotonic() + TOKEN_SECONDS
        moment = int(time.time())
        claims = {
            "iss": self.issuer,
            "sub": subject,
            "aud": self.service,
            "iat": moment,
            "nbf": moment - 10,
            "exp": moment + TOKEN_SECONDS,
            "jti": secrets.token_hex(16),
            "access": access,
        }
        der = certificate.public_bytes(serialization.Encoding.DER)
        chain = [base64.b64encode(der).decode()]
        return jwt.encode(claims, key, algorithm="ES256", headers={"x5c": chain})

    def _load(self) -> tuple[ec.EllipticCurvePrivateKey, x509.Certificate]:
        with self._lock:
            if self._signer is None:
                self._signer = _read(self._folder / "signer.pem", self.issuer)
            return self._signer


def _read(path: Path, issuer: str) -> tuple[ec.EllipticCurvePrivateKey, x509.Certificate]:
    if not path.exists():
        _make(path, issuer)
    content = path.read_bytes()
    key = serialization.load_pem_private_key(content, password=None)
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    return key, x509.load_pem_x509_certificate(content)


def _make(path: Path, issuer: str) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"{issuer} registry tokens")])
    moment = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(moment - timedelta(days=1))
        .not_valid_after(moment + timedelta(days=_VALID_DAYS))
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    content = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ) + certificate.public_bytes(serialization.Encoding.PEM)
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    files.write_once(path, content)
