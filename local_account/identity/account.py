"""The account that statements act on: who may do what, and the parts that other folders add."""

from __future__ import annotations

from typing import TypeVar

from local_account.base.settings import LocalSettings
from local_account.catalog.catalog import Catalog
from local_account.identity.authenticator import Authenticator
from local_account.identity.network_access import NetworkAccess

Part = TypeVar("Part")


class Account:
    """One local account.

    Other folders add their parts (stage files, the image registry, the state of services), so that this
    class does not depend on them. `server.open_account` makes an account with all of its parts.

    Attributes:
        settings: names, ports and state folder.
        catalog: objects, grants and tokens.
        network: checks the addresses that users sign in from.
        authenticator: checks credentials and keeps sessions.
    """

    def __init__(self, settings: LocalSettings) -> None:
        self.settings = settings
        self.catalog = Catalog(settings.state / "catalog.sqlite")
        self.network = NetworkAccess(self.catalog)
        self.authenticator = Authenticator(self.catalog, settings.locator, self.network)
        self._parts: dict[type, object] = {}

    def add(self, part: Part) -> Part:
        """Add a part; `part` finds it by its class or one of its base classes."""
        for kind in type(part).__mro__[:-1]:
            self._parts[kind] = part
        return part

    def part(self, kind: type[Part]) -> Part:
        """The part of a class.

        Raises:
            KeyError: no part of that class was added.
        """
        # `add` stores a part under its own classes only; the type of a dictionary cannot express that.
        return self._parts[kind]  # pyright: ignore[reportReturnType]

    def close(self) -> None:
        """Close the parts, the newest first, and then the catalog."""
        for part in reversed(list(dict.fromkeys(self._parts.values()))):
            if close := getattr(part, "close", None):
                close()
        self.catalog.close()
