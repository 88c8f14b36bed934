"""Where the local account keeps its state and which ports it listens on."""

from __future__ import annotations

import contextlib
import json
import os
import random
import re
import secrets
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import platformdirs

from local_account.base import files
from local_account.base.labels import Labels

DEFAULT_PORT = 8480
STATE_VARIABLE = "LOCAL_ACCOUNT_STATE"
PORT_VARIABLE = "LOCAL_ACCOUNT_PORT"
ORGANIZATION_VARIABLE = "LOCAL_ACCOUNT_ORGANIZATION"
NAME_VARIABLE = "LOCAL_ACCOUNT_NAME"
LABEL_VARIABLE = "LOCAL_ACCOUNT_LABEL"
ADMIN_USER = "ADMIN"
_STORED = {ORGANIZATION_VARIABLE: "organization", NAME_VARIABLE: "name", LABEL_VARIABLE: "label"}
_FILE = "settings.json"
_PACKAGE = Path(__file__).resolve().parent.parent
_SHARED_MEMORY = Path("/dev/shm")  # noqa: S108 wanted: files that never reach a disk


_NAME = re.compile(r"[A-Z][A-Z0-9_]{0,62}")
_NAME_MEANING = "1 to 63 of A-Z, 0-9 and _, beginning with a letter"
_LABEL = re.compile(r"[a-z0-9][a-z0-9-]{0,30}[a-z0-9]")
_LABEL_MEANING = "2 to 32 of a-z, 0-9 and -, beginning and ending with a letter or digit"


class SettingsError(Exception):
    """A setting of the local account has a value that cannot be used."""


@dataclass(frozen=True)
class LocalSettings:
    """Settings of one local account.

    Attributes:
        state: folder with the catalog, stage files, keys and credentials.
        port: TCP port on loopback of the SQL API, sign-in page and stage transfer. Default 8480.
        account_id: short random text in the labels of everything that this account makes in Docker.
        organization: name of the organization, the first part of the account identifier. Default LOCAL.
        name: name of the account, the second part of the account identifier. Default ACCOUNT.
        label: prefix of the labels and names of everything that the account makes in Docker. Default
            local-account. The account finds its containers and volumes by the label, so it must not change.
    """

    state: Path
    port: int
    account_id: str
    organization: str = "LOCAL"
    name: str = "ACCOUNT"
    label: str = "local-account"

    @property
    def ingress_port(self) -> int:
        """TCP port on loopback of all public endpoints."""
        return self.port + 1

    @property
    def registry_port(self) -> int:
        """TCP port on loopback of the image registry."""
        return self.port + 2

    @property
    def registry_host(self) -> str:
        """Host and port of the registry, as image names have them."""
        return f"localhost:{self.registry_port}"

    @property
    def account_url(self) -> str:
        """Base URL of the account for clients on this machine."""
        return f"http://localhost:{self.port}"

    @property
    def locator(self) -> str:
        """Account identifier in the form organization-account."""
        return f"{self.organization}-{self.name}"

    @property
    def labels(self) -> Labels:
        """The names and labels of the account's objects in Docker."""
        return Labels(self.label, self.account_id)

    @property
    def run_path(self) -> Path:
        """Folder for tokens and secrets of containers; in memory if the system has such a folder."""
        if _SHARED_MEMORY.is_mount() and os.access(_SHARED_MEMORY, os.W_OK):
            return _SHARED_MEMORY / f"{self.label}-{self.account_id}"
        return self.state / "run"

    @property
    def environment(self) -> dict[str, str]:
        """Environment variables with which `load` gives these settings in another process."""
        return {
            STATE_VARIABLE: str(self.state),
            PORT_VARIABLE: str(self.port),
            ORGANIZATION_VARIABLE: self.organization,
            NAME_VARIABLE: self.name,
            LABEL_VARIABLE: self.label,
        }


def state_folder(state: Path | None = None, environment: Mapping[str, str] = os.environ) -> Path:
    """The state folder: LOCAL_ACCOUNT_STATE, then `state`, then the user's folder for application state."""
    named = environment.get(STATE_VARIABLE)
    folder = Path(named) if named else state or platformdirs.user_state_path("local-account")
    return folder.expanduser().absolute()


