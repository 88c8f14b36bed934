"""The options that commands share, and how they get at their stack."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from machine.terminal import console
from workstation.prepare import prepare, reach
from workstation.stack import LOCAL

if TYPE_CHECKING:
    from operations.target import Target

NAME = "milvus-spcs"
DEFAULT = LOCAL

Stack = Annotated[
    str, typer.Option("--stack", metavar="NAME", help="The stack; its settings are in Pulumi.NAME.yaml.")
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of tables.")]
Connection = Annotated[
    str | None,
    typer.Option(
        "--connection",
        metavar="NAME",
        help="Act through this connection of Snowflake's connections.toml. Default: the stack's own sign-in.",
    ),
]


def answer_alone() -> None:
    """Keep standard output for the answer; all other lines go to standard error."""
    console.stderr = True


def target_of(stack: str, *, builds: bool = False) -> Target:
    """The stack for a command that acts on it; the local account is started where it does not run.

    Args:
        stack: name of the stack.
        builds: whether the command runs the program, which builds images. Default false.
    """
    from operations.target import Target  # late, because its import takes a second

    return Target(prepare(stack, builds=builds))


def looked_at(stack: str) -> Target:
    """The stack for a command that only looks at it.

    Raises:
        UserError: the stack is `local` and the local account does not run.
    """
    from operations.target import Target

    return Target(reach(stack))
