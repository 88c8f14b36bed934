"""`python -m bench [part …]`: measure, print the table, fail when a limit is missed."""

from __future__ import annotations

import os
import sys
import tempfile

from bench import account, catalog, ingress, loading, registry, service_functions, sessions
from bench.measure import Figure, show
from local_account.base.settings import PORT_VARIABLE, free_ports


def _stack_figures() -> list[Figure]:
    # The paths of the local account follow from the environment when its modules are loaded.
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        os.environ["LOCAL_ACCOUNT_STATE"] = f"{folder}/account"
        os.environ[PORT_VARIABLE] = str(free_ports())
        from bench import stack

        return stack.figures()


_PARTS = {
    "account": account.figures,
    "sessions": sessions.figures,
    "catalog": catalog.figures,
    "loading": loading.figures,
    "ingress": ingress.figures,
    "service_functions": service_functions.figures,
    "registry": registry.figures,
    # The last, because it sets the environment.
    "stack": _stack_figures,
}


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
