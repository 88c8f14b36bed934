"""A small container image for service tests, made from the Python interpreter that runs the tests."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

NAME = "milvus-spcs-test/python:1"
_SKIPPED = shutil.ignore_patterns(
    "test",
    "tests",
    "site-packages",
    "idlelib",
    "tkinter",
    "ensurepip",
    "lib2to3",
    "__pycache__",
    "config-*",
    "_tkinter*",
    "_ssl*",
)


def build(folder: Path) -> str:
    """Load the image into Docker, unless it is there; its name. Its command is `python3`."""
    present = subprocess.run(["docker", "image", "inspect", NAME], capture_output=True).returncode == 0
    if not present:
        root = folder / "root"
        _fill(root)
        tar = folder / "root.tar"
        subprocess.run(["tar", "--owner=0", "--group=0", "-C", str(root), "-cf", str(tar), "."], check=True)
        changes = ["ENV PATH=/py/bin", "ENV PYTHONHOME=/py", "ENV PYTHONUNBUFFERED=1", 'CMD ["python3"]']
        options = [word for change in changes for word in ("--change", change)]
        subprocess.run(["docker", "import", *options, str(tar), NAME], check=True, capture_output=True)
    return NAME


def _fill(root: Path) -> None:
    interpreter = Path(sys.executable).resolve()
    library = Path(sysconfig.get_path("stdlib"))
    shutil.copytree(library, root / "py" / "lib" / library.name, ignore=_SKIPPED, symlinks=True)
    (root / "py" / "bin").mkdir()
    shutil.copy2(interpreter, root / "py" / "bin" / "python3")
    for binary in [interpreter, *(library / "lib-dynload").glob("*.so")]:
        for shared in _shared_libraries(binary):
            target = root / str(shared).lstrip("/")
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(shared, target)
    (root / "tmp").mkdir(mode=0o1777)


def _shared_libraries(binary: Path) -> list[Path]:
    listed = subprocess.run(["ldd", str(binary)], capture_output=True, text=True).stdout
    return [Path(found) for found in re.findall(r"(/\S+) \(0x", listed)]


def push(folder: Path, user: str, password: str, target: str) -> None:
    """Push the image as `target` (registry host, repository path, name and tag).

    Args:
        folder: for the sign-in, so that the user's own Docker settings are left alone.
    """
    _docker(
        folder, "login", "--username", user, "--password-stdin", target.partition("/")[0], entered=password
    )
    _docker(folder, "tag", NAME, target)
    try:
        _docker(folder, "push", "--quiet", target)
    finally:
        _docker(folder, "image", "rm", target)


def _docker(folder: Path, *words: str, entered: str = "") -> None:
    command = ["docker", "--config", str(folder / "docker"), *words]
    done = subprocess.run(command, input=entered, capture_output=True, text=True)
    assert done.returncode == 0, f"docker {words[0]}: {done.stderr}"
