"""Installs the programs and other clients that only the tests use: `python -m tests.tools`."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from machine.debian import apt_install
from machine.errors import ToolchainError
from machine.paths import PROJECT

PACKAGES = {
    "chromium": "chromium",
    "chromedriver": "chromium-driver",
    "skopeo": "skopeo",
    "npm": "npm",
    "javac": "default-jdk-headless",
    "mvn": "maven",
}
# Clients that are not in the project's environment; each is locked in tests/clients.
PYTHON_CLIENTS = ("connector5", "snow", "snowpark", "sqlalchemy")


def client_environment(name: str) -> Path:
    """Folder of a Python environment with one client, as its lock file has it; made when it is missing.

    Raises:
        ToolchainError: uv cannot make it; the message has what it said.
    """
    project, environment = PROJECT / "tests" / "clients" / name, PROJECT / f".venv-{name}"
    uv = shutil.which("uv") or str(PROJECT / ".state" / "uv" / "bin" / "uv")
    settings = {"UV_PROJECT_ENVIRONMENT": str(environment), "VIRTUAL_ENV": ""}
    _make(environment, [uv, "sync", "--frozen", "--quiet", "--project", project], settings)
    return environment


def node_modules() -> Path:
    """Folder with Snowflake's Node.js driver, as its lock file has it; made when it is missing.

    Raises:
        ToolchainError: npm cannot make it; the message has what it said.
    """
    environment = PROJECT / ".venv-node"
    environment.mkdir(exist_ok=True)
    changed = False
    for name in ("package.json", "package-lock.json"):
        content = (PROJECT / "tests" / "clients" / "node" / name).read_bytes()
        present = environment / name
        if not present.exists() or present.read_bytes() != content:
            present.write_bytes(content)
            changed = True
    made = environment / "node_modules"
    if changed or not (made / ".package-lock.json").exists():
        _make(
            environment, ["npm", "ci", "--prefix", environment, "--ignore-scripts", "--no-audit", "--no-fund"]
        )
    return made


def jdbc_driver() -> Path:
    """The archive with Snowflake's JDBC driver; downloaded when it is missing.

    Raises:
        ToolchainError: Maven cannot get it; the message has what it said.
    """
    source, folder = PROJECT / "tests" / "clients" / "jdbc" / "pom.xml", PROJECT / ".venv-jdbc"
    version = source.read_text().partition("<artifactId>snowflake-jdbc</artifactId>")[2]
    version = version.partition("<version>")[2].partition("</version>")[0]
    archive = folder / f"snowflake-jdbc-{version}.jar"
    if not archive.exists():
        copy = ["dependency:copy-dependencies", f"-DoutputDirectory={folder}"]
        _make(folder, ["mvn", "--quiet", "--batch-mode", "--file", source, *copy])
    return archive


def _make(folder: Path, command: Sequence[str | Path], settings: Mapping[str, str] | None = None) -> None:
    done = subprocess.run(
        command, env={**os.environ, **(settings or {})}, capture_output=True, text=True, check=False
    )
    if done.returncode:
        said = (done.stderr or done.stdout).strip()
        raise ToolchainError(f"{Path(command[0]).name} cannot make {folder}: {said}")


def main() -> int:
    missing = [package for program, package in PACKAGES.items() if shutil.which(program) is None]
    try:
        # Python's are downloaded and compiled while apt works.
        with ThreadPoolExecutor() as pool:
            made = [pool.submit(client_environment, name) for name in PYTHON_CLIENTS]
            if missing:
                apt_install(*missing)
            made += [pool.submit(node_modules), pool.submit(jdbc_driver)]
            for one in made:
                one.result()
    except ToolchainError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