def load(
    *,
    state: Path | None = None,
    organization: str | None = None,
    name: str | None = None,
    label: str | None = None,
    environment: Mapping[str, str] = os.environ,
) -> LocalSettings:
    """Read the account's settings. The first use makes the account's identity.

    An environment variable (LOCAL_ACCOUNT_STATE, …_PORT, …_ORGANIZATION, …_NAME, …_LABEL) has precedence
    over an argument, and an argument over what `save` stored in the state folder.

    Args:
        state: state folder; default `local-account` in the user's folder for application state.
        organization: name of the organization.
        name: name of the account.
        label: prefix of labels and names in Docker.
        environment: the variables to read; default those of this process.

    Raises:
        SettingsError: a port, a name, a label (the message has the allowed values) or the state folder
            cannot be used.
    """
    state = state_folder(state, environment)
    account_id = _identity(state)
    stored = _stored(state)

    def text(variable: str, given: str | None, allowed: re.Pattern[str], meaning: str) -> str:
        key = _STORED[variable]
        value = environment.get(variable) or given or stored.get(key) or getattr(LocalSettings, key)
        if not allowed.fullmatch(value):
            raise SettingsError(f"{variable} is {value!a}; it must be {meaning}")
        return value

    return LocalSettings(
        state=state,
        port=_port(environment.get(PORT_VARIABLE) or str(stored.get("port", DEFAULT_PORT))),
        account_id=account_id,
        organization=text(ORGANIZATION_VARIABLE, organization, _NAME, _NAME_MEANING),
        name=text(NAME_VARIABLE, name, _NAME, _NAME_MEANING),
        label=text(LABEL_VARIABLE, label, _LABEL, _LABEL_MEANING),
    )


def load_own(
    state: Path, *, organization: str | None = None, name: str | None = None, label: str | None = None
) -> LocalSettings:
    """Settings of the account in a folder. A new account gets free ports and keeps them.

    Args:
        state: folder of the account; created if it is missing.
        organization: name of the organization; default LOCAL_ACCOUNT_ORGANIZATION, then as in `load`.
        name: name of the account; default LOCAL_ACCOUNT_NAME, then as in `load`.
        label: prefix of labels and names in Docker; default LOCAL_ACCOUNT_LABEL, then as in `load`.

    Raises:
        SettingsError: a value or the folder cannot be used, or no ports are free.
    """
    names = {ORGANIZATION_VARIABLE: organization, NAME_VARIABLE: name, LABEL_VARIABLE: label}
    environment = {variable: given or os.environ.get(variable, "") for variable, given in names.items()}
    environment[STATE_VARIABLE] = str(state)
    if not (state / _FILE).exists():
        environment[PORT_VARIABLE] = str(free_ports())
    settings = load(environment=environment)
    save(settings)
    return settings


def save(settings: LocalSettings) -> None:
    """Store port, names and label in the state folder. `load` uses them unless it is told other values."""
    content = {key: getattr(settings, key) for key in ("port", *_STORED.values())}
    path = settings.state / _FILE
    if _stored(settings.state) != content:
        files.write_whole(path, json.dumps(content))


def _stored(state: Path) -> dict[str, Any]:
    path = state / _FILE
    try:
        return json.loads(path.read_text()) if path.exists() else {}
    except ValueError:
        raise SettingsError(f"{path} is not JSON; remove it, and give port, names and label again") from None


def _identity(state: Path) -> str:
    """The account's random text. The first use of the state folder makes it.

    Raises:
        SettingsError: the folder cannot be created, or has files that do not belong to an account.
    """
    identity = state / "account_id"
    try:
        state.mkdir(parents=True, exist_ok=True, mode=0o700)
        # The identity is the first file of an account, so without it the folder belongs to something else.
        # Another process may be writing it just now, in a hidden temporary file.
        names = [entry.name.removeprefix(".") for entry in state.iterdir()]
        foreign = any(not name.startswith(identity.name) for name in names)
        if foreign and not identity.exists():
            raise SettingsError(
                f"The state folder {state} has files but no account; name an empty folder, or one that is "
                f"still to be made ({STATE_VARIABLE})."
            )
        if not identity.exists():
            files.write_once(identity, secrets.token_hex(4))
        return identity.read_text().strip()
    except OSError as error:
        raise SettingsError(f"The state folder {state} cannot be used: {error.strerror}.") from None


def _port(text: str) -> int:
    if not (text.isascii() and text.isdigit()) or not 1024 <= int(text) <= 65533:
        raise SettingsError(f"{PORT_VARIABLE} is {text!a}; it must be a number from 1024 to 65533")
    return int(text)


def admin_credentials(settings: LocalSettings) -> dict[str, str]:
    """User name and password of the account's administrator; generated at the first use."""
    path = settings.state / "credentials.json"
    if not path.exists():
        content = {"user": ADMIN_USER, "password": secrets.token_urlsafe(18)}
        files.write_once(path, json.dumps(content))
    return json.loads(path.read_text())


def free_ports(count: int = 3) -> int:
    """The first of `count` consecutive free ports on loopback.

    Raises:
        SettingsError: there are no such ports.
    """
    for _ in range(100):
        first = random.randrange(20000, 32000)  # noqa: S311 below the range of outgoing connections
        with contextlib.ExitStack() as stack:
            try:
                for port in range(first, first + count):
                    stack.enter_context(socket.socket()).bind(("127.0.0.1", port))
            except OSError:
                continue
            return first
    raise SettingsError(f"no {count} consecutive free ports from 20000 to 32000")


def code_version() -> str:
    """A text that changes with the account's code. It shows whether a running server has older code."""
    newest = max(path.stat().st_mtime_ns for path in _PACKAGE.rglob("*.py"))
    return str(newest)
