"""Make Pulumi, its plugins and Docker usable on this machine, adding only what is missing."""

from __future__ import annotations

import shutil
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

from machine.errors import ToolchainError
from machine.paths import PROJECT, STATE
from machine.terminal import say, say_change
from standins.go.gobuild import BUILT, ensure_built
from workstation.toolchain import choice as choices
from workstation.toolchain import vendor
from workstation.toolchain.choice import Choice, Part
from workstation.toolchain.docker_engine import ensure_docker

BIN = STATE / "bin"
COMMAND = "milvus-spcs"
_LANGUAGE_HOST = "pulumi-language-python"
_PACKAGES = {"snowflake": "pulumi-snowflake", "docker-build": "pulumi-docker-build"}


def ensure() -> Choice:
    """Make sure that Docker answers and that Pulumi with its plugins can be run.

    The first call decides what comes from the vendor and what does not, and remembers it; later calls take
    well under a second.

    Raises:
        ToolchainError: something cannot be had; the message says what to install.
    """
    ensure_docker()
    return ensure_pulumi()


def ensure_pulumi() -> Choice:
    """Make sure that Pulumi, its plugins and the command `milvus-spcs` are there.

    One line says which are used, the first time and after each change.
    """
    choice = choices.load()
    if choice is None or not _complete(choice):
        choice = _decide()
        choices.save(choice)
    adopted = _adopt_official_snowflake(choice)
    if adopted is not choice:
        choice = adopted
        choices.save(choice)
    _link("pulumi", choice.pulumi.path)
    write_launcher(BIN / COMMAND)
    say_change("pulumi", choice.sentence())
    if official := shutil.which("pulumi-resource-snowflake"):
        say_change("snowflake", f"the official plugin on PATH is used: {official}")
    return choice


def write_launcher(path: Path) -> None:
    """Write the program that starts the command line, unless it is there as it should be.

    It runs in every folder, with this project's Python and this project's code.
    """
    code = "import sys; sys.path.insert(0, sys.argv.pop(1)); from cli.main import main; sys.exit(main())"
    text = f'#!/bin/sh\nexec "{sys.executable}" -P -c "{code}" "{PROJECT}" "$@"\n'
    if not path.exists() or path.read_text() != text:
        path.parent.mkdir(parents=True, exist_ok=True)
        _write_program(path, text)


def language_host_script(python: Path, source: Path) -> str:
    """Text of the program `pulumi-language-python` that starts the stand-in with the project's Python."""
    return f'#!/bin/sh\nexec "{python}" -P "{source}" "$@"\n'


def snowflake_script(python: Path, project: Path) -> str:
    """Text of the program `pulumi-resource-snowflake` that starts the stand-in with the project's Python."""
    return (
        "#!/bin/sh\n"
        f'export PYTHONPATH="{project}${{PYTHONPATH:+:$PYTHONPATH}}"\n'
        f'exec "{python}" -P -m standins.snowflake_plugin "$@"\n'
    )


def _decide() -> Choice:
    pulumi = vendor.pulumi_on_path() or vendor.download_pulumi() or _built_pulumi()
    plugins = {name: _plugin(pulumi.path, name) for name in _PACKAGES}
    all_vendor = all(part.origin == "vendor" for part in (pulumi, *plugins.values()))
    reason = "" if all_vendor else (vendor.site_problem() or "the vendor's downloads failed")
    return Choice(pulumi, plugins, reason)


def _built_pulumi() -> Part:
    folder = ensure_built("pulumi", "pulumi-resource-docker-build", "buildkitd", "buildx")
    # Next to the engine is where it looks for the language hosts of its distribution.
    _write_program(folder / _LANGUAGE_HOST, _our_programs()[_LANGUAGE_HOST])
    return Part("built", version("pulumi"), str(folder / "pulumi"))


def _our_programs() -> dict[str, str]:
    """Names and texts of the programs that start the stand-ins."""
    python = Path(sys.executable)
    host = PROJECT / "standins" / "language_host" / "language_host.py"
    return {
        _LANGUAGE_HOST: language_host_script(python, host),
        "pulumi-resource-snowflake": snowflake_script(python, PROJECT),
    }


def _plugin(pulumi: str, name: str) -> Part:
    wanted = version(_PACKAGES[name])
    found = vendor.plugin_of_user(name, wanted) or vendor.download_plugin(pulumi, name, wanted)
    return found or _substitute(pulumi, name, wanted)


def _substitute(pulumi: str, name: str, wanted: str) -> Part:
    file = BUILT / f"pulumi-resource-{name}"
    if name == "snowflake":
        BUILT.mkdir(parents=True, exist_ok=True)
        _write_program(file, _our_programs()[file.name])
    else:
        ensure_built(file.name)
    try:
        vendor.install_plugin(pulumi, name, wanted, file)
    except subprocess.SubprocessError as error:
        raise ToolchainError(f"Pulumi could not install its plugin {name} from {file}: {error}") from error
    return Part(
        "stand-in" if name == "snowflake" else "built", wanted, str(vendor.plugin_folder(name, wanted))
    )


def _adopt_official_snowflake(choice: Choice) -> Choice:
    if choice.plugins["snowflake"].origin == "vendor":
        return choice
    official = vendor.plugin_of_user("snowflake", version(_PACKAGES["snowflake"]))
    if official is None:
        return choice
    say("snowflake", f"the official plugin {official.version} replaces the stand-in")
    return Choice(choice.pulumi, {**choice.plugins, "snowflake": official}, choice.reason)


def _complete(choice: Choice) -> bool:
    parts = {"pulumi": choice.pulumi, **choice.plugins}
    versions_kept = all(
        vendor.fits(part.version, version(_PACKAGES[name])) for name, part in choice.plugins.items()
    )
    return (
        versions_kept
        and _current(choice)
        and all(
            Path(part.path).exists()
            # Ours hold the path of this folder, which may have been moved or copied.
            and (part.origin == "vendor" or Path(part.path).is_relative_to(STATE))
            for part in parts.values()
        )
    )


def _current(choice: Choice) -> bool:
    """Whether the programs that start the stand-ins are as this version of the project writes them."""
    files = []
    if choice.pulumi.origin == "built":
        files.append(Path(choice.pulumi.path).with_name(_LANGUAGE_HOST))
    if choice.plugins["snowflake"].origin == "stand-in":
        files.append(Path(choice.plugins["snowflake"].path) / "pulumi-resource-snowflake")
    return all(file.exists() and file.read_text() == _our_programs()[file.name] for file in files)


def _link(name: str, target: str) -> None:
    BIN.mkdir(parents=True, exist_ok=True)
    link = BIN / name
    if link.is_symlink() and str(link.readlink()) == target:
        return
    link.unlink(missing_ok=True)
    link.symlink_to(target)


def _write_program(path: Path, text: str) -> None:
    path.write_text(text)
    path.chmod(0o755)
