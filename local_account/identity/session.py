"""A session: the state of one client's connection."""

from __future__ import annotations

import secrets
from dataclasses import asdict, dataclass, field, replace
from typing import Any, TypedDict

from local_account.base.errors import SnowflakeError

# Ways of signing in.
PASSWORD, KEY_PAIR, ACCESS_TOKEN, SERVICE_TOKEN = "PASSWORD", "KEY_PAIR", "ACCESS_TOKEN", "SERVICE"


class Variable(TypedDict):
    """A session variable.

    Attributes:
        type: wire type of its value.
        text: the value as text; None for NULL.
        literal: the value as an expression in SQL.
        created, updated: seconds since the epoch.
    """

    type: str
    text: str | None
    literal: str
    created: float
    updated: float


@dataclass
class Session:
    """The state of one client's connection.

    Attributes:
        secondary_roles: `ALL`, `NONE`, or role names with commas between them.
        user: name of the user, or of the service.
        service: id of the service that opened the session; 0 for a user's session.
        only_role: the only role that a restricted sign-in (a service, some access tokens) can use, or ''.
        method: how it was opened: PASSWORD, KEY_PAIR, ACCESS_TOKEN or SERVICE_TOKEN.
        variables: name in upper case to session variable; they end with the server.
        in_transaction: a transaction over tables is open; it ends with the server.
        transaction_lost: the server ended during a transaction, and the client does not know it yet.
    """

    id: int
    user: str
    service: int = 0
    role: str = "PUBLIC"
    secondary_roles: str = "NONE"
    database: str = ""
    schema: str = ""
    warehouse: str = ""
    only_role: str = ""
    method: str = PASSWORD
    parameters: dict[str, Any] = field(default_factory=dict)
    variables: dict[str, Variable] = field(default_factory=dict)
    in_transaction: bool = False
    transaction_lost: bool = False

    @property
    def is_service(self) -> bool:
        """Whether a service opened the session; then its user is not an object of the account."""
        return self.method == SERVICE_TOKEN

    @property
    def account_user(self) -> str:
        """Name of the session's user; '' for a service, which may have the same name as a user."""
        return "" if self.is_service else self.user

    @property
    def identity(self) -> tuple[str, int]:
        """Name and service id. A user and a service may have the same name, and so may two services."""
        return self.user, self.service

    def stored(self) -> dict[str, Any]:
        """What survives the server. Variables may hold secrets, so they are not written to disk."""
        return asdict(replace(self, variables={}))

    def require_transaction(self) -> None:
        """Tell the client once that its open transaction was lost when the server ended.

        Raises:
            SnowflakeError: 000625 when a transaction was lost and the client does not know it yet.
        """
        if self.transaction_lost:
            self.transaction_lost = False
            raise SnowflakeError(
                "000625",
                "57014",
                "The transaction was rolled back: the account's server ended while it was open.",
            )


def session_id() -> int:
    """A random id, small enough that every JSON reader keeps all its digits."""
    return secrets.randbelow(2**52)
