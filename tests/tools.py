"""Installs the programs and other clients that only the tests use: `python -m tests.tools`."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from machine.debian import apt_install
from machine.errors import ToolchainError
from machine.paths import PROJECT

PACKAGES = {"chromium": "chromium", "chromedriver": "chromium-driver", "skopeo": "skopeo"}
# Python clients that are not in the project's environment; each is locked in tests/clients.
CLIENTS = ("connector5", "snow", "snowpark")


def client_environment(name: str) -> Path:
    """Folder of a Python environment with one client alone, as its lock file has it; made when it is missing.

    Raises:
        ToolchainError: uv cannot make it; the message has what it said.
    """
    project, environment = PROJECT / "tests" / "clients" / name, PROJECT / f".venv-{name}"
    uv = shutil.which("uv") or str(PROJECT / ".state" / "uv" / "bin" / "uv")
    done = subprocess.run(
        [uv, "sync", "--frozen", "--quiet", "--project", project],
        env={**os.environ, "UV_PROJECT_ENVIRONMENT": str(environment), "VIRTUAL_ENV": ""},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise ToolchainError(f"uv cannot make {environment}: {done.stderr.strip()}")
    return environment


def main() -> int:
    missing = [package for program, package in PACKAGES.items() if shutil.which(program) is None]
    try:
        # They are downloaded and compiled while apt works.
        with ThreadPoolExecutor() as pool:
            environments = [pool.submit(client_environment, name) for name in CLIENTS]
            if missing:
                apt_install(*missing)
            for environment in environments:
                environment.result()
    except ToolchainError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
