"""The command `milvus-spcs`: its list of commands, and how errors become messages and exit codes."""

from __future__ import annotations

import shlex
import sys
import traceback
from collections.abc import Callable, Sequence
from typing import Annotated, Any, cast

import typer
from rich.console import Console
from typer.rich_utils import rich_format_error

from cli import data, deployer, deploying, errors, looking, this_machine, whole_stack
from cli.options import NAME
from machine.terminal import console

_DEBUG = "--debug"
COMMANDS: dict[str, dict[str, tuple[Callable[..., int | None], str]]] = {
    "Deploy": {
        "up": (deploying.up, "up --stack dev"),
        "preview": (deploying.preview, "preview --stack dev"),
        "down": (deploying.down, "down --stack dev"),
        "suspend": (whole_stack.suspend, "suspend --stack dev"),
        "resume": (whole_stack.resume, "resume --stack dev"),
        "import": (whole_stack.import_, "import --stack dev --dry-run"),
    },
    "Look": {
        "status": (looking.status, "status --watch"),
        "logs": (looking.logs, "logs MILVUS --since 10m --follow"),
        "open": (looking.open_, "open JUPYTER_2"),
        "password": (looking.password, "password --stack dev"),
        "drift": (whole_stack.drift, "drift --stack prod --json"),
    },
    "Milvus's data": {
        "backup": (data.backup, "backup --export --keep 7"),
        "restore": (data.restore, "restore MILVUS_BACKUP_20260131_120000"),
        "migrate": (data.migrate, "migrate --stack dev   (after: pulumi config set milvusVolumeSize 100)"),
    },
    "Who deploys": {
        "bootstrap": (deployer.bootstrap, "bootstrap --stack dev --connection admin"),
        "rotate-key": (deployer.rotate_key, "rotate-key --stack dev"),
    },
    "This machine": {
        "setup": (this_machine.setup, "setup"),
        "env": (this_machine.env, "env --stack dev"),
        "clean": (this_machine.clean, "clean"),
    },
}
"""Function and example of each command, by name, in the groups and the order of the help."""

app = typer.Typer(
    name=NAME,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.callback(epilog=f"Example: {NAME} up, then {NAME} status, then {NAME} open")
def options(
    debug: Annotated[bool, typer.Option(_DEBUG, help="Show where an error happened.")] = False,
) -> None:
    """Milvus and a Jupyter notebook on Snowpark Container Services.

    Exit codes: 0 done, 1 not done, 2 drift was found, 64 wrong command line, 70 a bug, 130 interrupted.
    """


for _panel, _commands in COMMANDS.items():
    for _name, (_function, _example) in _commands.items():
        app.command(_name, rich_help_panel=_panel, epilog=f"Example: {NAME} {_example}")(_function)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command and return its exit code; see `cli.errors` for the codes.

    Args:
        arguments: the command's words; default those of the process. `--debug` may stand anywhere.
    """
    given = list(sys.argv[1:] if arguments is None else arguments)
    words = [word for word in given if word != _DEBUG]
    told = Console(stderr=True, highlight=False, soft_wrap=True)
    console.stderr = False
    try:
        code = app(words, prog_name=NAME, standalone_mode=False) or 0
    except typer.TyperException as error:
        rich_format_error(cast(Any, error))
        return errors.USAGE
    except typer.Abort:
        code = errors.INTERRUPTED
    except Exception as error:
        if _DEBUG in given:
            traceback.print_exc()
        text = errors.message(error)
        again = shlex.join([NAME, _DEBUG, *words])
        told.print(errors.bug_report(error, again) if text is None else text, style="red", markup=False)
        return errors.BUG if text is None else errors.exit_code(error)
    if code == errors.INTERRUPTED:
        # On a terminal, ^C stands in the line already.
        told.print("\nInterrupted." if told.is_terminal else "Interrupted.", markup=False)
    return code
