"""Command line of the toolchain: `python -m local.toolchain ensure|env|builder|stop|remove`."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Callable

from local.toolchain import builder, install, pulumi_env
from local.toolchain.report import ToolchainError


def _ensure() -> None:
    install.ensure()


def _env() -> None:
    for name, value in {**pulumi_env.environment(), **pulumi_env.stack_environment()}.items():
        print(f"export {name}={shlex.quote(value)}")


_COMMANDS: dict[str, Callable[[], object]] = {
    "ensure": _ensure,
    "env": _env,
    "builder": builder.ensure_builder,
    "stop": builder.stop,
    "remove": builder.remove,
}


def main(arguments: list[str]) -> int:
    """Run one command; the exit code is 1 when something needed cannot be had, 2 for an unknown command."""
    if len(arguments) != 1 or arguments[0] not in _COMMANDS:
        print(f"usage: python -m local.toolchain {'|'.join(_COMMANDS)}", file=sys.stderr)
        return 2
    try:
        _COMMANDS[arguments[0]]()
    except ToolchainError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
