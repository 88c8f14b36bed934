"""Credentials of users and services: passwords, key pairs and access tokens."""

from __future__ import annotations

import base64
import hashlib
import hmac
import math
import secrets
from dataclasses import dataclass
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_der_public_key

from local_account.base.errors import SnowflakeError
from local_account.base.result import now
from local_account.base.sql import Name
from local_account.catalog.catalog import Catalog, Object
from local_account.identity.network_access import NetworkAccess
from local_account.identity.session import ACCESS_TOKEN, KEY_PAIR, PASSWORD

LOCK_AFTER_FAILURES = 5
LOCK_SECONDS = 15 * 60
JWT_SECONDS = 3600
_LATEST_SECONDS = 1e11
_NOT_PEOPLE = ("SERVICE", "LEGACY_SERVICE")
_CLOCK_SECONDS = 10
_KEY_SLOTS = ("RSA_PUBLIC_KEY", "RSA_PUBLIC_KEY_2")
_CURVES = {"secp256r1": "ES256", "secp384r1": "ES384", "secp521r1": "ES512"}
_BAD_LOGIN = "Incorrect username or password was specified."


def digest(secret: str) -> str:
    """The digest that is stored in place of a random token."""
    return hashlib.sha256(secret.encode()).hexdigest()


def hash_password(password: str) -> str:
    """A salted scrypt hash. Its cost is low because the account listens on loopback only."""
    salt = secrets.token_bytes(16)
    key = hashlib.scrypt(password.encode(), salt=salt, n=2**12, r=8, p=1)
    return base64.b64encode(salt + key).decode()


def check_password(password: str, stored: str) -> bool:
    raw = base64.b64decode(stored)
    key = hashlib.scrypt(password.encode(), salt=raw[:16], n=2**12, r=8, p=1)
    return hmac.compare_digest(key, raw[16:])


def fingerprint(public_key: str) -> str:
    """`SHA256:…` of a public key, which is given as base64 without the PEM lines."""
    body = "".join(line for line in public_key.splitlines() if "-----" not in line)
    der = load_der_public_key(base64.b64decode(body)).public_bytes(
        Encoding.DER, PublicFormat.SubjectPublicKeyInfo
    )
    return "SHA256:" + base64.b64encode(hashlib.sha256(der).digest()).decode()


@dataclass(frozen=True)
class SignedIn:
    """Who signed in, and how.

    Attributes:
        method: PASSWORD, KEY_PAIR or ACCESS_TOKEN.
        only_role: the role that an access token is restricted to; '' when there is no restriction.
    """

    user: Object
    method: str
    only_role: str = ""


class Credentials:
    """Checks credentials: which user they belong to, and whether that user may connect from this address.

    Args:
        locator: the account's identifier, which key-pair tokens contain.
        network: the account's network policies.
    """

    def __init__(self, catalog: Catalog, locator: str, network: NetworkAccess) -> None:
        self._catalog = catalog
        self._locator = locator
        self._network = network

    def password(self, login: str, password: str, address: str) -> SignedIn:
        """The user with this password. A programmatic access token is accepted as password too.

        Args:
            login: the user's login name.
            address: IP address of the client.

        Raises:
            SnowflakeError: 390100 wrong name or password, 390101 user disabled, 390102 locked, 390103
                expired, 390106 the password must be changed first, 390422 address not allowed.
        """
        user = self._user(login, address)
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
            return SignedIn(user, PASSWORD)
        if self._catalog.get_token(digest(password), "pat"):
            return self.access_token(login, password, address)
        self._count_failure(user)
        raise SnowflakeError("390100", "08004", _BAD_LOGIN)

    def change_password(self, login: str, old: str, new: str, address: str) -> None:
        """Replace a password that must be changed.

        Raises:
            SnowflakeError: 390100 when the old password is wrong, 003002 when the new one is empty or equal.
        """
        user = self._user(login, address)
        stored = user.properties.get("PASSWORD")
        if not stored or user.properties.get("TYPE") == "SERVICE" or not check_password(old, stored):
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

    def access_token(self, login: str, token: str, address: str) -> SignedIn:
        """The user of a programmatic access token.

        Args:
            login: the name that the client gave; '' when it gave no name.
            address: IP address of the client.

        Raises:
            SnowflakeError: 394400 token unknown, expired, disabled or another user's, 390432 the user needs a
                network policy, 390422 address not allowed; as `password` for users who may not sign in.
        """
        stored = self._catalog.get_token(digest(token), "pat")
        owner = self._catalog.find("USER", Name("", "", stored[1]["user"])) if stored else None
        if not stored or owner is None or stored[0] < now() or stored[1].get("disabled"):
            raise _bad_access_token()
        if login and owner.properties["LOGIN_NAME"].upper() != login.upper():
            raise _bad_access_token()
        self._network.require(owner.name, address)
        user = self._usable(owner)
        if self._needs_policy(user, stored[1]):
            raise SnowflakeError("390432", "08004", "Fail : Network policy is required.")
        return SignedIn(user, ACCESS_TOKEN, stored[1].get("role") or "")

    def _needs_policy(self, user: Object, token: dict[str, Any]) -> bool:
        if self._network.policy_of(user.name):
            return False
        return not is_person(user) or (token.get("bypass_until") or 0) <= now()

    def key_pair(self, login: str, token: str, address: str) -> SignedIn:
        """The user whose registered public key signed this JWT.

        Args:
            login: the name that the client gave; '' when it gave no name.
            address: IP address of the client.

        Raises:
            SnowflakeError: 394304 when the JWT names no key of the user, 394303 when it was made in the
                future, 390144 when anything else in it is wrong, 390422 address not allowed.
        """
        invalid = SnowflakeError("390144", "08004", "JWT token is invalid.")
        try:
            claims = jwt.decode(token, options={"verify_signature": False})
            account, _, name = str(claims["sub"]).partition(".")
            user = self._named(name)
            self._network.require(user.name, address)
            self._usable(user)
        except (jwt.PyJWTError, KeyError, SnowflakeError) as error:
            if isinstance(error, SnowflakeError) and error.code == "390422":
                raise
            raise invalid from None
        if account != self._locator or (login and login.upper() != name.upper()):
            raise invalid
        registered = [key for slot in _KEY_SLOTS if (key := user.properties.get(slot))]
        named = [key for key in registered if claims.get("iss") == f"{claims['sub']}.{fingerprint(key)}"]
        if not named:
            raise SnowflakeError("394304", "28000", "JWT token is invalid.")
        for key in named:
            if _signed(token, key):
                return SignedIn(user, KEY_PAIR)
        raise invalid

    def service_token(self, token: str) -> dict[str, Any]:
        """Content of a service's OAuth token: service, user, role, database, schema, warehouse.

        Raises:
            SnowflakeError: 390303 when the token is unknown or expired.
        """
        stored = self._catalog.get_token(digest(token), "service")
        if not stored or stored[0] < now():
            raise bad_service_token()
        return stored[1]

    def _user(self, login: str, address: str) -> Object:
        user = self._named(login)
        # Check this before the password: wrong passwords from other addresses must not lock the user.
        self._network.require(user.name, address)
        return self._usable(user)

    def _named(self, login: str) -> Object:
        for user in self._catalog.objects("USER"):
            if user.properties["LOGIN_NAME"].upper() == login.upper():
                return user
        raise SnowflakeError("390100", "08004", _BAD_LOGIN)

    def _usable(self, user: Object) -> Object:
        if reason := kept_out(user):
            raise reason
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
        self._catalog.set_properties(user.id, properties)


