"""Who sends a request to a public endpoint: sign-in codes, cookies and tokens of programs.

See https://docs.snowflake.com/en/developer-guide/snowpark-container-services/service-network-communications
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import Any

from local_account.base.errors import SnowflakeError
from local_account.base.result import now
from local_account.base.sql import Name
from local_account.catalog.catalog import Object
from local_account.identity import access
from local_account.identity.account import Account
from local_account.identity.authenticator import INGRESS_KINDS
from local_account.identity.credentials import digest, kept_out

CODE_SECONDS = 60
COOKIE_SECONDS = 8 * 3600
TOKEN_SECONDS = 600
REFUSED_ROLES = frozenset({"ACCOUNTADMIN", "SECURITYADMIN", "ORGADMIN"})
_CODE, _COOKIE, _TOKEN = INGRESS_KINDS


@dataclass(frozen=True)
class Visitor:
    """A signed-in user of an endpoint.

    Attributes:
        user: the user's name.
        roles: the visitor's role and the roles that it inherits; empty when the role may not be used here.
        expires: when the sign-in ends, in seconds since the epoch.
    """

    user: str
    roles: frozenset[str]
    expires: float


class Visitors:
    """Sign-ins to public endpoints. The catalog keeps digests of codes, cookies and tokens over a restart."""

    def __init__(self, account: Account) -> None:
        self._account = account
        self._catalog = account.catalog

    # Browsers

    def issue_code(self, user: Object, label: str) -> str:
        """A one-time code that lets a user sign in to one endpoint within a minute."""
        return self._issue(_CODE, CODE_SECONDS, {"user": user.name, "label": label})

    def redeem_code(self, code: str, label: str) -> str | None:
        """Exchange a code for a cookie's value.

        None when the code is unknown, used, too old or for another endpoint.
        """
        with self._catalog.transaction():
            found = self._catalog.get_token(digest(code), _CODE)
            if not found:
                return None
            self._catalog.delete_token(digest(code))
            if found[0] < now() or found[1]["label"] != label:
                return None
            return self._issue(_COOKIE, COOKIE_SECONDS, found[1])

    def by_cookie(self, cookie: str, label: str) -> Visitor | None:
        """The visitor with this cookie, with the default role."""
        found = self._find(cookie, _COOKIE, label)
        user = self._user(found[1]["user"]) if found else None
        return self._visitor(user, default_role(user), found[0]) if user and found else None

    def forget_cookie(self, cookie: str) -> None:
        """Sign out."""
        if self._catalog.get_token(digest(cookie), _COOKIE):
            self._catalog.delete_token(digest(cookie))

    # Programs

    def issue_token(self, user: Object, role: str, label: str) -> str:
        """A short-lived token for one endpoint, with which a program enters with the given role."""
        return self._issue(_TOKEN, TOKEN_SECONDS, {"user": user.name, "role": role, "label": label})

    def by_token(self, token: str, label: str, address: str) -> Visitor | None:
        """The visitor with a token of `issue_token`, a programmatic access token or a session token, or None.

        Args:
            address: IP address that the request comes from.
        """
        found = self._find(token, _TOKEN, label)
        if found:
            user = self._user(found[1]["user"])
            return self._visitor(user, found[1]["role"], found[0]) if user else None
        return self._by_access_token(token, address) or self._by_session(token)

    def _by_access_token(self, token: str, address: str) -> Visitor | None:
        try:
            who = self._account.authenticator.access_token("", token, address)
        except SnowflakeError:
            return None
        found = self._catalog.get_token(digest(token), "pat")
        if not found:
            return None
        expires = min(found[0], found[1].get("bypass_until") or found[0])
        return self._visitor(who.user, who.only_role or default_role(who.user), expires)

    def _by_session(self, token: str) -> Visitor | None:
        try:
            session = self._account.authenticator.find(token)
        except SnowflakeError:
            return None
        found = self._catalog.get_token(digest(token), "session")
        user = self._user(session.account_user)
        return self._visitor(user, session.role, found[0]) if user and found else None

    def _issue(self, kind: str, seconds: int, content: dict[str, Any]) -> str:
        token = secrets.token_urlsafe(48)
        self._catalog.put_token(digest(token), kind, now() + seconds, content)
        return token

    def _find(self, token: str, kind: str, label: str) -> tuple[float, dict[str, Any]] | None:
        found = self._catalog.get_token(digest(token), kind)
        return found if found and found[0] > now() and found[1]["label"] == label else None

    def _user(self, name: str) -> Object | None:
        user = self._catalog.find("USER", Name("", "", name))
        return None if user is None or kept_out(user) else user

    def _visitor(self, user: Object, role: str, expires: float) -> Visitor:
        usable = role not in REFUSED_ROLES and role in access.roles_of_user(self._catalog, user.name)
        roles = access.closure(self._catalog, [role]) if usable else frozenset[str]()
        return Visitor(user.name, roles, expires)


def default_role(user: Object) -> str:
    """The role with which a user enters public endpoints."""
    return user.properties.get("DEFAULT_ROLE") or access.PUBLIC
