"""The account: its catalog, sign-in, and the parts that statements act on."""

from __future__ import annotations

from local_account.base.settings import LocalSettings, admin_credentials
from local_account.base.sql import Name
from local_account.catalog.catalog import Catalog
from local_account.identity import access
from local_account.identity.credentials import hash_password
from local_account.identity.network_access import NetworkAccess
from local_account.identity.session import Authenticator
from local_account.registry.registry import Registry
from local_account.spcs.state.events import Events
from local_account.spcs.state.observed import Observed
from local_account.stages.store import StageStore
from local_account.tables.engine import DataEngine
from local_account.users import security_integration


class Account:
    """One local account, opened from its state folder.

    Attributes:
        settings: ports and state folder.
        catalog: objects, grants and tokens.
        network: from which addresses users may come.
        authenticator: sign-in and sessions.
        data: data SQL (tables, queries), loaded at its first use.
        stages: files of internal stages.
        registry: the image registry.
        spcs: what services and jobs really do on Docker, as last seen.
    """

    def __init__(self, settings: LocalSettings) -> None:
        self.settings = settings
        self.catalog = Catalog(settings.state / "catalog.sqlite")
        self.network = NetworkAccess(self.catalog)
        self.authenticator = Authenticator(self.catalog, settings.locator, self.network)
        self.data = DataEngine(settings.state / "data", self.catalog)
        self.stages = StageStore(settings.state / "stages", self.catalog)
        self.registry = Registry(settings, self.catalog)
        self.spcs = Observed(Events(settings.state / "events"))
        access.seed(self.catalog)
        security_integration.seed(self.catalog)
        self._seed_admin()

    def close(self) -> None:
        self.data.close()
        self.stages.close()
        self.catalog.close()

    def _seed_admin(self) -> None:
        credentials = admin_credentials(self.settings)
        name = Name("", "", credentials["user"])
        if self.catalog.find("USER", name):
            return
        properties = {
            "LOGIN_NAME": credentials["user"],
            "DISPLAY_NAME": credentials["user"],
            "PASSWORD": hash_password(credentials["password"]),
            "DEFAULT_ROLE": "ACCOUNTADMIN",
        }
        with self.catalog.transaction():
            self.catalog.create("USER", name, owner="ACCOUNTADMIN", properties=properties)
            self.catalog.grant_role("ACCOUNTADMIN", "USER", name.name, granted_by="")
