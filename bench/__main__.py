"""`python -m bench`: measure, print the table, fail when a limit is missed."""

from __future__ import annotations

import sys

from bench import account
from bench.measure import show


def main() -> int:
    figures = account.figures()
    show(figures)
    return int(any(figure.kept is False for figure in figures))


if __name__ == "__main__":
    sys.exit(main())
