"""`python -m bench [account|stack]`: measure, print the table, fail when a limit is missed."""

from __future__ import annotations

import os
import socket
import sys
import tempfile

from bench.measure import Figure, show
from local.settings import PORT_VARIABLE


def _stack_figures() -> list[Figure]:
    # The paths of the local account follow from the environment when its modules are loaded.
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        os.environ["LOCAL_ACCOUNT_STATE"] = f"{folder}/account"
        os.environ[PORT_VARIABLE] = str(_free_ports())
        from bench import stack

        return stack.figures()


def _account_figures() -> list[Figure]:
    from bench import account

    return account.figures()


def _free_ports() -> int:
    """The first of three consecutive free ports on loopback."""
    for first in range(20000, 30000, 10):
        with socket.socket() as a, socket.socket() as b, socket.socket() as c:
            try:
                for offset, probe in enumerate((a, b, c)):
                    probe.bind(("127.0.0.1", first + offset))
            except OSError:
                continue
            return first
    raise RuntimeError("no three consecutive free ports from 20000 to 30000")


_PARTS = {"account": _account_figures, "stack": _stack_figures}


def main() -> int:
    wanted = sys.argv[1:] or list(_PARTS)
    unknown = set(wanted) - set(_PARTS)
    if unknown:
        print(f"no such part: {', '.join(sorted(unknown))}; there are {', '.join(_PARTS)}", file=sys.stderr)
        return 2
    figures = [figure for part in wanted for figure in _PARTS[part]()]
    show(figures)
    return int(any(figure.kept is False for figure in figures))


if __name__ == "__main__":
    sys.exit(main())