def bad_service_token() -> SnowflakeError:
    """The error for a service token that is not valid, or that is used outside of its container."""
    return SnowflakeError("390303", "08004", "Invalid OAuth access token.")


def kept_out(user: Object) -> SnowflakeError | None:
    """The error for a user who is disabled or expired; None when the user may sign in."""
    if user.properties.get("DISABLED"):
        return SnowflakeError(
            "390101", "08004", "User access disabled. Contact your local system administrator."
        )
    expiry = user.properties.get("EXPIRES_ON")
    if expiry is not None and expiry <= now():
        return SnowflakeError(
            "390103", "08004", "Your user account has expired. Contact your account administrator."
        )
    return None


def is_person(user: Object) -> bool:
    """Whether a user is of type PERSON, which is also the meaning of a missing type."""
    return user.properties.get("TYPE") not in _NOT_PEOPLE


def _bad_access_token() -> SnowflakeError:
    return SnowflakeError("394400", "08004", "Programmatic access token is invalid.")


def _signed(token: str, public_key: str) -> bool:
    """Whether a key signed a JWT, and the JWT is at most an hour old.

    Raises:
        SnowflakeError: 394303 for a JWT from the future.
    """
    body = "".join(line for line in public_key.splitlines() if "-----" not in line)
    key = load_der_public_key(base64.b64decode(body))
    if isinstance(key, RSAPublicKey):
        algorithm = "RS256"
    elif isinstance(key, EllipticCurvePublicKey):
        algorithm = _CURVES.get(key.curve.name, "")
    else:
        return False
    # Times are checked below, because Snowflake's Node.js driver gives them in milliseconds.
    options: Any = {"require": ["iss", "sub", "iat", "exp"]}
    options |= dict.fromkeys(("verify_aud", "verify_exp", "verify_iat", "verify_nbf"), False)
    try:
        checked = jwt.decode(token, key, algorithms=[algorithm], options=options)
        made, ends = _seconds(checked["iat"]), _seconds(checked["exp"])
    except (jwt.PyJWTError, TypeError, ValueError):
        return False
    moment = now()
    if made > moment + _CLOCK_SECONDS:
        raise SnowflakeError("394303", "28000", "JWT token is invalid.")
    # The JWT is valid for an hour even if it says that it expires later.
    return moment <= min(ends, made + JWT_SECONDS) + _CLOCK_SECONDS


def _seconds(claim: Any) -> float:
    """A time of a JWT in seconds since 1970; one that would be after the year 5000 is in milliseconds.

    Raises:
        ValueError: it is no number.
    """
    value = float(claim)
    if not math.isfinite(value):
        raise ValueError(claim)
    return value / 1000 if value > _LATEST_SECONDS else value
