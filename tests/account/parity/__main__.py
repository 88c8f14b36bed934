"""Runs the cases against an account of its own and writes the pages; see the package's documentation."""

from __future__ import annotations

import sys
import tempfile
from contextlib import closing
from pathlib import Path

from tests.account.conftest import running_account
from tests.account.parity.cases import read_areas
from tests.account.parity.page import PAGE, README, render, render_readme
from tests.account.parity.runner import run_areas
from tests.account.parity.world import World
from tests.account.spcs_world import make_world


def main(names: list[str]) -> int:
    """The number of cases that behave otherwise than they say, at most 1."""
    areas = read_areas(names)
    with (
        tempfile.TemporaryDirectory() as folder,
        running_account(Path(folder) / "account") as account,
        closing(World(make_world(account))) as world,
    ):
        results = run_areas(world, areas)
    differing = [result for result in results if result.outcome == "differs"]
    for result in differing:
        print(f"{result.area.name}: {result.case.form}\n    {result.told}")
    print(f"{len(results)} cases, {len(differing)} differing")
    PAGE.write_text(render(results, PAGE.read_text() if names else ""))
    README.write_text(render_readme(results, README.read_text()))
    return min(len(differing), 1)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
