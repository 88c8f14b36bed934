"""Packages of the operating system, on Debian and its relatives."""

from __future__ import annotations

import os
import shutil
import subprocess

from machine.errors import ToolchainError
from machine.terminal import step


def apt_install(*packages: str) -> None:
    """Install Debian packages with their dependencies, without recommended extras.

    Args:
        packages: names of Debian packages; the call is repeatable.

    Raises:
        ToolchainError: this is no Debian relative, the user is not root, or apt-get failed; the message has
            the command to run by hand.
    """
    names = " ".join(packages)
    by_hand = f"Install by hand: sudo apt-get install {names}"
    if shutil.which("apt-get") is None:
        raise ToolchainError(
            f"{names} is needed and this is not a Debian-like system. "
            "Install it with the system's package manager."
        )
    if os.geteuid() != 0:
        raise ToolchainError(f"{names} is needed and only root can install it. {by_hand}")
    with step("apt", f"installing {names}"):
        _apt_get("update", "-q", by_hand=by_hand)
        _apt_get("install", "-q", "-y", "--no-install-recommends", *packages, by_hand=by_hand)


def _apt_get(*arguments: str, by_hand: str) -> None:
    done = subprocess.run(
        ["apt-get", *arguments],
        env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        reason = (done.stderr.strip() or done.stdout.strip()).splitlines()[-3:]
        raise ToolchainError(f"apt-get {arguments[0]} failed: {' / '.join(reason)}. {by_hand}")
