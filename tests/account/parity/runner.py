"""Runs cases; areas run side by side, the cases of one area one after the other."""

from __future__ import annotations

import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from tests.account.parity.cases import Area, Case, Prepared, Step
from tests.account.parity.judge import Answer, differences
from tests.account.parity.world import Clients, World

_AT_ONCE = 4
_WAIT_SECONDS = 40.0
_PAUSE = 0.1


@dataclass(frozen=True)
class Result:
    """How one case went.

    Attributes:
        outcome: `supported`, `refused` (by name, as its case says) or `differs`.
        told: the account's refusal, or what differs.
        seconds: how long it took.
    """

    area: Area
    case: Case
    outcome: str
    told: str
    seconds: float


def run_areas(world: World, areas: Sequence[Area]) -> list[Result]:
    """Results of all cases, in the order of the areas and their cases."""
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        return [result for found in pool.map(lambda area: _run_area(world, area), areas) for result in found]


def _run_area(world: World, area: Area) -> list[Result]:
    clients = world.clients(area.name)
    try:
        clients.write(area.files)
        trouble = _all(clients, area.setup)
        if trouble:
            return [Result(area, case, "differs", f"set-up of the area: {trouble}", 0) for case in area.cases]
        return [_run_case(clients, area, case) for case in area.cases]
    finally:
        for role, statement in area.cleanup:
            clients.send(statement, role)
        clients.close()


def _run_case(clients: Clients, area: Area, case: Case) -> Result:
    started = time.monotonic()
    outcome, told = "supported", ""
    try:
        difference = _all(clients, case.setup)
        for index, step in enumerate(case.steps):
            if difference:
                break
            difference, answer = _run_step(clients, step)
            if index == 0 and case.refused and not difference:
                outcome, told = "refused", _told(case, answer)
        if difference:
            outcome, told = "differs", difference
    finally:
        for role, statement in case.cleanup:
            clients.send(statement, role)
    return Result(area, case, outcome, told, time.monotonic() - started)


def _told(case: Case, answer: Answer) -> str:
    """The refusal's text; of a command, which frames and wraps its messages, what was looked for."""
    text = answer.text if answer.errno is not None else case.steps[0].expected["refused"]
    return " ".join(str(text).strip("/").split())


def _run_step(clients: Clients, step: Step) -> tuple[str, Answer]:
    deadline = time.monotonic() + (_WAIT_SECONDS if step.wait else 0)
    expected = clients.filled(step.expected)
    answer = Answer()
    for statement in step.run[:-1]:
        answer = clients.send(statement, step.role, step.client)
        if answer.failed:
            return f"{statement}: {answer.text}", answer
    while True:
        answer = clients.send(step.run[-1], step.role, step.client)
        difference = differences(expected, answer)
        if not difference or time.monotonic() >= deadline:
            return (f"{step.run[-1][:60]}: {difference}" if difference else ""), answer
        time.sleep(_PAUSE)


def _all(clients: Clients, statements: Sequence[Prepared]) -> str:
    for role, statement in statements:
        answer = clients.send(statement, role)
        if answer.failed:
            return f"{statement}: {answer.text}"
    return ""
