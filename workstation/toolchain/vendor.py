"""Pulumi from its vendor: found on this machine, or downloaded where the vendor's site answers."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import urllib.error
import urllib.request
from functools import cache
from importlib.metadata import version
from pathlib import Path

from machine.paths import STATE
from machine.terminal import say, step
from workstation.toolchain.choice import Part

PULUMI_HOME = STATE / "pulumi-home"
_SITE = "https://get.pulumi.com/"
_SITE_SECONDS = 5.0
_DOWNLOAD_SECONDS = 600.0


@cache
def site_problem() -> str | None:
    """Why the vendor's site cannot be used, or None when it answers."""
    try:
        with urllib.request.urlopen(_SITE, timeout=_SITE_SECONDS):
            return None
    except urllib.error.HTTPError as error:
        return f"{_SITE} answers {error.code}"
    except (urllib.error.URLError, OSError) as error:
        return f"{_SITE} does not answer ({getattr(error, 'reason', error)})"


def pulumi_on_path() -> Part | None:
    """The user's own `pulumi`, when it is at least as new as the Python SDK in use."""
    own = str(STATE)
    folders = [each for each in os.environ.get("PATH", "").split(os.pathsep) if not each.startswith(own)]
    found = shutil.which("pulumi", path=os.pathsep.join(folders))
    if found is None:
        return None
    done = subprocess.run([found, "version"], capture_output=True, text=True, check=False, env=_quiet())
    has, needs = numbers(done.stdout), numbers(version("pulumi"))
    if has < needs:
        say("pulumi", f"{found} {done.stdout.strip()} is older than the SDK's {version('pulumi')}: not used")
        return None
    return Part("vendor", done.stdout.strip().lstrip("v"), found)


def download_pulumi() -> Part | None:
    """The vendor's release that matches the SDK, put into `.state/toolchain/pulumi`; None when that fails."""
    if site_problem():
        return None
    # Imported here because it takes most of a second and is needed once per machine.
    from pulumi.automation import PulumiCommand

    root = STATE / "toolchain" / "pulumi"
    try:
        with step("pulumi", "downloading the vendor's release"):
            command = PulumiCommand.install(root=str(root))
    except (OSError, subprocess.SubprocessError, RuntimeError) as error:
        say("pulumi", f"the vendor's release cannot be had: {error}")
        return None
    return Part("vendor", str(command.version), command.command)


def plugin_of_user(name: str, needed: str) -> Part | None:
    """An official plugin from the user's own Pulumi folder, copied into ours; None if no plugin there fits.

    Args:
        name: plugin name, `snowflake`.
        needed: version of its SDK; a plugin of the same major version, not older, fits.
    """
    home = Path(os.environ.get("PULUMI_HOME") or Path.home() / ".pulumi")
    if home.resolve() == PULUMI_HOME.resolve():
        home = Path.home() / ".pulumi"
    fitting = [
        path
        for path in (home / "plugins").glob(f"resource-{name}-v*")
        if path.is_dir() and fits(path.name.rpartition("-v")[2], needed)
    ]
    if not fitting:
        return None
    best = max(fitting, key=lambda path: numbers(path.name))
    target = PULUMI_HOME / "plugins" / best.name
    for other in (PULUMI_HOME / "plugins").glob(f"resource-{name}-v*"):
        shutil.rmtree(other) if other.is_dir() else other.unlink()
    shutil.copytree(best, target, symlinks=True)
    return Part("vendor", best.name.rpartition("-v")[2], str(target))


def download_plugin(pulumi: str, name: str, wanted: str) -> Part | None:
    """The vendor's plugin, installed by the engine; None when it cannot be had."""
    if site_problem():
        return None
    try:
        with step(name, f"downloading the vendor's plugin {wanted}"):
            install_plugin(pulumi, name, wanted)
    except subprocess.SubprocessError as error:
        say(name, f"the vendor's plugin cannot be had: {error}")
        return None
    return Part("vendor", wanted, str(plugin_folder(name, wanted)))


def install_plugin(pulumi: str, name: str, wanted: str, file: Path | None = None) -> None:
    """Put a plugin into our PULUMI_HOME, from the vendor or from `file`.

    Raises:
        subprocess.SubprocessError: the engine could not install it in time.
    """
    source = ["--file", str(file), "--reinstall"] if file else []
    command = [pulumi, "plugin", "install", "resource", name, wanted, *source]
    subprocess.run(command, check=True, capture_output=True, timeout=_DOWNLOAD_SECONDS, env=_quiet())


def plugin_folder(name: str, wanted: str) -> Path:
    """Where the engine looks for an installed plugin."""
    return PULUMI_HOME / "plugins" / f"resource-{name}-v{wanted}"


def fits(has: str, needs: str) -> bool:
    """Whether a plugin of version `has` serves an SDK of version `needs`: same major, not older."""
    return numbers(has)[:1] == numbers(needs)[:1] and numbers(has) >= numbers(needs)


def numbers(text: str) -> tuple[int, ...]:
    """The first dotted version number in a text as a tuple; () if the text has no number."""
    found = re.search(r"\d+(?:\.\d+)+", text)
    return tuple(map(int, found[0].split("."))) if found else ()


def _quiet() -> dict[str, str]:
    return {**os.environ, "PULUMI_HOME": str(PULUMI_HOME), "PULUMI_SKIP_UPDATE_CHECK": "true"}
