"""Sessions: what each client connection is set to, and the tokens that stand for it."""

from __future__ import annotations

import secrets
from dataclasses import asdict, dataclass, field
from typing import Any

from local_account.base.errors import SnowflakeError
from local_account.base.result import now
from local_account.base.sql import Name
from local_account.catalog.catalog import Catalog, Object
from local_account.identity import access
from local_account.identity.credentials import PASSWORD, SERVICE, Credentials, SignedIn, digest
from local_account.identity.network_access import NetworkAccess

SESSION_SECONDS = 3600
MASTER_SECONDS = 4 * 3600
MAX_SESSIONS = 10_000
INGRESS_KINDS = ("ingress-code", "ingress", "ingress-token")
_KINDS = ("session", "master")


@dataclass
class Session:
    """What one client connection is set to.

    Attributes:
        secondary_roles: `ALL`, `NONE`, or role names with commas between them.
        user: name of the user, or of the service.
        service: id of the service whose own session it is; 0 for a user's.
        only_role: the role that a restricted sign-in (a service, some access tokens) cannot leave, or ''.
        method: how it was opened: PASSWORD, KEY_PAIR, ACCESS_TOKEN or SERVICE.
        in_transaction: a transaction over tables is open; it ends with the server.
        transaction_lost: the server ended while one was open, which the client has not been told yet.
    """

    id: int
    user: str
    service: int = 0
    role: str = access.PUBLIC
    secondary_roles: str = "NONE"
    database: str = ""
    schema: str = ""
    warehouse: str = ""
    only_role: str = ""
    method: str = PASSWORD
    parameters: dict[str, Any] = field(default_factory=dict)
    in_transaction: bool = False
    transaction_lost: bool = False

    @property
    def is_service(self) -> bool:
        """Whether the session is a service's own; its user is no object of the account."""
        return self.method == SERVICE

    @property
    def account_user(self) -> str:
        """Name of the session's user among the account's; '' for a service, which may be named like one."""
        return "" if self.is_service else self.user

    @property
    def identity(self) -> tuple[str, int]:
        """Whose session it is: a user and a service may have the same name, and two services too."""
        return self.user, self.service

    def require_transaction(self) -> None:
        """Tell once that the open transaction went with the server that kept it.

        Raises:
            SnowflakeError: 000625.
        """
        if self.transaction_lost:
            self.transaction_lost = False
            raise SnowflakeError(
                "000625",
                "57014",
                "The transaction was rolled back: the account's server ended while it was open.",
            )


