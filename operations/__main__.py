"""The commands for a deployed stack: `python -m operations COMMAND --stack NAME`, or `make COMMAND`."""

from __future__ import annotations

import argparse
import sys

from snowflake.connector import Error as SnowflakeError

from components.account.account import AccountError
from local_account.base.settings import SettingsError as LocalSettingsError
from local_account.host.control import ControlError
from local_account.host.images import ImageError
from machine.terminal import ToolchainError, console
from operations import backup, bootstrap, drift, importing, migrate, restore, resume, rotate_key, suspend
from operations.milvus import DataError
from operations.power import PowerError
from operations.target import Target
from settings import SettingsError
from workstation.cli import prepare
from workstation.stack import LOCAL

# Each module has `arguments(parser)`, which declares its options, and `run(target, options)`, which gives the
# exit code; its docstring's first line is the command's help.
COMMANDS = {
    "backup": backup,
    "bootstrap": bootstrap,
    "drift": drift,
    "import": importing,
    "migrate": migrate,
    "restore": restore,
    "resume": resume,
    "rotate-key": rotate_key,
    "suspend": suspend,
}


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m operations", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    for name, module in COMMANDS.items():
        command = commands.add_parser(name, help=(module.__doc__ or "").partition("\n")[0])
        command.add_argument("--stack", default=LOCAL, help="stack name; settings in Pulumi.<stack>.yaml")
        module.arguments(command)
    options = parser.parse_args()
    try:
        return COMMANDS[options.command].run(Target(prepare(options.stack)), options)
    except (
        AccountError, ControlError, DataError, ImageError, LocalSettingsError, PowerError, SettingsError,
        SnowflakeError, ToolchainError,
    ) as error:  # fmt: skip
        console.print(str(error), style="red", markup=False)
        return 1


if __name__ == "__main__":
    sys.exit(main())
