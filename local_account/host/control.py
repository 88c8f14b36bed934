"""Starts, finds and stops the local account's server process."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

from local_account.base.settings import PORT_VARIABLE, LocalSettings, code_version
from local_account.base.waiting import poll

_START_SECONDS = 60.0
_STOP_SECONDS = 30.0
_PAUSE_SECONDS = 0.05


class ControlError(Exception):
    """The server could not be started or stopped; the message says why and what to do."""


def running(settings: LocalSettings) -> dict[str, Any] | None:
    """Identity of this account's server; None unless it answers on the account's port."""
    with contextlib.suppress(OSError, ValueError):
        with urllib.request.urlopen(f"http://127.0.0.1:{settings.port}/healthz", timeout=2) as answer:
            found = json.load(answer)
        if found.get("account") == settings.account_id:
            return found
    return None


def start(settings: LocalSettings) -> bool:
    """Start the server unless it already runs with the present code.

    Returns:
        Whether a server was started.

    Raises:
        ControlError: a port is taken, or the server ended at once (its last log lines are shown).
    """
    found = running(settings)
    if found and found["code"] == code_version():
        return False
    if found:
        stop(settings)
    require_free_ports(settings)
    wait_until_running(settings, spawn(settings, detached=True))
    return True


def spawn(settings: LocalSettings, *, detached: bool = False, to_log: bool = True) -> subprocess.Popen[bytes]:
    """Start the server's process without waiting for it.

    Args:
        detached: whether it outlives this process and its terminal.
        to_log: whether it writes to its log file; otherwise to this process's standard output and error.
    """
    with log_file(settings).open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "local_account.server"],
            env={**os.environ, **settings.environment},
            stdin=subprocess.DEVNULL,
            stdout=log if to_log else None,
            stderr=log if to_log else None,
            start_new_session=detached,
        )
    _pid_file(settings).write_text(str(process.pid))
    return process


def wait_until_running(settings: LocalSettings, process: subprocess.Popen[bytes]) -> None:
    """Block until the server answers.

    Raises:
        ControlError: it ended, or did not answer within a minute; the message has its last log lines.
    """

    def answers() -> bool:
        if running(settings):
            return True
        if process.poll() is not None:
            raise ControlError(f"The local account ended at its start:\n{_log_tail(settings)}")
        return False

    if not poll(answers, _START_SECONDS, _PAUSE_SECONDS):
        raise ControlError(
            f"The local account did not answer in {_START_SECONDS:.0f} s:\n{_log_tail(settings)}"
        )


def stop(settings: LocalSettings) -> bool:
    """Stop the server; containers that it made stay.

    Returns:
        Whether the server was running.
    """
    path = _pid_file(settings)
    if not path.exists():
        return False
    pid = int(path.read_text())
    was_running = _is_server(pid)
    if was_running:
        os.kill(pid, signal.SIGTERM)
        _wait_for_end(pid)
    path.unlink(missing_ok=True)
    return was_running


def log_file(settings: LocalSettings) -> Path:
    """Path of the server's log file."""
    return settings.state / "account.log"


def require_free_ports(settings: LocalSettings) -> None:
    """Check that the server will be able to listen.

    Raises:
        ControlError: another program uses one of the ports.
    """
    ports = [(settings.port, "account"), (settings.ingress_port, "ingress")]
    if not _is_our_registry(settings):
        ports.append((settings.registry_port, "image registry"))
    for port, purpose in ports:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                raise ControlError(
                    f"Port {port} ({purpose}) is taken by another program. Stop that program, or set "
                    f"{PORT_VARIABLE} to the first of three free ports before the account has objects."
                ) from None


def _is_our_registry(settings: LocalSettings) -> bool:
    """Whether the registry's container uses the registry port; it runs on when the server ends."""
    try:
        urllib.request.urlopen(f"http://127.0.0.1:{settings.registry_port}/v2/", timeout=2)
    except urllib.error.HTTPError as error:
        return settings.account_url in error.headers.get("WWW-Authenticate", "")
    except (OSError, http.client.HTTPException):
        return False
    return False


def _wait_for_end(pid: int) -> None:
    def ended() -> bool:
        with contextlib.suppress(ChildProcessError):
            os.waitpid(pid, os.WNOHANG)
        return not _is_server(pid)

    if not poll(ended, _STOP_SECONDS, _PAUSE_SECONDS):
        os.kill(pid, signal.SIGKILL)
        poll(ended, _STOP_SECONDS, _PAUSE_SECONDS)


def _is_server(pid: int) -> bool:
    try:
        return b"local_account.server" in Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return False


def _pid_file(settings: LocalSettings) -> Path:
    return settings.state / "account.pid"


def _log_tail(settings: LocalSettings, lines: int = 15) -> str:
    return "\n".join(log_file(settings).read_text(errors="replace").splitlines()[-lines:])
