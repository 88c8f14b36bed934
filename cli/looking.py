"""Commands that show what a stack has: status, logs, open, password."""

from __future__ import annotations

import os
import re
import sys
import time
import webbrowser
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer
from rich.console import Group, RenderableType

from cli import layouts, tables
from cli.options import DEFAULT, Json, Stack, answer_alone, looked_at
from machine.errors import UserError
from machine.terminal import console, say
from workstation.deploy import notebooks
from workstation.prepare import reach

_WATCH_SECONDS = 2.0
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_AGE = re.compile(r"([0-9]+)([smhd])")


def status(
    stack: Stack = DEFAULT,
    watch: Annotated[
        bool, typer.Option("--watch", "-w", help="Show it again every two seconds, until Ctrl-C.")
    ] = False,
    json: Json = False,
) -> None:
    """Show the stack's compute pools, services, containers, endpoints and Milvus's volume."""
    from operations.running import status as looking_up

    if watch and json:
        raise typer.BadParameter("it shows tables; leave --json out", param_hint="--watch")
    if json:
        answer_alone()
    target = looked_at(stack)
    with target.account.queries() as query:
        if json:
            tables.print_json(looking_up.read(target, query))
        elif watch:
            _watch(lambda: _status(looking_up.read(target, query)))
        else:
            console.print(_status(looking_up.read(target, query)))


def _watch(read: Callable[[], RenderableType]) -> None:
    """Show something again every two seconds, each time on an empty screen, until Ctrl-C."""
    while True:
        found = read()
        if console.is_terminal:
            console.clear()
        console.print(found)
        time.sleep(_WATCH_SECONDS)


def _status(found: dict[str, list[dict[str, object]]]) -> RenderableType:
    if not any(found.values()):
        return "Nothing is deployed. `make up` deploys the stack."
    parts = [tables.draw(layouts.STATUS[key], rows, tables.width()) for key, rows in found.items() if rows]
    return Group(*parts)


def _moment(text: str) -> datetime:
    """The time in UTC that an age or a time means."""
    if age := _AGE.fullmatch(text):
        return datetime.now(UTC) - timedelta(seconds=int(age[1]) * _UNITS[age[2]])
    try:
        return datetime.fromisoformat(text).astimezone(UTC)
    except ValueError:
        raise typer.BadParameter(
            f"{text!r} is neither an age such as 10m nor a time such as 2026-01-31T12:00"
        ) from None


def logs(
    service: Annotated[str, typer.Argument(metavar="SERVICE", help="MILVUS, JUPYTER, JUPYTER_2 …")],
    stack: Stack = DEFAULT,
    follow: Annotated[
        bool, typer.Option("--follow", "-f", help="Show new lines as they come, until Ctrl-C.")
    ] = False,
    since: Annotated[
        datetime | None,
        typer.Option(
            "--since",
            metavar="TIME",
            parser=_moment,
            help="Only lines since then: an age such as 30s, 10m, 2h or 1d, or a time as 2026-01-31T12:00.",
            show_default=False,
        ),
    ] = None,
    container: Annotated[
        str | None,
        typer.Option(
            "--container", metavar="NAME", help="This container alone. Default: all of the service."
        ),
    ] = None,
    instance: Annotated[
        int, typer.Option("--instance", metavar="N", min=0, help="The instance of the service.")
    ] = 0,
    previous: Annotated[
        bool, typer.Option("--previous", "-p", help="Lines of the run before the container's last restart.")
    ] = False,
    tail: Annotated[
        int, typer.Option("--tail", metavar="N", min=1, help="At most this many of the newest lines.")
    ] = 500,
    timestamps: Annotated[
        bool, typer.Option("--timestamps", "-t", help="Begin each line with its time in UTC.")
    ] = False,
) -> None:
    """Show log lines of a service's containers.

    Snowflake keeps the newest 100 KB of a container's lines.
    """
    from operations.running import logs as reading

    if follow and previous:
        raise typer.BadParameter(
            "an earlier run has no new lines; leave --follow out", param_hint="--previous"
        )
    answer_alone()
    target = looked_at(stack)
    found = reading.find_service(target, service)
    names = reading.containers(found, container)
    requests = {
        name: reading.LogRequest(
            service=found, container=name, instance=instance, lines=tail,
            previous=previous, since=since, times=timestamps,
        )
        for name in names
    }  # fmt: skip

    def show(name: str, line: str) -> None:
        print(f"{name} | {line}" if len(names) > 1 else line, flush=follow)

    with target.account.queries() as query:
        if follow:
            followers = {name: reading.Follower(query, request) for name, request in requests.items()}
            for name, line in reading.follow(followers):
                show(name, line)
        lines = [(name, line) for name, request in requests.items() for line in reading.read(query, request)]
    for name, line in lines:
        show(name, line)
    if not lines:
        say("logs", f"no lines of {', '.join(names)}")


def open_(
    notebook: Annotated[
        str, typer.Argument(metavar="NOTEBOOK", help="The notebook's service, where the stack has several.")
    ] = "JUPYTER",
    stack: Stack = DEFAULT,
) -> None:
    """Open the notebook in the browser, or print its address where there is no browser."""
    answer_alone()
    found = {name.upper(): url for name, url in notebooks(reach(stack)).items()}
    if not found:
        raise UserError("The stack has no notebook. `make up` deploys it.")
    url = found.get(notebook.upper())
    if url is None:
        raise UserError(f"The stack has no notebook {notebook}. Its notebooks: {', '.join(found)}")
    if _has_browser() and webbrowser.open(url):
        say("notebook", f"opened {url}")
    else:
        print(url)


def _has_browser() -> bool:
    """Whether there is a screen for a browser; a browser in the terminal cannot show the notebook."""
    screen = sys.platform == "darwin" or "DISPLAY" in os.environ or "WAYLAND_DISPLAY" in os.environ
    return screen or "BROWSER" in os.environ


def password(stack: Stack = DEFAULT) -> None:
    """Print the notebook user's generated password."""
    answer_alone()
    found = reach(stack, running=False).outputs(show_secrets=True)
    if "userPassword" not in found:
        raise UserError(
            "The stack has no generated password: it is not deployed, or generateUserPassword is not set."
        )
    print(found["userPassword"])
