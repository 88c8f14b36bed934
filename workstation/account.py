"""The local account of this project: where it keeps its state, and what it is called."""

from __future__ import annotations

from local_account.base.settings import LocalSettings, load
from machine.paths import STATE

NAME, LABEL = "MILVUS", "milvus-spcs"


def account_settings() -> LocalSettings:
    """Settings of this project's local account; LOCAL_ACCOUNT_* variables go before what is set here.

    Raises:
        SettingsError: a LOCAL_ACCOUNT_* variable has a value that cannot be used.
    """
    return load(state=STATE / "account", name=NAME, label=LABEL)
