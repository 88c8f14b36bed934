"""The command `local-account`: a Snowflake account on this machine, from the command line."""

from __future__ import annotations

import argparse
import json
import os
import shlex
import shutil
import signal
import sys
from collections.abc import Callable
from pathlib import Path

from local_account.base.settings import (
    LABEL_VARIABLE,
    NAME_VARIABLE,
    ORGANIZATION_VARIABLE,
    PORT_VARIABLE,
    STATE_VARIABLE,
    LocalSettings,
    SettingsError,
    load,
    save,
    state_folder,
)
from local_account.host import clients, control, images

_SETTINGS = {
    STATE_VARIABLE: ("--state", "FOLDER", "state folder; default: one for this user"),
    PORT_VARIABLE: ("--port", "NUMBER", "first of three ports on loopback; default 8480"),
    ORGANIZATION_VARIABLE: ("--organization", "NAME", "first part of the account identifier; default LOCAL"),
    NAME_VARIABLE: ("--name", "NAME", "second part of the account identifier; default ACCOUNT"),
    LABEL_VARIABLE: ("--label", "LABEL", "prefix of labels and names in Docker; default local-account"),
}
_EPILOG = """\
Each setting can also come from the environment, as LOCAL_ACCOUNT_STATE, _PORT, _ORGANIZATION, _NAME and
_LABEL; the state folder remembers the last ones. For example:

  local-account start
  eval "$(local-account env)"
  snow sql -q "SELECT CURRENT_ACCOUNT()"
"""


def serve(settings: LocalSettings, arguments: argparse.Namespace) -> int:
    """Run the account in the foreground until Ctrl-C."""
    _prepare(settings, arguments)
    if control.running(settings):
        raise control.ControlError(f"The account runs already; {_command(arguments, 'stop')} stops it.")
    control.require_free_ports(settings)
    server = control.spawn(settings, to_log=False)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda number, _: server.send_signal(number))
    try:
        control.wait_until_running(settings, server)
    except control.ControlError:
        server.terminate()
        return server.wait() or 1  # the server has printed why it ended
    save(settings)
    _tell(settings, arguments, "Ctrl-C")
    return server.wait()


def start(settings: LocalSettings, arguments: argparse.Namespace) -> int:
    """Start the account in the background."""
    _prepare(settings, arguments)
    control.start(settings)
    save(settings)
    _tell(settings, arguments, _command(arguments, "stop"))
    return 0


def status(settings: LocalSettings, arguments: argparse.Namespace) -> int:
    """Show whether the account runs, and where. Exit code 1 when it does not run."""
    is_running = control.running(settings) is not None
    shown = {
        "account": settings.locator,
        "running": is_running,
        "url": settings.account_url,
        "ingress": f"http://localhost:{settings.ingress_port}",
        "registry": settings.registry_host,
        "user": clients.connection_parameters(settings)["user"],
        "state": str(settings.state),
        "log": str(control.log_file(settings)),
    }
    if arguments.json:
        print(json.dumps(shown, indent=2))
    else:
        _table({**shown, "running": "yes" if is_running else f"no; {_command(arguments, 'start')} starts it"})
    return 0 if is_running else 1


def stop(settings: LocalSettings, arguments: argparse.Namespace) -> int:
    """Stop the server. Services go on running, and the data stays."""
    if control.stop(settings):
        print(f"stopped; services go on running until {_command(arguments, 'clean')}")
    else:
        print("the account does not run")
    return 0


def env(settings: LocalSettings, arguments: argparse.Namespace) -> int:
    """Print shell exports for snow, the Snowflake drivers and docker login."""
    variables = {
        "SNOWFLAKE_ACCOUNT": settings.locator,
        **clients.variables(settings),
        "SNOWFLAKE_DEFAULT_CONNECTION_NAME": clients.CONNECTION,
        "LOCAL_ACCOUNT_REGISTRY": settings.registry_host,
    }
    for name, value in variables.items():
        print(f"export {name}={shlex.quote(value)}")
    print(
        '# printf %s "$SNOWFLAKE_PASSWORD" | '
        'docker login "$LOCAL_ACCOUNT_REGISTRY" --username "$SNOWFLAKE_USER" --password-stdin'
    )
    return 0


