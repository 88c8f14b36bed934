"""The BuildKit builder `milvus-spcs`, which the docker-build plugin builds and pushes images with.

The plugin works with BuildKit in a container or with a BuildKit daemon elsewhere, not with the one inside
Docker Engine. The container's image comes from Docker Hub; where that does not answer, a daemon of our own
runs on this machine. Both can reach a registry on this machine's loopback.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
from pathlib import Path

from local_account.base.waiting import poll
from machine.debian import apt_install
from machine.errors import ToolchainError
from machine.paths import STATE
from machine.terminal import say, step
from standins.go.gobuild import ensure_built
from workstation.toolchain import public_registry
from workstation.toolchain.pulumi_env import BUILDER, DOCKER_CONFIG, environment

ROOT = STATE / "buildkit"
SOCKET = ROOT / "buildkitd.sock"
LOG = ROOT / "buildkitd.log"
_PID = ROOT / "buildkitd.pid"
_START_SECONDS = 30.0
_STOP_SECONDS = 15.0


def ensure_builder() -> str:
    """Make sure that the builder exists and answers, and make it the default in our Docker settings.

    Which kind it is (container or own daemon) is decided when it is first made.

    Returns:
        The builder's name.

    Raises:
        ToolchainError: it cannot be made or does not answer; the message has BuildKit's own last lines.
    """
    kind = _driver()
    if kind is None:
        kind = "docker-container" if public_registry.usable() else "remote"
        _create(kind)
        say("builder", f"made {BUILDER} ({_describe(kind)})")
    if kind == "remote":
        _ensure_daemon()
    elif not _container_runs():
        with step("builder", "starting BuildKit's container"):
            _buildx("inspect", BUILDER, "--bootstrap")
    return BUILDER


def stop() -> None:
    """Stop the builder; what it cached stays."""
    if _driver() == "docker-container":
        _buildx("stop", BUILDER)
    _stop_daemon()


def remove() -> None:
    """Stop the builder and remove it with all that it cached."""
    driver = _driver()
    if driver is not None:
        _buildx("rm", "--force", BUILDER)
    _stop_daemon()
    shutil.rmtree(ROOT, ignore_errors=True)


def daemon_command(buildkitd: Path, runc: str) -> list[str]:
    """Command line of our own BuildKit daemon: runc, state in `.state/buildkit`, the host's network."""
    return [
        str(buildkitd),
        f"--root={ROOT / 'root'}",
        f"--addr=unix://{SOCKET}",
        "--containerd-worker=false",
        "--oci-worker=true",
        f"--oci-worker-binary={runc}",
        "--oci-worker-net=host",
    ]


def _describe(kind: str) -> str:
    return (
        "BuildKit in a container"
        if kind == "docker-container"
        else "a BuildKit daemon; Docker Hub does not answer"
    )


def _driver() -> str | None:
    """Kind of the builder; None when it does not exist."""
    path = DOCKER_CONFIG / "buildx" / "instances" / BUILDER
    if not path.exists():
        return None
    instance = json.loads(path.read_text())
    kind = instance["Driver"]
    if kind == "remote" and instance["Nodes"][0]["Endpoint"] != f"unix://{SOCKET}":
        # The project's folder was moved or copied; nobody listens there any more.
        path.unlink()
        return None
    return kind


def _create(kind: str) -> None:
    options = ["--driver-opt", "network=host"] if kind == "docker-container" else [f"unix://{SOCKET}"]
    _buildx("create", "--name", BUILDER, "--driver", kind, "--use", *options)


def _container_runs() -> bool:
    done = subprocess.run(
        ["docker", "inspect", "--format", "{{.State.Running}}", f"buildx_buildkit_{BUILDER}0"],
        env={**os.environ, **environment()},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout.strip() == "true"


def _buildx(*arguments: str) -> None:
    done = subprocess.run(
        [str(_buildx_program()), *arguments],
        env={**os.environ, **environment()},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise ToolchainError(
            f"docker buildx {arguments[0]} failed: {done.stderr.strip() or done.stdout.strip()}"
        )


def _buildx_program() -> Path:
    """Docker's buildx command, found or built, linked where this project's Docker settings look for it."""
    link = DOCKER_CONFIG / "cli-plugins" / "docker-buildx"
    if link.exists():
        return link
    target = _installed_buildx() or ensure_built("buildx") / "buildx"
    link.parent.mkdir(parents=True, exist_ok=True)
    link.unlink(missing_ok=True)
    link.symlink_to(target)
    return link


def _installed_buildx() -> Path | None:
    done = subprocess.run(
        ["docker", "info", "--format", "{{range .ClientInfo.Plugins}}{{.Name}} {{.Path}}\n{{end}}"],
        capture_output=True,
        text=True,
        check=False,
    )
    paths = dict(line.split(" ", 1) for line in done.stdout.splitlines() if " " in line)
    return Path(paths["buildx"]) if "buildx" in paths else None


def _ensure_daemon() -> None:
    if daemon_pid() is not None:
        return
    if os.geteuid() != 0:
        raise ToolchainError(
            "Docker Hub does not answer, so BuildKit cannot run in a container, and a BuildKit daemon needs "
            "root. Give this machine access to Docker Hub, or run this as root."
        )
    if shutil.which("runc") is None:
        apt_install("runc")
    buildkitd = ensure_built("buildkitd") / "buildkitd"
    ROOT.mkdir(parents=True, exist_ok=True)
    SOCKET.unlink(missing_ok=True)
    with LOG.open("ab") as output:
        process = subprocess.Popen(
            daemon_command(buildkitd, str(shutil.which("runc"))),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    _PID.write_text(str(process.pid))
    _wait_for_socket(process)
    say("builder", f"BuildKit daemon started (process {process.pid}, log {LOG})")


def _wait_for_socket(process: subprocess.Popen[bytes]) -> None:
    poll(lambda: SOCKET.exists() or process.poll() is not None, _START_SECONDS, 0.05)
    if SOCKET.exists() and process.poll() is None:
        return
    lines = LOG.read_text(errors="replace").splitlines()[-5:]
    raise ToolchainError("The BuildKit daemon did not start. Its last lines:\n  " + "\n  ".join(lines))


def daemon_pid() -> int | None:
    """Process id of our daemon when it is alive; a number that another program got since does not count."""
    if not _PID.exists():
        return None
    pid = int(_PID.read_text())
    try:
        command = Path(f"/proc/{pid}/cmdline").read_bytes().decode().split("\0")
    except OSError:
        return None
    return pid if f"--addr=unix://{SOCKET}" in command else None


def _stop_daemon() -> None:
    pid = daemon_pid()
    if pid is not None:
        os.kill(pid, signal.SIGTERM)
        if not poll(lambda: daemon_pid() is None, _STOP_SECONDS):
            os.kill(pid, signal.SIGKILL)
        say("builder", "BuildKit daemon stopped")
    _PID.unlink(missing_ok=True)
