"""Commands for the user that deploys a stack: bootstrap, rotate-key."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cli.options import DEFAULT, NAME, Connection, Stack, target_of


def bootstrap(
    stack: Stack = DEFAULT,
    connection: Connection = None,
    public_key: Annotated[
        Path | None,
        typer.Option("--public-key", metavar="FILE", help="The user's public key. Default: a new key pair."),
    ] = None,
    allow_from: Annotated[
        list[str] | None,
        typer.Option(
            "--allow-from",
            metavar="CIDR",
            help="Let the user sign in only from these addresses. Can be given several times.",
        ),
    ] = None,
    self_rotation: Annotated[
        bool, typer.Option("--self-rotation", help=f"Let the user change its own keys ({NAME} rotate-key).")
    ] = False,
    drop: Annotated[
        bool, typer.Option("--drop", help="Remove what an earlier bootstrap made, and make nothing.")
    ] = False,
) -> None:
    """Make the role and the user that deploy the stack, once and as administrator."""
    from operations.deployer import bootstrap as bootstrapping

    target = target_of(stack)
    if drop:
        bootstrapping.remove(target, connection=connection)
        return
    bootstrapping.run(
        target,
        connection=connection,
        public_key=public_key,
        allow_from=allow_from or (),
        self_rotation=self_rotation,
    )


def rotate_key(
    stack: Stack = DEFAULT,
    connection: Connection = None,
    finish: Annotated[
        bool, typer.Option("--finish", help="Only remove the key that the stack does not sign in with.")
    ] = False,
) -> None:
    """Give the user that deploys the stack a new key, without an interruption."""
    from operations.deployer import rotate_key as rotating

    rotating.run(target_of(stack, builds=True), connection=connection, finish=finish)
