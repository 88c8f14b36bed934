"""Prepares this machine for a command: installs what is missing and starts the local account."""

from __future__ import annotations

import fcntl
import shutil
from collections.abc import Iterator
from contextlib import contextmanager

from local_account.host import clients, control, images
from local_account.host.leftovers import remove_docker_objects
from machine.errors import ToolchainError, UserError
from machine.paths import STATE
from machine.terminal import say
from workstation.account import account_settings
from workstation.images import ensure_images
from workstation.stack import LOCAL, LocalStack, Stack
from workstation.toolchain import builder, install, public_registry
from workstation.toolchain.docker_engine import engine_version


def prepare(stack: str, *, builds: bool = True) -> Stack:
    """The stack, after everything that it needs is installed and, for `local`, the local account runs.

    Args:
        stack: name of the stack.
        builds: whether the command builds or pushes images. Without that, a stack in a Snowflake account
            needs no Docker. Default true.

    Raises:
        ToolchainError: something is missing and cannot be installed.
        ControlError, ImageError, SettingsError: the local account cannot be set up or started.
    """
    with alone():
        if stack == LOCAL:
            return _with_account()
        if not builds:
            install.ensure_pulumi()
            return Stack(stack)
        install.ensure()
        builder.ensure_builder()
        return Stack(stack)


def reach(stack: str, *, running: bool = True) -> Stack:
    """The stack, for a command that only looks at it: nothing is started.

    Args:
        stack: name of the stack.
        running: whether the command needs the local account to run. Default true.

    Raises:
        UserError: the local account is needed and does not run.
    """
    account = account_settings()
    if stack == LOCAL and running and not control.running(account):
        raise UserError("The local account does not run. `make up` starts it and deploys.")
    with alone():
        install.ensure_pulumi()
        return LocalStack({}, clients.variables(account)) if stack == LOCAL else Stack(stack)


def setup(stack: str) -> None:
    """Install what is missing, without starting anything.

    Args:
        stack: name of the stack; only `local` needs images.
    """
    with alone():
        install.ensure()
        if stack == LOCAL:
            ensure_images(public_registry.usable(), say=_image_line)
        builder.ensure_builder()


def clean(stack: str) -> None:
    """Remove everything that was made on this machine: containers, volumes, networks, state and tools.

    Raises:
        UserError: the stack is not `local`; what it has is not on this machine.
        ToolchainError: Docker's engine does not answer, so that nothing could be removed from it.
    """
    if stack != LOCAL:
        raise UserError(
            f"clean removes what is on this machine, and the stack {stack} is in a Snowflake account. "
            f"`make down STACK={stack}` destroys the stack; `make clean` then cleans this machine."
        )
    has_docker = shutil.which("docker") is not None
    if has_docker and engine_version() is None:
        raise ToolchainError(
            "Docker's engine does not answer, so its containers and volumes cannot be removed. "
            "Start it (sudo systemctl start docker) and run this again."
        )
    account = account_settings()
    control.stop(account)
    builder.remove()
    remove_docker_objects(account, keep_data=False)
    shutil.rmtree(STATE, ignore_errors=True)
    if has_docker:
        _remove_images()
    say("clean", "removed containers, volumes, networks, state and tools of this project")


@contextmanager
def alone() -> Iterator[None]:
    """Let one command at a time prepare the machine; a second one waits for the first."""
    STATE.mkdir(exist_ok=True)
    with (STATE / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("setup", "waiting for another command that sets up")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _remove_images() -> None:
    try:
        images.remove(account_settings().labels)
    except images.ImageError as error:
        # Another local account on this machine may run from them.
        say("images", f"kept: {error}")


def _with_account() -> LocalStack:
    install.ensure()
    bases = ensure_images(public_registry.usable(), say=_image_line)
    name = builder.ensure_builder()
    account = account_settings()
    if control.start(account):
        say("account", f"started, {account.account_url}")
    return LocalStack(
        settings={"milvus-spcs:baseImages": bases, "milvus-spcs:builder": name},
        variables=clients.variables(account),
    )


def _image_line(text: str) -> None:
    say("images", text)
