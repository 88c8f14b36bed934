"""Sign-in and sessions: passwords, key pairs, access tokens, and what a session is set to."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from dataclasses import asdict, dataclass, field
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_der_public_key

from local.account import access
from local.account.catalog import Catalog, Object
from local.account.errors import SnowflakeError
from local.account.result import now
from local.account.sql import Name

SESSION_SECONDS = 3600
MASTER_SECONDS = 4 * 3600
LOCK_AFTER_FAILURES = 5
LOCK_SECONDS = 15 * 60
_BAD_LOGIN = "Incorrect username or password was specified."
_BAD_TOKEN = "Invalid OAuth access token."  # noqa: S105 a message, not a secret


@dataclass
class Session:
    """What one client connection is set to.

    Attributes:
        secondary_roles: `ALL`, `NONE`, or role names with commas between them.
        only_role: the role that a restricted sign-in (a service, some access tokens) cannot leave, or ''.
    """

    id: int
    user: str
    role: str = access.PUBLIC
    secondary_roles: str = "NONE"
    database: str = ""
    schema: str = ""
    warehouse: str = ""
    only_role: str = ""
    parameters: dict[str, Any] = field(default_factory=dict)


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


class Authenticator:
    """Checks credentials and keeps sessions; sessions survive a restart of the server."""

    def __init__(self, catalog: Catalog, locator: str) -> None:
        self._catalog = catalog
        self._locator = locator
        self._sessions: dict[str, Session] = {}

    # Credentials

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
                user.properties["FAILED_LOGINS"] = 0
                self._catalog.save(user)
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
        with self._catalog.transaction():
            fresh = self._catalog.find("USER", user.fqn) or user
            fresh.properties |= {"PASSWORD": hash_password(new), "PASSWORD_SET_ON": now()}
            fresh.properties |= {"MUST_CHANGE_PASSWORD": False, "FAILED_LOGINS": 0}
            self._catalog.save(fresh)

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
        failures = user.properties.get("FAILED_LOGINS", 0) + 1
        user.properties["FAILED_LOGINS"] = failures % LOCK_AFTER_FAILURES
        if failures >= LOCK_AFTER_FAILURES:
            user.properties["LOCKED_UNTIL"] = now() + LOCK_SECONDS
        self._catalog.save(user)

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

    # Sessions

    def open(self, session: Session) -> tuple[str, str]:
        """Session and master token of a new session."""
        token, master = secrets.token_urlsafe(48), secrets.token_urlsafe(48)
        self._store(token, master, session)
        return token, master

    def find(self, token: str) -> Session:
        """The session of a token.

        Raises:
            SnowflakeError: 390104 unknown token, 390112 expired (the client renews it).
        """
        key = digest(token)
        found = self._catalog.get_token(key, "session")
        if not found:
            raise SnowflakeError(
                "390104", "08001", "Session no longer exists. New login required to access the service."
            )
        if found[0] < now():
            raise SnowflakeError("390112", "08001", "Your session has expired. Please login again.")
        session_key = str(found[1]["id"])
        if session_key not in self._sessions:
            self._sessions[session_key] = Session(
                **{**found[1], "parameters": found[1].get("parameters", {})}
            )
        return self._sessions[session_key]

    def remember(self, token: str, session: Session) -> None:
        """Store what a USE statement changed, for a restart of the server."""
        found = self._catalog.get_token(digest(token), "session")
        if found and found[1] != asdict(session):
            self._catalog.put_token(digest(token), "session", found[0], asdict(session))

    def renew(self, master: str) -> tuple[str, str, Session]:
        """New session and master tokens for a master token.

        Raises:
            SnowflakeError: 390114 when the master token is unknown or expired.
        """
        found = self._catalog.get_token(digest(master), "master")
        if not found or found[0] < now():
            raise SnowflakeError(
                "390114", "08001", "Authentication token has expired. The user must authenticate again."
            )
        session = self._sessions.get(str(found[1]["id"])) or Session(**found[1])
        token, new_master = self.open(session)
        return token, new_master, session

    def close(self, token: str) -> None:
        found = self._catalog.get_token(digest(token), "session")
        if found:
            self._sessions.pop(str(found[1]["id"]), None)
            self._catalog.delete_token(digest(token))

    def rename_user(self, old: str, new: str) -> None:
        """Let open sessions follow a renamed user."""
        self._change("user", old, new)

    def rename_role(self, old: str, new: str) -> None:
        """Let open sessions follow a renamed role."""
        self._change("role", old, new)
        self._change("only_role", old, new)

    def forget_user(self, name: str) -> None:
        """End all sessions of a user."""
        for kind in ("session", "master"):
            for token, _, content in self._catalog.tokens(kind):
                if content["user"] == name:
                    self._sessions.pop(str(content["id"]), None)
                    self._catalog.delete_token(token)

    def _change(self, attribute: str, old: str, new: str) -> None:
        for session in list(self._sessions.values()):
            if getattr(session, attribute) == old:
                setattr(session, attribute, new)
        for kind in ("session", "master"):
            for token, expires, content in self._catalog.tokens(kind):
                if content.get(attribute) == old:
                    self._catalog.put_token(token, kind, expires, {**content, attribute: new})

    def _store(self, token: str, master: str, session: Session) -> None:
        with self._catalog.transaction():
            content = asdict(session)
            self._catalog.put_token(digest(token), "session", now() + SESSION_SECONDS, content)
            self._catalog.put_token(digest(master), "master", now() + MASTER_SECONDS, content)
        self._sessions[str(session.id)] = session


def session_id() -> int:
    """A number that JSON readers keep exactly."""
    return secrets.randbelow(2**52)


def new_session(catalog: Catalog, user: Object, role: str = "", only_role: str = "") -> Session:
    """A session with the user's defaults; `role` overrides the default role.

    Args:
        only_role: the one role (with what it inherits) that the session may use; '' for all of the user's.

    Raises:
        SnowflakeError: 390189 when the role is not granted to the user or does not exist.
    """
    properties = user.properties
    chosen = role or only_role or properties.get("DEFAULT_ROLE") or access.PUBLIC
    usable = access.roles_of_user(catalog, user.name)
    if only_role:
        if only_role not in usable:
            raise SnowflakeError(
                "390189", "08004", f"Role '{only_role}' is not granted to this user any more."
            )
        usable &= access.closure(catalog, [only_role])
    if chosen not in usable:
        if role:
            message = (
                f"Role '{role}' specified in the connect string is not granted to this user. Contact your "
                "local system administrator, or attempt to login with another role, e.g. PUBLIC."
            )
            raise SnowflakeError("390189", "08004", message)
        chosen = access.PUBLIC
    secondary = properties.get("DEFAULT_SECONDARY_ROLES")
    everything = not only_role and (secondary is None or "ALL" in secondary)
    namespace = Name("", *([*(properties.get("DEFAULT_NAMESPACE") or "").split("."), ""][:2]))
    return Session(
        id=session_id(),
        user=user.name,
        role=chosen,
        secondary_roles="ALL" if everything else "NONE",
        database=namespace.schema,
        schema=namespace.name,
        warehouse=properties.get("DEFAULT_WAREHOUSE") or "",
        only_role=only_role,
    )
