"""Commands that compare, adopt or switch a whole stack: drift, import, suspend, resume."""

from __future__ import annotations

from typing import Annotated

import typer

from cli import layouts, tables
from cli.errors import DRIFT
from cli.options import DEFAULT, Json, Stack, answer_alone, target_of
from machine.terminal import say


def drift(stack: Stack = DEFAULT, json: Json = False) -> int:
    """Show where the account differs from what the last `up` left.

    The exit code is 0 without drift, 2 with drift, and 1 after an error.
    """
    from operations.drift import report

    if json:
        answer_alone()
    found = report.findings(target_of(stack))
    if json:
        tables.print_json(found)
    elif found:
        tables.show(layouts.DRIFT, found)
    else:
        say("drift", "none")
    return DRIFT if found else 0


def import_(
    stack: Stack = DEFAULT,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only show what would be taken over.")] = False,
    json: Json = False,
) -> None:
    """Take objects that the account has already into the stack."""
    from operations.importing import take_over

    if json:
        answer_alone()
    outcomes = take_over.run(target_of(stack, builds=True), dry_run=dry_run)
    if json:
        tables.print_json(outcomes)
    elif outcomes:
        tables.show(layouts.IMPORT, outcomes)


def suspend(stack: Stack = DEFAULT) -> None:
    """Stop services, compute pools and the warehouse; the data stays."""
    from operations.running import suspend as suspending

    suspending.run(target_of(stack))


def resume(stack: Stack = DEFAULT) -> None:
    """Start a suspended stack again, and wait until it is ready."""
    from operations.running import resume as resuming

    resuming.run(target_of(stack))
