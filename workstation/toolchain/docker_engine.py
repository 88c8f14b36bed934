"""Docker Engine: found, started, or installed."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from local_account.base.waiting import poll
from machine.debian import apt_install
from machine.errors import ToolchainError
from machine.paths import STATE
from machine.terminal import say, say_change, step

_INSTALL_PAGE = "https://docs.docker.com/engine/install/"
_START_SECONDS = 60.0


def ensure_docker() -> str:
    """Make sure that Docker Engine answers.

    On a Debian relative as root, a missing engine is installed and one that does not run is started: by
    systemd where that is the service manager, otherwise as a process of its own with its log in
    `.state/docker/dockerd.log`. One line says which engine was found, the first time and after each change.

    Returns:
        The engine's version.

    Raises:
        ToolchainError: Docker is missing or does not answer, and cannot be installed or started from here.
    """
    if version := engine_version():
        say_change("docker", f"found, engine {version}")
        return version
    if shutil.which("docker") is None or (shutil.which("dockerd") is None and _may_install()):
        _install()
    _start()
    version = _wait_for_engine()
    say("docker", f"started, engine {version}")
    return version


def engine_version() -> str | None:
    """Version of the engine that answers, or None."""
    if shutil.which("docker") is None:
        return None
    done = subprocess.run(
        ["docker", "version", "--format", "{{.Server.Version}}"], capture_output=True, text=True, check=False
    )
    return done.stdout.strip() or None if done.returncode == 0 else None


def engine_host() -> str | None:
    """Address of the engine if the user's current Docker context is not the system's socket, or None."""
    if "DOCKER_HOST" in os.environ or shutil.which("docker") is None or not _has_contexts():
        return None
    done = subprocess.run(
        ["docker", "context", "inspect", "--format", "{{.Endpoints.docker.Host}}"],
        capture_output=True,
        text=True,
        check=False,
    )
    host = done.stdout.strip()
    return host if host and host != "unix:///var/run/docker.sock" else None


def _has_contexts() -> bool:
    # Asking the docker command takes 40 ms, and is of use only if a context was ever added.
    folder = Path(os.environ.get("DOCKER_CONFIG", Path.home() / ".docker"))
    return "DOCKER_CONTEXT" in os.environ or (folder / "contexts").is_dir()


def _may_install() -> bool:
    return os.geteuid() == 0 and shutil.which("apt-get") is not None


def _install() -> None:
    if not _may_install():
        raise ToolchainError(
            f"Docker is not installed. Install Docker Engine ({_INSTALL_PAGE}) or Docker Desktop, start it, "
            "and run this again. On Debian and Ubuntu: sudo apt-get install docker.io iptables"
        )
    apt_install("docker.io", "iptables")


def _start() -> None:
    if os.geteuid() != 0 or shutil.which("dockerd") is None:
        raise ToolchainError(
            "Docker is installed but its engine does not answer. Start it (sudo systemctl start docker, or "
            "Docker Desktop), and check that this user may use it: docker version"
        )
    if Path("/run/systemd/system").is_dir():
        subprocess.run(["systemctl", "start", "docker"], check=False)
        return
    log = STATE / "docker" / "dockerd.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as output:
        subprocess.Popen(
            ["dockerd"], stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True
        )


def _wait_for_engine() -> str:
    with step("docker", "starting the engine"):
        version = poll(engine_version, _START_SECONDS, 0.5)
    if version:
        return version
    raise ToolchainError(
        f"Docker's engine did not answer within {_START_SECONDS:.0f} s. Its log: journalctl -u docker, or "
        f"without systemd {STATE / 'docker' / 'dockerd.log'}"
    )
