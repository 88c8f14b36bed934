"""A session: what one client connection is set to."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from typing import Any

from local_account.base.errors import SnowflakeError

# Ways of signing in.
PASSWORD, KEY_PAIR, ACCESS_TOKEN, SERVICE_TOKEN = "PASSWORD", "KEY_PAIR", "ACCESS_TOKEN", "SERVICE"


@dataclass
class Session:
    """What one client connection is set to.

    Attributes:
        secondary_roles: `ALL`, `NONE`, or role names with commas between them.
        user: name of the user, or of the service.
        service: id of the service whose own session it is; 0 for a user's.
        only_role: the role that a restricted sign-in (a service, some access tokens) cannot leave, or ''.
        method: how it was opened: PASSWORD, KEY_PAIR, ACCESS_TOKEN or SERVICE_TOKEN.
        in_transaction: a transaction over tables is open; it ends with the server.
        transaction_lost: the server ended while one was open, which the client has not been told yet.
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
    in_transaction: bool = False
    transaction_lost: bool = False

    @property
    def is_service(self) -> bool:
        """Whether the session is a service's own; its user is no object of the account."""
        return self.method == SERVICE_TOKEN

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


def session_id() -> int:
    """A number that JSON readers keep exactly."""
    return secrets.randbelow(2**52)
