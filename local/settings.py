"""Where the local account keeps its state and which ports it listens on."""

from __future__ import annotations

import contextlib
import json
import os
import random
import secrets
import socket
from dataclasses import dataclass
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent
STATE = PROJECT / ".state"
DEFAULT_PORT = 8480
PORT_VARIABLE = "LOCAL_ACCOUNT_PORT"
ORGANIZATION = "LOCAL"
ACCOUNT = "MILVUS"
ADMIN_USER = "ADMIN"


class SettingsError(Exception):
    """A setting of the local account has a value that cannot be used."""


@dataclass(frozen=True)
class LocalSettings:
    """Settings of one local account.

    Attributes:
        state: folder with the catalog, stage files, keys and credentials.
        port: TCP port on loopback of the SQL API, sign-in page and stage transfer. Default 8480.
        account_id: short random text that marks everything this account makes in Docker.
    """

    state: Path
    port: int
    account_id: str

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
        return f"{ORGANIZATION}-{ACCOUNT}"


def account_state() -> Path:
    """The account's state folder; LOCAL_ACCOUNT_STATE moves it, and the Pulumi state beside it."""
    return Path(os.environ.get("LOCAL_ACCOUNT_STATE", STATE / "account"))


def load(state: Path | None = None) -> LocalSettings:
    """Read the account's settings, making its identity on first use.

    Args:
        state: state folder; default `.state/account` in the project.

    Raises:
        SettingsError: LOCAL_ACCOUNT_PORT is not a port number from 1024 to 65533.
    """
    state = state or account_state()
    state.mkdir(parents=True, exist_ok=True, mode=0o700)
    identity = state / "account_id"
    if not identity.exists():
        _write_whole(identity, secrets.token_hex(4))
    return LocalSettings(state=state, port=_port(), account_id=identity.read_text().strip())


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
        _write_whole(path, json.dumps(content))
    return json.loads(path.read_text())


def _write_whole(path: Path, text: str) -> None:
    """A file, readable by its owner only, that is there in full or not at all; one that is there stays."""
    draft = path.with_suffix(f".{os.getpid()}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
        os.fsync(descriptor)
    with contextlib.suppress(FileExistsError):
        os.link(draft, path)
    draft.unlink()


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
    newest = max(path.stat().st_mtime_ns for path in (PROJECT / "local").rglob("*.py"))
    return str(newest)
