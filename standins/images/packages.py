"""Files for offline images, from Debian's packages (mmdebstrap) and the Python package index (pip)."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

from packaging.requirements import Requirement

from local_account.host.images import run
from machine.debian import apt_install

SUITE = "bookworm"
# Bookworm's Python; wheels for the offline builds are chosen for it, not for the Python that runs this.
PYTHON_VERSION = "3.11.2"
GLIBC_MINOR = 36
SOURCE_DATE_EPOCH = "1767225600"
_LEFT_OUT = (
    "/usr/share/doc",
    "/usr/share/man",
    "/usr/share/info",
    "/usr/share/locale",
    # Full Perl comes with an install script's dependencies; no program here uses it.
    "/usr/share/perl",
    "/usr/lib/x86_64-linux-gnu/perl",
    # pip installs system-wide in an image, as in the official Python images.
    "/usr/lib/python3.11/EXTERNALLY-MANAGED",
    # Asks for a password file; the registry's image gets the official image's configuration.
    "/etc/docker/registry/config.yml",
)


def debian_tar(target: Path, packages: tuple[str, ...], *, extra: Path | None = None) -> None:
    """Write a root file system of Debian packages as an uncompressed tar file.

    Args:
        target: the tar file.
        packages: package names; what they depend on comes along.
        extra: tar file unpacked over the packages, which then are unpacked alone, without a base system;
            default: none, and a system with a shell and base files.

    Raises:
        ImageError: mmdebstrap failed.
        ToolchainError: mmdebstrap is missing and cannot be installed here.
    """
    if shutil.which("mmdebstrap") is None:
        apt_install("mmdebstrap", "gpgv", "debian-archive-keyring")
    partial = target.with_suffix(".partial.tar")
    remove = " ".join(f'"$1"{path}' for path in _LEFT_OUT)
    if extra is None:
        options = ["--variant=essential", f"--customize-hook=rm -rf {remove}"]
    else:
        options = ["--variant=extract", f"--extract-hook=rm -rf {remove}", f"--extract-hook=tar-in {extra} /"]
    command = ["mmdebstrap", f"--include={','.join(packages)}", *options]
    command += ["--architectures=amd64", "--skip=output/dev", SUITE, str(partial)]
    environment = os.environ | {"SOURCE_DATE_EPOCH": SOURCE_DATE_EPOCH}
    run(command, f"Debian packages {', '.join(packages)}", environment)
    partial.rename(target)


def download_wheels(requirements: Path, folder: Path) -> list[Path]:
    """Download the wheels that a hash-locked requirements file names, for Debian's Python on amd64.

    The host's own pip settings (index, proxy, certificates) apply.

    Raises:
        ImageError: a wheel is missing for that Python, or the index does not answer.
    """
    folder.mkdir(parents=True, exist_ok=True)
    chosen = folder / "requirements.txt"
    chosen.write_text(requirements_for_image(requirements.read_text()))
    platforms = [f"manylinux_2_{minor}_x86_64" for minor in range(GLIBC_MINOR, 4, -1)]
    platforms += ["manylinux2014_x86_64", "manylinux2010_x86_64", "manylinux1_x86_64"]
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--require-hashes"]
    command += ["--only-binary=:all:", "--disable-pip-version-check", "--no-input", "--implementation=cp"]
    command += ["--python-version", PYTHON_VERSION, *(f"--platform={name}" for name in platforms)]
    command += ["--dest", str(folder), "--requirement", str(chosen)]
    run(command, f"wheels of {requirements.name}")
    return sorted(folder.glob("*.whl"))


def requirements_for_image(text: str) -> str:
    """The lines of a requirements file whose markers hold in the image (pip would ask the host's Python)."""
    environment = {
        "python_version": "3.11",
        "python_full_version": PYTHON_VERSION,
        "implementation_name": "cpython",
        "platform_python_implementation": "CPython",
        "platform_machine": "x86_64",
        "platform_system": "Linux",
        "sys_platform": "linux",
        "os_name": "posix",
    }
    chosen = []
    lines = [line for line in text.splitlines() if not line.lstrip().startswith("#")]
    for entry in "\n".join(lines).replace("\\\n", " ").splitlines():
        if not entry.strip():
            continue
        requirement = Requirement(entry.split("--hash")[0].strip())
        if requirement.marker is None or requirement.marker.evaluate(environment):
            hashes = [word for word in entry.split() if word.startswith("--hash=")]
            chosen.append(" ".join([f"{requirement.name}{requirement.specifier}", *hashes]))
    return "\n".join(chosen) + "\n"
