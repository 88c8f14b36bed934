"""Runs the Pulumi program: a stack's settings, its deployment, and how to go on after an interruption."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from local_account.base import sql
from machine.errors import ToolchainError, UserError
from machine.paths import PROJECT
from machine.terminal import say
from workstation.toolchain import pulumi_env

LOCAL = "local"
# Objects whose id follows from their name. Grants and statements can simply be sent again.
_ID_PARTS = {
    "snowflake:index/warehouse:Warehouse": ("name",),
    "snowflake:index/database:Database": ("name",),
    "snowflake:index/accountRole:AccountRole": ("name",),
    "snowflake:index/user:User": ("name",),
    "snowflake:index/resourceMonitor:ResourceMonitor": ("name",),
    "snowflake:index/computePool:ComputePool": ("name",),
    "snowflake:index/externalAccessIntegration:ExternalAccessIntegration": ("name",),
    "snowflake:index/schema:Schema": ("database", "name"),
    "snowflake:index/imageRepository:ImageRepository": ("database", "schema", "name"),
    "snowflake:index/networkRule:NetworkRule": ("database", "schema", "name"),
    "snowflake:index/secretWithBasicAuthentication:SecretWithBasicAuthentication": (
        "database",
        "schema",
        "name",
    ),
    "snowflake:index/service:Service": ("database", "schema", "name"),
    "snowflake:index/stageInternal:StageInternal": ("database", "schema", "name"),
}


# How Pulumi says that a stack, or a sign-in to its backend, is missing.
_NO_STACK = ("no stack selected", "no stack named")
_NO_LOGIN = ("PULUMI_ACCESS_TOKEN must be set", "not logged in")


_NO_STACK_TEXT = """\
There is no stack {stack} yet. Make it, and say which account it is for:
  eval "$(make -s env STACK={stack})"    # puts pulumi and milvus-spcs on the PATH
  pulumi stack init {stack}
  pulumi config set --stack {stack} snowflake:organizationName MYORG
  pulumi config set --stack {stack} snowflake:accountName MYACCOUNT
Then make the user that deploys it, as administrator and once:
  milvus-spcs bootstrap --stack {stack} --connection MYCONNECTION"""
_NO_LOGIN_TEXT = """\
Nobody is signed in to Pulumi's backend, which keeps the state of stack {stack}. Sign in:
  eval "$(make -s env STACK={stack})"    # puts pulumi on the PATH
  pulumi login
or name another backend with `pulumi login s3://BUCKET` or the variable PULUMI_BACKEND_URL."""


class NoStackError(UserError):
    """Pulumi does not know the stack, or nobody is signed in to its backend; the message has the commands."""


class Stack:
    """One stack of the program, in the backend that the user is logged in to.

    Args:
        name: name of the stack; its settings are in `Pulumi.<name>.yaml`.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.variables = {**pulumi_env.tools(), "PULUMI_STACK": name}

    def run(self, *arguments: str) -> int:
        """Run a Pulumi command with the user's terminal, and return its exit code.

        Raises:
            KeyboardInterrupt: Ctrl-C; Pulumi has ended before this is raised.
        """
        process = subprocess.Popen(["pulumi", *arguments], cwd=PROJECT, env=self._environment())
        interrupted: KeyboardInterrupt | None = None
        while True:
            try:
                code = process.wait()
            except KeyboardInterrupt as error:
                # The terminal tells Pulumi too, which ends what it is doing and saves the state.
                interrupted = error
                continue
            if interrupted:
                raise interrupted
            return code

    def ask(self, *arguments: str) -> str:
        """Run a Pulumi command and return its standard output.

        Raises:
            NoStackError: the stack does not exist, or nobody is signed in to Pulumi's backend.
            ToolchainError: the command failed in another way; the message has what it said.
        """
        return self._capture(arguments)

    def tell(self, text: str, *arguments: str) -> None:
        """Run a Pulumi command that reads `text` from its standard input.

        Raises:
            NoStackError: the stack does not exist, or nobody is signed in to Pulumi's backend.
            ToolchainError: the command failed in another way; the message has what it said.
        """
        self._capture(arguments, text)

    def preview(self) -> int:
        """Show what `up` would change; Pulumi's exit code.

        Raises:
            NoStackError: the stack does not exist.
        """
        self.ask("config", "--json")  # fails with our own message where the stack does not exist
        return self.run("preview", "--diff")

    def up(self, confirm: bool) -> int:
        """Deploy, and go on where an interrupted deployment ended; Pulumi's exit code."""
        self.resume()
        return self.run("up", *(() if confirm else ("--yes", "--skip-preview")))

    def destroy(self, confirm: bool) -> int:
        """Destroy everything, including what an interrupted deployment left; Pulumi's exit code."""
        self.resume()
        return self.run("destroy", *(() if confirm else ("--yes", "--skip-preview")))

    def resume(self) -> None:
        """Take into the state what a killed deployment had begun to create and the account has.

        Pulumi only remembers that such objects may exist, and creating them again would fail. They are put
        into the state under the id that follows from their name. A refresh drops those that were never made.
        """
        state = json.loads(self.ask("stack", "export"))
        if not _was_creating(state):
            return
        adopted = adopt_pending(state)
        say("pulumi", f"going on after an interrupted deployment: {len(adopted)} objects were being created")
        self.tell(json.dumps(state), "stack", "import")
        if adopted:
            targets = (flag for urn in adopted for flag in ("--target", urn))
            self.ask("refresh", "--yes", "--skip-preview", *targets)

    def protected(self) -> list[str]:
        """Names, in the program, of the resources that the state marks as protected from deletion."""
        resources = json.loads(self.ask("stack", "export"))["deployment"].get("resources", [])
        return [item["urn"].rpartition("::")[2] for item in resources if item.get("protect")]

    def outputs(self, show_secrets: bool = False) -> dict[str, Any]:
        """The stack's outputs by name; empty before the first deployment.

        Args:
            show_secrets: give secret outputs in plain text instead of masked. Default false.
        """
        return json.loads(
            self.ask("stack", "output", "--json", *(("--show-secrets",) if show_secrets else ()))
        )

    def _capture(self, arguments: Sequence[str], text: str | None = None) -> str:
        done = subprocess.run(
            ["pulumi", *arguments],
            cwd=PROJECT,
            env=self._environment(),
            check=False,
            input=text,
            capture_output=True,
            text=True,
        )
        if done.returncode:
            raise _error(self.name, arguments, _reason(done))
        return done.stdout

    def _environment(self) -> dict[str, str]:
        return {**os.environ, **self.variables}


