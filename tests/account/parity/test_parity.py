"""The cases of tests/account/parity behave as they say, and the pages say what the cases give."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.account import spcs_world
from tests.account.parity.cases import Area, read_areas
from tests.account.parity.page import PAGE, README, render, render_readme
from tests.account.parity.runner import Result, run_areas
from tests.account.parity.world import World

pytestmark = pytest.mark.docker
AREAS = read_areas()


@pytest.fixture(scope="module")
def world(world: spcs_world.World) -> Iterator[World]:
    made = World(world)
    yield made
    made.close()


@pytest.fixture(scope="module")
def results(world: World) -> list[Result]:
    return run_areas(world, AREAS)


@pytest.mark.parametrize("area", AREAS, ids=lambda area: area.name)
def test_cases(area: Area, results: list[Result]) -> None:
    differing = [
        f"{result.case.form}: {result.told}"
        for result in results
        if result.area.name == area.name and result.outcome == "differs"
    ]
    assert not differing, "\n".join(differing)


def test_every_command_is_counted(world: World) -> None:
    sent = [case.steps[0].run[-1] for area in AREAS if area.part == "snow" for case in area.cases]
    commands = world.snow().commands("spcs ")
    assert len(commands) > 40
    missing = [name for name in commands if not any(line.split()[:3] == name.split() for line in sent)]
    assert not missing


def test_page_is_what_the_cases_give(results: list[Result]) -> None:
    assert PAGE.read_text() == render(results), "python -m tests.account.parity writes it again"


def test_readme_has_the_same_counts(results: list[Result]) -> None:
    assert README.read_text() == render_readme(results, README.read_text())
