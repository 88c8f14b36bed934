"""Credentials of users and services: passwords, key pairs and access tokens."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_der_public_key

from local.account.catalog import Catalog, Object
from local.account.errors import SnowflakeError
from local.account.result import now
from local.account.sql import Name

LOCK_AFTER_FAILURES = 5
LOCK_SECONDS = 15 * 60
_BAD_LOGIN = "Incorrect username or password was specified."
_BAD_TOKEN = "Invalid OAuth access token."  # noqa: S105 a message, not a secret


def digest(secret: str) -> str:
    """What is stored of a high-entropy token."""
    return hashlib.sha256(secret.encode()).hexdigest()


def hash_password(password: str) -> str:
    """A salted scrypt hash; low cost, for an account that listens on loopback only."""
    salt = secrets.token_bytes(16)
    key = hashlib.scrypt(password.encode(), salt=salt, n=2**12, r=8, p=1)
    return base64.b64encode(salt + key).decode()


def check_password(password: str, stored: str) -> bool:
    raw = base64.b64decode(stored)
    key = hashlib.scrypt(password.encode(), salt=raw[:16], n=2**12, r=8, p=1)
    return hmac.compare_digest(key, raw[16:])


def fingerprint(public_key: str) -> str:
    """`SHA256:…` of a public key given as PEM body."""
    body = "".join(line for line in public_key.splitlines() if "-----" not in line)
    der = load_der_public_key(base64.b64decode(body)).public_bytes(
        Encoding.DER, PublicFormat.SubjectPublicKeyInfo
    )
    return "SHA256:" + base64.b64encode(hashlib.sha256(der).digest()).decode()


class Credentials:
    """Finds out whose credentials these are.

    Args:
        locator: the account's identifier, which key-pair tokens name.
    """

    def __init__(self, catalog: Catalog, locator: str) -> None:
        self._catalog = catalog
        self._locator = locator

    def password(self, login: str, password: str) -> Object:
        """The user with this password, or programmatic access token in its place.

        Raises:
            SnowflakeError: 390100 wrong name or password, 390101 disabled, 390102 locked, 390103 expired,
                390106 the password must be changed first.
        """
        user = self._user(login)
        stored = user.properties.get("PASSWORD")
        if stored and user.properties.get("TYPE") != "SERVICE" and check_password(password, stored):
            if user.properties.get("FAILED_LOGINS"):
                self._change_user(user, FAILED_LOGINS=0)
            if user.properties.get("MUST_CHANGE_PASSWORD"):
                raise SnowflakeError(
                    "390106",
                    "08004",
                    "Specified password has expired. It must be changed before the first sign-in: on the "
                    "account's sign-in page, or by an administrator with ALTER USER … SET PASSWORD = '…' "
                    "MUST_CHANGE_PASSWORD = FALSE.",
                )
            return user
        if self._catalog.get_token(digest(password), "pat"):
            return self.access_token(login, password)[0]
        self._count_failure(user)
        raise SnowflakeError("390100", "08004", _BAD_LOGIN)

    def change_password(self, login: str, old: str, new: str) -> None:
        """Set a new password in place of one that must be changed.

        Raises:
            SnowflakeError: 390100 when the old one is wrong, 003002 when the new one is empty or the same.
        """
        user = self._user(login)
        stored = user.properties.get("PASSWORD")
        if not stored or not check_password(old, stored):
            self._count_failure(user)
            raise SnowflakeError("390100", "08004", _BAD_LOGIN)
        if not new or new == old:
            raise SnowflakeError(
                "003002",
                "28P01",
                "SQL execution error: New password rejected by current password policy. Reason: 'PRIOR_USE'.",
            )
        self._change_user(
            user,
            PASSWORD=hash_password(new),
            PASSWORD_SET_ON=now(),
            MUST_CHANGE_PASSWORD=False,
            FAILED_LOGINS=0,
        )

    def access_token(self, login: str, token: str) -> tuple[Object, str]:
        """User and role restriction ('' for none) of a programmatic access token."""
        found = self._catalog.get_token(digest(token), "pat")
        if not found or found[0] < now() or found[1].get("disabled"):
            raise SnowflakeError("394400", "08004", "Programmatic access token is invalid.")
        owner = self._catalog.find("USER", Name("", "", found[1]["user"]))
        if owner is None:
            raise SnowflakeError("394400", "08004", "Programmatic access token is invalid.")
        user = self._usable(owner)
        if login and user.properties["LOGIN_NAME"].upper() != login.upper():
            raise SnowflakeError("394400", "08004", "Programmatic access token is invalid.")
        return user, found[1].get("role") or ""

    def restriction(self, password: str) -> str:
        """The role that a password restricts to: that of an access token given in its place, or ''."""
        found = self._catalog.get_token(digest(password), "pat")
        return (found[1].get("role") or "") if found else ""

    def key_pair(self, login: str, token: str) -> Object:
        """The user whose registered public key signed this JWT.

        Raises:
            SnowflakeError: 390144 for anything wrong with it.
        """
        invalid = SnowflakeError("390144", "08004", "JWT token is invalid.")
        try:
            issuer = jwt.decode(token, options={"verify_signature": False})["iss"]
            account, name, _ = issuer.split(".", 2)
            user = self._user(name)
        except (jwt.PyJWTError, KeyError, ValueError, SnowflakeError):
            raise invalid from None
        if account != self._locator or (login and login.upper() != user.properties["LOGIN_NAME"].upper()):
            raise invalid
        for slot in ("RSA_PUBLIC_KEY", "RSA_PUBLIC_KEY_2"):
            if self._signed(token, issuer, user.properties.get(slot)):
                return user
        raise invalid

    def service_token(self, token: str) -> dict[str, Any]:
        """Content of a service's OAuth token: user, role, database, schema, warehouse.

        Raises:
            SnowflakeError: 390303 when it is unknown or expired.
        """
        found = self._catalog.get_token(digest(token), "service")
        if not found or found[0] < now():
            raise SnowflakeError("390303", "08004", _BAD_TOKEN)
        return found[1]

    def _user(self, login: str) -> Object:
        for user in self._catalog.objects("USER"):
            if user.properties["LOGIN_NAME"].upper() == login.upper():
                return self._usable(user)
        raise SnowflakeError("390100", "08004", _BAD_LOGIN)

    def _usable(self, user: Object) -> Object:
        if user.properties.get("DISABLED"):
            raise SnowflakeError(
                "390101", "08004", "User access disabled. Contact your local system administrator."
            )
        expiry = user.properties.get("EXPIRES_ON")
        if expiry is not None and expiry <= now():
            raise SnowflakeError(
                "390103", "08004", "Your user account has expired. Contact your account administrator."
            )
        if (user.properties.get("LOCKED_UNTIL") or 0) > now():
            message = (
                "Your user account has been temporarily locked due to too many failed attempts. "
                "Try again after 15 minutes or contact your account administrator for assistance."
            )
            raise SnowflakeError("390102", "08004", message)
        return user

    def _count_failure(self, user: Object) -> None:
        with self._catalog.transaction():
            fresh = self._catalog.by_id(user.id) or user
            failures = fresh.properties.get("FAILED_LOGINS", 0) + 1
            self._change_user(fresh, FAILED_LOGINS=failures % LOCK_AFTER_FAILURES)
            if failures >= LOCK_AFTER_FAILURES:
                self._change_user(fresh, LOCKED_UNTIL=now() + LOCK_SECONDS)

    def _change_user(self, user: Object, **properties: Any) -> None:
        # The user as it is now: another session may have altered it since it was read.
        with self._catalog.transaction():
            fresh = self._catalog.by_id(user.id)
            if fresh:
                fresh.properties |= properties
                self._catalog.save(fresh)

    def _signed(self, token: str, issuer: str, public_key: str | None) -> bool:
        if not public_key or not issuer.endswith(fingerprint(public_key)):
            return False
        body = "".join(line for line in public_key.splitlines() if "-----" not in line)
        key = load_der_public_key(base64.b64decode(body))
        if not isinstance(key, RSAPublicKey):
            return False
        try:
            jwt.decode(token, key, algorithms=["RS256"], options={"require": ["exp"], "verify_aud": False})
        except jwt.PyJWTError:
            return False
        return True
