"""The environment in which `pulumi`, `docker` and `docker buildx` use what this project set up."""

from __future__ import annotations

import hashlib
import os
import re
import secrets
import subprocess
from pathlib import Path

from local_account.base import files
from machine.errors import ToolchainError
from machine.paths import PROJECT, STATE
from workstation.account import account_settings
from workstation.toolchain.docker_engine import engine_host
from workstation.toolchain.install import BIN
from workstation.toolchain.vendor import PULUMI_HOME

DOCKER_CONFIG = STATE / "docker"
BUILDER = "milvus-spcs"


def backend() -> Path:
    """Folder of the local Pulumi backend, next to the local account's state."""
    return account_settings().state.parent / "pulumi"


def stacks() -> Path:
    """Folder with the copies of the stacks' settings, next to the local account's state."""
    return account_settings().state.parent / "stacks"


def tools() -> dict[str, str]:
    """Variables with which the tools are found that this project set up; to be laid over `os.environ`."""
    variables = {
        "PATH": os.pathsep.join([str(BIN), *_path_without(str(BIN))]),
        "PULUMI_SKIP_UPDATE_CHECK": "true",
        "DOCKER_CONFIG": str(DOCKER_CONFIG),
        "BUILDX_BUILDER": BUILDER,
    }
    host = engine_host()
    return {**variables, "DOCKER_HOST": host} if host else variables


def environment() -> dict[str, str]:
    """Variables for every Pulumi command against the local backend; to be laid over `os.environ`.

    The passphrase that encrypts secrets in the stack's state is generated once per machine.
    """
    folder = backend()
    folder.mkdir(parents=True, exist_ok=True)
    return {
        **tools(),
        "PULUMI_HOME": str(PULUMI_HOME),
        "PULUMI_BACKEND_URL": folder.as_uri(),
        "PULUMI_CONFIG_PASSPHRASE_FILE": str(_passphrase_file()),
    }


def stack_environment(stack: str = "local", source: Path | None = None) -> dict[str, str]:
    """Variables that select a stack and keep Pulumi from writing into its tracked settings file.

    Pulumi stores a salt in the settings file of a stack whose secrets a passphrase encrypts. The passphrase
    belongs to this machine, so the salt must not be in the repository. Therefore the settings are copied to
    `.state/stacks`, and `PULUMI_OPTION_CONFIG_FILE`, the flag `--config-file`, points Pulumi to the copy.

    Args:
        stack: name of the stack.
        source: its tracked settings file; default `Pulumi.<stack>.yaml` in the project.
    """
    source = source or PROJECT / f"Pulumi.{stack}.yaml"
    return {"PULUMI_STACK": stack, "PULUMI_OPTION_CONFIG_FILE": str(copy_settings(stack, source))}


def copy_settings(stack: str, source: Path) -> Path:
    """Bring the copy of a stack's settings up to date with `source`, keeping the salt that Pulumi put there.

    A copy whose source has not changed is left alone, so `pulumi config set` lasts until the source changes.
    """
    folder = stacks()
    folder.mkdir(parents=True, exist_ok=True)
    copy, stamp = folder / f"Pulumi.{stack}.yaml", folder / f"Pulumi.{stack}.source"
    text = source.read_text() if source.exists() else ""
    digest = hashlib.sha256(text.encode()).hexdigest()
    old = copy.read_text() if copy.exists() else ""
    if not copy.exists() or not stamp.exists() or stamp.read_text() != digest:
        copy.write_text(with_salt(text, old))
        stamp.write_text(digest)
    return copy


def with_salt(settings: str, old: str) -> str:
    """`settings` with the `encryptionsalt` line of `old`, if only `old` has one."""
    pattern = re.compile(r"^encryptionsalt:.*\n?", re.MULTILINE)
    salt = pattern.search(old)
    return settings if salt is None or pattern.search(settings) else salt[0].rstrip() + "\n" + settings


def ensure_stack(stack: str = "local", source: Path | None = None) -> None:
    """Create a stack in the local backend unless it is there.

    Raises:
        ToolchainError: Pulumi could not create it.
    """
    project_file = PROJECT / "Pulumi.yaml"
    name = _project_name(project_file.read_text())
    if (backend() / ".pulumi" / "stacks" / name / f"{stack}.json").exists():
        return
    variables = {**os.environ, **environment(), **stack_environment(stack, source)}
    # `stack init` has no --config-file. It runs in the folder with the copy of the settings.
    (stacks() / "Pulumi.yaml").write_text(f"name: {name}\nruntime: python\n")
    done = subprocess.run(
        [str(BIN / "pulumi"), "stack", "init", stack, "--non-interactive", "--no-select"],
        cwd=stacks(),
        env={key: value for key, value in variables.items() if key != "PULUMI_STACK"},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        reason = done.stderr.strip() or done.stdout.strip()
        raise ToolchainError(f"Pulumi could not create the stack {stack}: {reason}")


def _project_name(text: str) -> str:
    found = re.search(r"^name:\s*[\"']?([\w.-]+)", text, re.MULTILINE)
    if found is None:
        raise ToolchainError("Pulumi.yaml has no name. Restore it from the repository.")
    return found[1]


def _passphrase_file() -> Path:
    path = account_settings().state.parent / "pulumi-passphrase"
    if not path.exists():
        files.write_once(path, secrets.token_urlsafe(32))
    return path


def _path_without(folder: str) -> list[str]:
    return [each for each in os.environ.get("PATH", "").split(os.pathsep) if each and each != folder]