class LocalStack(Stack):
    """The stack on the local account, with its state and passphrase in this project's folder.

    Args:
        settings: settings that replace those of the file, by full key.
        variables: environment variables that name the account and its administrator.
    """

    def __init__(self, settings: Mapping[str, Any], variables: Mapping[str, str]) -> None:
        super().__init__(LOCAL)
        pulumi_env.ensure_stack(LOCAL)
        self.variables |= {**pulumi_env.environment(), **pulumi_env.stack_environment(LOCAL), **variables}
        self._lay_over(settings)

    def resume(self) -> None:
        backend = pulumi_env.backend()
        mend(backend)
        locks = [json.loads(path.read_text()) for path in backend.glob(".pulumi/locks/**/*.json")]
        if locks and not any(holder_is_alive(lock) for lock in locks):
            say("pulumi", "releasing the lock of a deployment that was killed")
            self.ask("cancel", "--yes")
        super().resume()

    def _lay_over(self, settings: Mapping[str, Any]) -> None:
        path = Path(self.variables["PULUMI_OPTION_CONFIG_FILE"])
        content = yaml.safe_load(path.read_text()) or {}
        merged = {**content, "config": {**content.get("config", {}), **settings}}
        if merged != content:
            path.write_text(yaml.safe_dump(merged, sort_keys=False))


def mend(backend: Path) -> None:
    """Make a backend of files readable again after a kill in the middle of a write.

    Pulumi writes each file whole, and next to it a small file `.attrs` with its content type. An empty one
    makes the state unreadable (`failed to load checkpoint: EOF`); a missing one does no harm.
    """
    for attributes in backend.glob(".pulumi/**/*.attrs"):
        if attributes.stat().st_size == 0:
            attributes.unlink()


def holder_is_alive(lock: dict[str, Any]) -> bool:
    """Whether the deployment that holds a lock may still run; one on another machine may."""
    if lock.get("hostname") != socket.gethostname():
        return True
    # The name counts too, because another process may have the number by now. A zombie has ended.
    command = ["ps", "-o", "stat=,comm=", "-p", str(int(lock["pid"]))]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    status, _, name = done.stdout.strip().partition(" ")
    return not status.startswith("Z") and "pulumi" in name


def _was_creating(state: dict[str, Any]) -> bool:
    pending = (state.get("deployment") or {}).get("pending_operations") or []
    return any(operation["type"] == "creating" for operation in pending)


def adopt_pending(state: dict[str, Any]) -> list[str]:
    """Move objects that were being created from a state's pending operations to its resources.

    An operation that can be repeated without harm (grants, statements, images) is only forgotten.

    Returns:
        URNs of the moved objects.
    """
    deployment = state.get("deployment") or {}
    adopted, kept = [], []
    for operation in deployment.get("pending_operations") or []:
        resource = operation["resource"]
        known = identity(resource["type"], resource.get("inputs", {}))
        if operation["type"] != "creating":
            kept.append(operation)
        elif known:
            deployment["resources"].append({**resource, "id": known, "outputs": resource.get("inputs", {})})
            adopted.append(resource["urn"])
    deployment["pending_operations"] = kept
    return adopted


def identity(kind: str, inputs: Mapping[str, Any]) -> str:
    """Id of an object: its bare name, or `"DATABASE"."SCHEMA"."NAME"`; empty for other types.

    Args:
        kind: the resource's type, `snowflake:index/service:Service`.
        inputs: the resource's inputs.
    """
    parts = [inputs[part] for part in _ID_PARTS.get(kind, ())]
    return parts[0] if len(parts) == 1 else ".".join(map(sql.quote, parts))


def _error(stack: str, arguments: Sequence[str], reason: str) -> UserError:
    """The error for a Pulumi command that failed."""
    for signs, text in ((_NO_LOGIN, _NO_LOGIN_TEXT), (_NO_STACK, _NO_STACK_TEXT)):
        if any(sign in reason for sign in signs):
            return NoStackError(text.format(stack=stack))
    return ToolchainError(f"pulumi {' '.join(arguments)}: {reason}")


def _reason(done: subprocess.CompletedProcess[str]) -> str:
    """What a failed command said; only the diagnostics of an answer in JSON."""
    try:
        diagnostics = json.loads(done.stdout)["diagnostics"]
    except (ValueError, KeyError, TypeError):
        return done.stderr.strip() or done.stdout.strip()
    return "\n".join(item["message"].strip() for item in diagnostics or [])


def interactive() -> bool:
    """Whether a person can be asked."""
    return sys.stdin.isatty() and sys.stdout.isatty()
