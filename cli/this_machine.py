"""Commands for this machine: setup, env, clean."""

from __future__ import annotations

import shlex

from cli.options import DEFAULT, NAME, Stack, answer_alone
from machine.terminal import say
from workstation import prepare


def setup(stack: Stack = DEFAULT) -> None:
    """Install what is missing, without starting or deploying anything."""
    prepare.setup(stack)


def env(stack: Stack = DEFAULT) -> None:
    """Print shell exports with which milvus-spcs, pulumi, snow -c local and docker work by hand."""
    answer_alone()
    for name, value in prepare.prepare(stack).variables.items():
        print(f"export {name}={shlex.quote(value)}")
    say("env", f"for the stack {stack}; another stack has settings of its own: {NAME} env --stack NAME")


def clean(stack: Stack = DEFAULT) -> None:
    """Remove everything that was made on this machine: containers, volumes, networks, state, tools."""
    prepare.clean(stack)
