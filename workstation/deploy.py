"""Deploys a stack, previews it, and takes it down again."""

from __future__ import annotations

import json

from local_account.base.settings import LocalSettings
from local_account.host import clients, control
from local_account.host.leftovers import remove_docker_objects
from machine.errors import UserError
from machine.terminal import say
from workstation.account import account_settings
from workstation.prepare import alone, prepare
from workstation.stack import LOCAL, LocalStack, Stack, interactive
from workstation.toolchain import builder, install


def up(stack: str) -> int:
    """Deploy a stack, and say where its notebook is; Pulumi's exit code.

    A person is asked before a Snowflake account is changed. The local account is set up first.
    """
    target = prepare(stack)
    code = target.up(confirm=stack != LOCAL and interactive())
    if code == 0:
        _tell(target)
    return code


def preview(stack: str) -> int:
    """Show what `up` would change; Pulumi's exit code."""
    return prepare(stack).preview()


def down(stack: str) -> int:
    """Destroy a stack; for `local`, also stop the account and remove its containers and networks.

    Returns:
        Pulumi's exit code.

    Raises:
        UserError: resources of the stack are protected; nothing was changed.
    """
    account = account_settings()
    if stack == LOCAL and not control.running(account) and not _is_deployed(account):
        say("account", "not running, and nothing is deployed to it")
        return 0
    target = prepare(stack)
    if protected := target.protected():
        raise UserError(
            f"Nothing was destroyed. These are protected: {', '.join(protected)}\n"
            f"To release them: pulumi config set --stack {stack} protect false; make up STACK={stack}; "
            f"make down STACK={stack}"
        )
    code = target.destroy(confirm=stack != LOCAL and interactive())
    if code == 0 and stack == LOCAL:
        control.stop(account)
        builder.stop()
        remove_docker_objects(account, keep_data=True)
        say("account", "stopped; its containers and networks are removed")
    return code


def notebooks(target: Stack) -> dict[str, str]:
    """Addresses of the stack's notebooks by service name; empty before the first deployment."""
    outputs = target.outputs()
    if urls := outputs.get("notebookUrls"):
        return urls
    return {"JUPYTER": outputs["notebookUrl"]} if outputs.get("notebookUrl") else {}


def _is_deployed(account: LocalSettings) -> bool:
    """Whether the local stack's state has resources; the account need not run for that."""
    if not control.log_file(account).exists():
        return False
    with alone():
        install.ensure()
    state = json.loads(LocalStack({}, clients.variables(account)).ask("stack", "export"))
    return bool(state["deployment"].get("resources"))


def _tell(target: Stack) -> None:
    outputs = target.outputs()
    if found := outputs.get("verification"):
        say("search", f"“Who started AI research?” → {found}")
    for url in notebooks(target).values():
        say("notebook", url)
    if "userPassword" in outputs:
        password = f"make password STACK={target.name}" if target.name != LOCAL else "make password"
        say("sign in", f"as {outputs['userName']}; password: {password}")
