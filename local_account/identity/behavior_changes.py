"""Behavior change bundles: changes of Snowflake that an account can try, or put off, for some time.

See https://docs.snowflake.com/en/release-notes/bcr-bundles/managing-behavior-change-releases
"""

from __future__ import annotations

from local_account.catalog.catalog import Catalog
from local_account.identity import parameters

GRANTEES = "2026_06"
"""SHOW GRANTS OF DATABASE ROLE names a database role without its database."""
STAGE_MOUNTS = "2026_08"
"""New services and jobs cannot mount stages by `source: "@stage"`."""
# Name of a bundle to whether it is on unless the account says otherwise. Older ones are released.
ACTIVE = {GRANTEES: True, "2026_07": False, STAGE_MOUNTS: False}
_KEY = "BEHAVIOR_CHANGE_BUNDLES"


def enabled(catalog: Catalog, bundle: str) -> bool:
    """Whether an active bundle is on in this account."""
    return _chosen(catalog).get(bundle, ACTIVE[bundle])


def switch(catalog: Catalog, bundle: str, on: bool) -> None:
    """Turn an active bundle on or off."""
    with catalog.transaction():
        item = parameters.account_object(catalog)
        if item is None:
            item = catalog.create(*parameters.ACCOUNT_OBJECT, "ACCOUNTADMIN")
        item.properties[_KEY] = {**_chosen(catalog), bundle: on}
        catalog.save(item)


def _chosen(catalog: Catalog) -> dict[str, bool]:
    item = parameters.account_object(catalog)
    return item.properties.get(_KEY, {}) if item else {}