class Authenticator(Credentials):
    """Checks credentials and keeps sessions; sessions survive a restart of the server."""

    def __init__(self, catalog: Catalog, locator: str, network: NetworkAccess) -> None:
        super().__init__(catalog, locator, network)
        self._sessions: dict[str, Session] = {}

    def open(self, session: Session) -> tuple[str, str]:
        """Session and master token of a new session.

        Raises:
            SnowflakeError: 390150 when too many sessions are open.
        """
        if self._catalog.count_tokens("session") >= MAX_SESSIONS:
            raise SnowflakeError(
                "390150", "08004", f"Too many open sessions (at most {MAX_SESSIONS}). Close some of them."
            )
        return self._issue(session)

    def _issue(self, session: Session) -> tuple[str, str]:
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
        return self._sessions.get(str(found[1]["id"])) or self._load(found[1])

    def find_from(self, token: str, address: str) -> Session:
        """As `find`, for a client at an address.

        Raises:
            SnowflakeError: as `find`; 390422 not from this address.
        """
        session = self.find(token)
        self._admit(session, address)
        return session

    def _admit(self, session: Session, address: str) -> None:
        # Services come from inside the account, which network policies are not about.
        if not session.is_service:
            self._network.require(session.user, address)

    def _load(self, content: dict[str, Any]) -> Session:
        """A session as it was remembered, after the server was started anew."""
        session = Session(**content)
        if session.in_transaction:
            session.in_transaction, session.transaction_lost = False, True
        return self._keep(session)

    def _keep(self, session: Session) -> Session:
        if len(self._sessions) >= MAX_SESSIONS:
            self._sessions.pop(next(iter(self._sessions)), None)
        return self._sessions.setdefault(str(session.id), session)

    def remember(self, token: str, session: Session) -> None:
        """Store what a statement changed of its session, for a restart of the server."""
        found, content = self._catalog.get_token(digest(token), "session"), asdict(session)
        if found and found[1] != content:
            with self._catalog.transaction(lasting=False):
                self._catalog.put_token(digest(token), "session", found[0], content)

    def renew(self, master: str, address: str, old: str = "") -> tuple[str, str, Session]:
        """New session and master tokens for a master token.

        Args:
            address: IP address of the client.
            old: the session token that expired; the session goes on as it was last remembered under it.

        Raises:
            SnowflakeError: 390114 when the master token is unknown or expired, 390422 not from this address.
        """
        found = self._catalog.get_token(digest(master), "master")
        if not found or found[0] < now():
            raise SnowflakeError(
                "390114", "08001", "Authentication token has expired. The user must authenticate again."
            )
        before = self._catalog.get_token(digest(old), "session")
        latest = before[1] if before and before[1]["id"] == found[1]["id"] else found[1]
        session = self._sessions.get(str(found[1]["id"])) or self._load(latest)
        self._admit(session, address)
        return *self._issue(session), session

    def close(self, token: str) -> None:
        """End a session: none of its tokens is good any more."""
        found = self._catalog.get_token(digest(token), "session")
        if found:
            self._sessions.pop(str(found[1]["id"]), None)
            self._catalog.delete_session(found[1]["id"])

    def rename_user(self, old: str, new: str) -> None:
        """Let open sessions follow a renamed user."""
        self._change("user", old, new)

    def rename_role(self, old: str, new: str) -> None:
        """Let open sessions follow a renamed role."""
        self._change("role", old, new)
        self._change("only_role", old, new)

    def forget_user(self, name: str) -> None:
        """End all sessions of a user, those at public endpoints too."""
        for kind in (*_KINDS, *INGRESS_KINDS):
            for token, _, content in self._catalog.tokens(kind):
                # A service may have the name of a user.
                if content["user"] == name and content.get("method") != SERVICE:
                    self._sessions.pop(str(content.get("id")), None)
                    self._catalog.delete_token(token)

    def _change(self, attribute: str, old: str, new: str) -> None:
        # A service may have the name of a user.
        others = (SERVICE,) if attribute == "user" else ()
        for session in list(self._sessions.values()):
            if getattr(session, attribute) == old and session.method not in others:
                setattr(session, attribute, new)
        for kind in (*_KINDS, *INGRESS_KINDS):
            for token, expires, content in self._catalog.tokens(kind):
                if content.get(attribute) == old and content.get("method") not in others:
                    self._catalog.put_token(token, kind, expires, {**content, attribute: new})

    def _store(self, token: str, master: str, session: Session) -> None:
        # New tokens are nothing that others wait for.
        with self._catalog.transaction(lasting=False, telling=False):
            content = asdict(session)
            self._catalog.put_token(digest(token), "session", now() + SESSION_SECONDS, content)
            self._catalog.put_token(digest(master), "master", now() + MASTER_SECONDS, content)
        self._keep(session)


def session_id() -> int:
    """A number that JSON readers keep exactly."""
    return secrets.randbelow(2**52)


def new_session(catalog: Catalog, who: SignedIn | Object, role: str = "") -> Session:
    """A session with the user's defaults; `role` overrides the default role.

    Args:
        who: a sign-in, or the user of one with a password.

    Raises:
        SnowflakeError: 390189 when the role is not granted to the user or does not exist, 390186 when that
            is so of the default role.
    """
    signed_in = who if isinstance(who, SignedIn) else SignedIn(who, PASSWORD)
    user, only_role = signed_in.user, signed_in.only_role
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
        raise _not_granted(chosen, asked_for=bool(role))
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
        method=signed_in.method,
    )


def _not_granted(role: str, asked_for: bool) -> SnowflakeError:
    if asked_for:
        message = (
            f"Role '{role}' specified in the connect string is not granted to this user. Contact your "
            "local system administrator, or attempt to login with another role, e.g. PUBLIC."
        )
        return SnowflakeError("390189", "08004", message)
    message = (
        f"User's configured default role '{role}' is not granted to this user. Contact your local system "
        "administrator, or attempt to login using a CLI client with a connect string selecting another role, "
        "e.g. PUBLIC."
    )
    return SnowflakeError("390186", "08004", message)
