"""Opening, finding and ending sessions, and their tokens."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Any

from local_account.base.errors import SnowflakeError
from local_account.base.result import now
from local_account.base.sql import Name
from local_account.catalog.catalog import Catalog, Object
from local_account.identity import access
from local_account.identity.credentials import Credentials, SignedIn, digest
from local_account.identity.network_access import NetworkAccess
from local_account.identity.session import PASSWORD, SERVICE_TOKEN, Session, session_id

SESSION_SECONDS = 3600
MASTER_SECONDS = 4 * 3600
MAX_SESSIONS = 10_000
INGRESS_KINDS = ("ingress-code", "ingress", "ingress-token")
_KINDS = ("session", "master")


class Authenticator(Credentials):
    """Checks credentials and keeps sessions. Sessions survive a restart of the server.

    Attributes:
        on_close: functions called with each session that its client closes.
    """

    def __init__(self, catalog: Catalog, locator: str, network: NetworkAccess) -> None:
        super().__init__(catalog, locator, network)
        self._sessions: dict[str, Session] = {}
        self.on_close: list[Callable[[Session], None]] = []

    def open(self, session: Session) -> tuple[str, str]:
        """Open a session; its session token and master token.

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
            SnowflakeError: 390104 for an unknown token, 390112 for an expired one (the client renews it).
        """
        key = digest(token)
        stored = self._catalog.get_token(key, "session")
        if not stored:
            raise SnowflakeError(
                "390104", "08001", "Session no longer exists. New login required to access the service."
            )
        if stored[0] < now():
            raise SnowflakeError("390112", "08001", "Your session has expired. Please login again.")
        return self._sessions.get(str(stored[1]["id"])) or self._load(stored[1])

    def find_from(self, token: str, address: str) -> Session:
        """Like `find`; also checks the user's network policy against the client's address.

        Raises:
            SnowflakeError: as `find`; 390422 when the policy does not allow the address.
        """
        session = self.find(token)
        self._admit(session, address)
        return session

    def _admit(self, session: Session, address: str) -> None:
        # Network policies do not apply to services, which connect from inside the account.
        if not session.is_service:
            self._network.require(session.user, address)

    def _load(self, content: dict[str, Any]) -> Session:
        """A session from its stored state, after a restart of the server."""
        session = Session(**content)
        if session.in_transaction:
            session.in_transaction, session.transaction_lost = False, True
        return self._keep(session)

    def _keep(self, session: Session) -> Session:
        if len(self._sessions) >= MAX_SESSIONS:
            self._sessions.pop(next(iter(self._sessions)), None)
        return self._sessions.setdefault(str(session.id), session)

    def remember(self, token: str, session: Session) -> None:
        """Store a session that a statement has changed, so that it survives a restart of the server."""
        stored, content = self._catalog.get_token(digest(token), "session"), session.stored()
        if stored and stored[1] != content:
            with self._catalog.transaction(lasting=False):
                self._catalog.put_token(digest(token), "session", stored[0], content)

    def renew(self, master: str, address: str, old: str = "") -> tuple[str, str, Session]:
        """New session and master tokens for a master token.

        Args:
            address: IP address of the client.
            old: the session token that expired. The session continues in the state last stored for it.

        Raises:
            SnowflakeError: 390114 when the master token is unknown or expired, 390422 when the network policy
                does not allow the address.
        """
        stored = self._catalog.get_token(digest(master), "master")
        if not stored or stored[0] < now():
            raise SnowflakeError(
                "390114", "08001", "Authentication token has expired. The user must authenticate again."
            )
        before = self._catalog.get_token(digest(old), "session")
        latest = before[1] if before and before[1]["id"] == stored[1]["id"] else stored[1]
        session = self._sessions.get(str(stored[1]["id"])) or self._load(latest)
        self._admit(session, address)
        return *self._issue(session), session

    def close(self, token: str) -> None:
        """End a session and make its tokens invalid.

        Raises:
            SnowflakeError: as `find`.
        """
        session = self.find(token)
        for closed in self.on_close:
            closed(session)
        self._sessions.pop(str(session.id), None)
        self._catalog.delete_session(session.id)

    def rename_user(self, old: str, new: str) -> None:
        """Write a user's new name into open sessions."""
        self._change("user", old, new)

    def rename_role(self, old: str, new: str) -> None:
        """Write a role's new name into open sessions."""
        self._change("role", old, new)
        self._change("only_role", old, new)

    def forget_user(self, name: str) -> None:
        """End all sessions of a user, including those at public endpoints."""
        for kind in (*_KINDS, *INGRESS_KINDS):
            for token, _, content in self._catalog.tokens(kind):
                # A service may have the same name as the user.
                if content["user"] == name and content.get("method") != SERVICE_TOKEN:
                    self._sessions.pop(str(content.get("id")), None)
                    self._catalog.delete_token(token)

    def _change(self, attribute: str, old: str, new: str) -> None:
        # A service may have the same name as the user.
        others = (SERVICE_TOKEN,) if attribute == "user" else ()
        for session in list(self._sessions.values()):
            if getattr(session, attribute) == old and session.method not in others:
                setattr(session, attribute, new)
        for kind in (*_KINDS, *INGRESS_KINDS):
            for token, expires, content in self._catalog.tokens(kind):
                if content.get(attribute) == old and content.get("method") not in others:
                    self._catalog.put_token(token, kind, expires, {**content, attribute: new})

    def _store(self, token: str, master: str, session: Session) -> None:
        # Nobody waits for new tokens, so do not wake those who wait for changes.
        with self._catalog.transaction(lasting=False, telling=False):
            content = session.stored()
            self._catalog.put_token(digest(token), "session", now() + SESSION_SECONDS, content)
            self._catalog.put_token(digest(master), "master", now() + MASTER_SECONDS, content)
        self._keep(session)


def new_session(catalog: Catalog, who: SignedIn | Object, role: str = "") -> Session:
    """A session with the user's defaults.

    Args:
        who: a sign-in; or a user, who then counts as signed in with a password.
        role: the session's role, instead of the user's default role.

    Raises:
        SnowflakeError: 390189 when `role` does not exist or is not granted to the user, 390186 when the
            default role does not exist or is not granted.
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
