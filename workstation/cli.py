"""What the make targets do: set up, deploy, show, take down."""

from __future__ import annotations

import argparse
import fcntl
import json
import shlex
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from local_account.base.settings import LocalSettings, SettingsError
from local_account.host import clients, control, images
from local_account.host.leftovers import remove_docker_objects
from machine.paths import STATE
from machine.terminal import ToolchainError, console, say
from workstation import status
from workstation.account import account_settings
from workstation.images import ensure_images
from workstation.stack import LOCAL, LocalStack, Stack, interactive
from workstation.toolchain import builder, install, public_registry


def up(stack: str) -> int:
    """Deploy a stack; for `local`, set up the local account first."""
    target = prepare(stack)
    code = target.up(confirm=stack != LOCAL and interactive())
    if code == 0:
        _tell(target)
    return code


def preview(stack: str) -> int:
    return prepare(stack).run("preview", "--diff")


def down(stack: str) -> int:
    """Destroy a stack; for `local`, stop the account and remove what it kept in Docker."""
    account = account_settings()
    if stack == LOCAL and not control.running(account) and not _is_deployed(account):
        say("account", "not running, and nothing is deployed to it")
        return 0
    target = prepare(stack)
    if protected := target.protected():
        say("protected", ", ".join(protected))
        say(
            "protected",
            f"to release: pulumi config set protect false; make up STACK={stack}; then make down again",
        )
        return 1
    code = target.destroy(confirm=stack != LOCAL and interactive())
    if code == 0 and stack == LOCAL:
        control.stop(account)
        builder.stop()
        remove_docker_objects(account, keep_data=True)
        say("account", "stopped; its containers and networks are removed")
    return code


def _is_deployed(account: LocalSettings) -> bool:
    """Whether the local stack's state has resources; the account need not run for that."""
    if not control.log_file(account).exists():
        return False
    with _alone():
        install.ensure()
    state = json.loads(LocalStack({}, clients.variables(account)).ask("stack", "export"))
    return bool(state["deployment"].get("resources"))


def show(stack: str) -> int:
    account = account_settings()
    found = control.running(account)
    if not found:
        say("account", "not running; `make up` starts it")
        return 1
    say("account", f"{account.locator} at {account.account_url}, registry {account.registry_host}")
    status.show(account, console)
    return 0


def setup(stack: str) -> int:
    """Install what is missing, without starting anything of the local account."""
    with _alone():
        install.ensure()
        ensure_images(public_registry.usable(), say=_image_line)
        builder.ensure_builder()
    return 0


def env(stack: str) -> int:
    """Print the exports for working by hand; other lines go to standard error."""
    console.stderr = True
    target = prepare(stack)
    for name, value in target.variables.items():
        print(f"export {name}={shlex.quote(value)}")
    say("env", f"for the stack {stack}; another one has settings of its own: make env STACK=…")
    return 0


def password(stack: str) -> int:
    """Print the generated password of the notebook's user; other lines go to standard error."""
    console.stderr = True
    print(prepare(stack).ask("stack", "output", "--show-secrets", "userPassword").strip())
    return 0


def clean(stack: str) -> int:
    """Remove all that was made on this machine: containers, volumes, networks, state and tools."""
    account = account_settings()
    control.stop(account)
    builder.remove()
    remove_docker_objects(account, keep_data=False)
    shutil.rmtree(STATE, ignore_errors=True)
    images.remove(account.labels)
    say("clean", "removed containers, volumes, networks, state and tools of this project")
    return 0


def prepare(stack: str) -> Stack:
    """A stack, after all that it needs is installed and, for `local`, the local account runs."""
    with _alone():
        return _set_up(stack)


@contextmanager
def _alone() -> Iterator[None]:
    """Set up by one command at a time; a second one waits for the first."""
    STATE.mkdir(exist_ok=True)
    with (STATE / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("setup", "waiting for another command that sets up")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _set_up(stack: str) -> Stack:
    install.ensure()
    if stack != LOCAL:
        builder.ensure_builder()
        return Stack(stack)
    bases = ensure_images(public_registry.usable(), say=_image_line)
    name = builder.ensure_builder()
    account = account_settings()
    started = control.start(account)
    say("account", f"{'started' if started else 'running'}, {account.account_url}")
    return LocalStack(
        settings={"milvus-spcs:baseImages": bases, "milvus-spcs:builder": name},
        variables=clients.variables(account),
    )


def _tell(target: Stack) -> None:
    outputs = target.outputs()
    found = outputs.get("verification")
    if found:
        say("search", f"“Who started AI research?” → {found}")
    for url in (outputs.get("notebookUrls") or {"JUPYTER": outputs.get("notebookUrl", "")}).values():
        say("notebook", str(url))
    if "userPassword" in outputs:
        say("sign in", f"as {outputs['userName']}; password: make password")


def _image_line(text: str) -> None:
    say("images", text)


COMMANDS: dict[str, Callable[[str], int]] = {
    "up": up,
    "preview": preview,
    "down": down,
    "status": show,
    "setup": setup,
    "env": env,
    "password": password,
    "clean": clean,
}


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m workstation.cli", description=__doc__)
    parser.add_argument("command", choices=sorted(COMMANDS))
    parser.add_argument("--stack", default=LOCAL, help="stack name; settings in Pulumi.<stack>.yaml")
    arguments = parser.parse_args()
    try:
        return COMMANDS[arguments.command](arguments.stack)
    except (ToolchainError, images.ImageError, control.ControlError, SettingsError) as error:
        console.print(str(error), style="red", markup=False)
        return 1


if __name__ == "__main__":
    sys.exit(main())