def clean(settings: LocalSettings, arguments: argparse.Namespace) -> int:
    """Stop the account and remove its containers, volumes, networks and state folder."""
    from local_account.host.leftovers import remove_docker_objects  # late: its import takes long

    if not arguments.yes and not _agreed(settings):
        return 1
    control.stop(settings)
    remove_docker_objects(settings, keep_data=False)
    shutil.rmtree(settings.state, ignore_errors=True)
    if settings.state.exists():
        print(f"{settings.state} has files that containers wrote as another user", file=sys.stderr)
        return 1
    print("removed the account and all its data")
    if arguments.images:
        for name in images.remove(settings.labels):
            print(f"removed image {name}")
    return 0


_COMMANDS: tuple[Callable[[LocalSettings, argparse.Namespace], int], ...] = (
    serve, start, status, stop, env, clean,
)  # fmt: skip
_STARTING = (serve, start)


def main(words: list[str] | None = None) -> int:
    """Run one command; its exit code: 0, 1 when the command failed, 2 when a setting cannot be used."""
    arguments = _parser().parse_args(words)
    given = {variable: getattr(arguments, option[2:]) for variable, (option, *_) in _SETTINGS.items()}
    environment = {**os.environ, **{name: value for name, value in given.items() if value is not None}}
    try:
        folder = state_folder(environment=environment)
        if arguments.run not in _STARTING and not (folder / "account_id").exists():
            way_out = f"{_command(arguments, 'start')} makes one"
            print(f"there is no account in {folder}; {way_out}", file=sys.stderr)
            return 1
        return arguments.run(load(environment=environment), arguments)
    except SettingsError as error:
        print(error, file=sys.stderr)
        return 2
    except (control.ControlError, images.ImageError) as error:
        print(error, file=sys.stderr)
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="local-account",
        description="A Snowflake account on this machine, with real containers, for official clients.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    shared = argparse.ArgumentParser(add_help=False)
    for variable, (option, kind, meaning) in _SETTINGS.items():
        shared.add_argument(option, metavar=kind, help=f"{meaning} ({variable})")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for command in _COMMANDS:
        text = command.__doc__ or ""
        added = commands.add_parser(command.__name__, parents=[shared], help=text, description=text)
        added.set_defaults(run=command)
        if command in _STARTING:
            added.add_argument(
                "--sql-only",
                action="store_true",
                help="do not make the Docker images that services and image repositories need",
            )
        if command is status:
            added.add_argument("--json", action="store_true", help="print JSON")
        if command is clean:
            added.add_argument("--yes", action="store_true", help="do not ask")
            added.add_argument(
                "--images",
                action="store_true",
                help="remove the Docker images too, which all accounts with this label use",
            )
    return parser


def _prepare(settings: LocalSettings, arguments: argparse.Namespace) -> None:
    if not arguments.sql_only:
        images.ensure(settings.labels, lambda line: print(line, file=sys.stderr))


def _tell(settings: LocalSettings, arguments: argparse.Namespace, stop: str) -> None:
    _table(
        {
            "account": f"{settings.locator} at {settings.account_url}",
            "sign in": f"as {clients.connection_parameters(settings)['user']}; the password is in "
            f"{settings.state / 'credentials.json'}",
            "clients": f'eval "$({_command(arguments, "env")})" sets up snow and the Snowflake drivers',
            "images": f"docker login {settings.registry_host}",
            "services": f"public endpoints are at http://NAME.localhost:{settings.ingress_port}",
            "stop": stop,
        }
    )


def _table(rows: dict[str, object]) -> None:
    for name, value in rows.items():
        print(f"{name:<9} {value}", flush=True)


def _command(arguments: argparse.Namespace, name: str) -> str:
    """The command line of another command for the same account."""
    state = arguments.state
    return f"local-account {name}" + (f" --state {shlex.quote(str(Path(state).absolute()))}" if state else "")


def _agreed(settings: LocalSettings) -> bool:
    if not sys.stdin.isatty():
        print("clean removes all data of the account; say --yes to agree", file=sys.stderr)
        return False
    return input(f"Remove account {settings.locator} in {settings.state} with all its data? [y/N] ") == "y"


if __name__ == "__main__":
    sys.exit(main())
