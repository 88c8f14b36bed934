"""The registry for the rest of the account: its tokens and storage, and whether it can be used."""

from __future__ import annotations

import threading
import time

from local_account.base.settings import LocalSettings
from local_account.catalog.catalog import Catalog, Object
from local_account.registry.storage import Storage
from local_account.registry.tokens import RegistryTokens

READY = "STORAGE_READY"
_READY_SECONDS = 30.0


class Registry:
    """One account's image registry.

    Attributes:
        tokens: signs the tokens that let clients in.
        storage: the volume of the registry's container.
        problem: why the registry cannot be used; empty when it can be used, None before the first look.
    """

    def __init__(self, settings: LocalSettings, catalog: Catalog) -> None:
        self.tokens = RegistryTokens(settings)
        self.storage = Storage(settings.labels.registry)
        self.problem: str | None = None
        self.wake = threading.Event()
        self._catalog = catalog

    def explain(self) -> str:
        """Text for the user: why the registry cannot be used now, and what to do."""
        return self.problem or "The image registry is still starting; try again in a few seconds."

    def wait_until_ready(self, repository: Object, timeout: float = _READY_SECONDS) -> bool:
        """Block until a repository is ready to take images.

        A new repository becomes ready after the images of a dropped one with the same name are removed.

        Returns:
            Whether it became ready within `timeout` seconds; False at once when the registry cannot start.
        """
        deadline = time.monotonic() + timeout
        while True:
            version = self._catalog.version
            fresh = self._catalog.by_id(repository.id)
            if fresh is None or fresh.properties.get(READY):
                return fresh is not None
            if self.problem or time.monotonic() > deadline:
                return False
            self.wake.set()
            self._catalog.wait(version, 1.0)
