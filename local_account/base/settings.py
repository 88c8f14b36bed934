"""Where the local account keeps its state and which ports it listens on."""

from __future__ import annotations

import contextlib
import json
import os
import random
import re
import secrets
import socket
from dataclasses import dataclass
from pathlib import Path

import platformdirs

from local_account.base import files

DEFAULT_PORT = 8480
STATE_VARIABLE = "LOCAL_ACCOUNT_STATE"
PORT_VARIABLE = "LOCAL_ACCOUNT_PORT"
ORGANIZATION_VARIABLE = "LOCAL_ACCOUNT_ORGANIZATION"
NAME_VARIABLE = "LOCAL_ACCOUNT_NAME"
LABEL_VARIABLE = "LOCAL_ACCOUNT_LABEL"
ADMIN_USER = "ADMIN"
_PACKAGE = Path(__file__).resolve().parent.parent


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
        account_id: short random text that marks everything this account makes in Docker.
        organization: name of the organization, the first part of the account identifier. Default LOCAL.
        name: name of the account, the second part of the account identifier. Default ACCOUNT.
        label: prefix of the labels and names of everything that the account makes in Docker. Default
            local-account. An account finds its containers and volumes by it, so it must stay the same.
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
        """Registry host as it stands in image names."""
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
    def environment(self) -> dict[str, str]:
        """Environment variables with which `load` gives these settings in another process."""
        return {
            STATE_VARIABLE: str(self.state),
            PORT_VARIABLE: str(self.port),
            ORGANIZATION_VARIABLE: self.organization,
            NAME_VARIABLE: self.name,
            LABEL_VARIABLE: self.label,
        }


def load(
    *,
    state: Path | None = None,
    organization: str = LocalSettings.organization,
    name: str = LocalSettings.name,
    label: str = LocalSettings.label,
) -> LocalSettings:
    """Read the account's settings, and make its identity at the first use.

    An environment variable (LOCAL_ACCOUNT_STATE, …_PORT, …_ORGANIZATION, …_NAME, …_LABEL) goes before an
    argument.

    Args:
        state: state folder; default `local-account` in the user's folder for application state.
        organization: name of the organization.
        name: name of the account.
        label: prefix of labels and names in Docker.

    Raises:
        SettingsError: a port, a name or a label that cannot be used; the message has the allowed values.
    """
    folder = os.environ.get(STATE_VARIABLE)
    state = Path(folder) if folder else state or platformdirs.user_state_path("local-account")
    state.mkdir(parents=True, exist_ok=True, mode=0o700)
    identity = state / "account_id"
    if not identity.exists():
        files.write_once(identity, secrets.token_hex(4))
    return LocalSettings(
        state=state,
        port=_port(),
        account_id=identity.read_text().strip(),
        organization=_text(ORGANIZATION_VARIABLE, organization, _NAME, _NAME_MEANING),
        name=_text(NAME_VARIABLE, name, _NAME, _NAME_MEANING),
        label=_text(LABEL_VARIABLE, label, _LABEL, _LABEL_MEANING),
    )


def _text(variable: str, default: str, allowed: re.Pattern[str], meaning: str) -> str:
    value = os.environ.get(variable) or default
    if not allowed.fullmatch(value):
        raise SettingsError(f"{variable} is {value!a}; it must be {meaning}")
    return value


def _port() -> int:
    text = os.environ.get(PORT_VARIABLE, str(DEFAULT_PORT))
    if not text.isdigit() or not 1024 <= int(text) <= 65533:
        raise SettingsError(f"{PORT_VARIABLE} is {text!r}; it must be a number from 1024 to 65533")
    return int(text)


def admin_credentials(settings: LocalSettings) -> dict[str, str]:
    """User name and password of the account's administrator, generated once per machine."""
    path = settings.state / "credentials.json"
    if not path.exists():
        content = {"user": ADMIN_USER, "password": secrets.token_urlsafe(18)}
        files.write_once(path, json.dumps(content))
    return json.loads(path.read_text())


def free_ports(count: int = 3) -> int:
    """The first of some consecutive free ports on loopback.

    Raises:
        SettingsError: none were found.
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
    """Changes whenever the account's code does, so that a running server can be told from a newer one."""
    newest = max(path.stat().st_mtime_ns for path in _PACKAGE.rglob("*.py"))
    return str(newest)
