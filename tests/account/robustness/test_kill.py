"""The server is killed again and again while clients work; what it acknowledged must be there afterwards."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from snowflake.connector.backoff_policies import linear_backoff as linear
from snowflake.connector.errors import DatabaseError, Error

from tests.account.conftest import RunningAccount, run, running_account, wait_until

SEED = 20
KILLS = 8
KILLS_AT_START = 2
WORKERS = 4
# The driver gives up only after the server was away for longer than any restart takes.
PATIENCE = {
    "network_timeout": 120,
    "login_timeout": 120,
    "backoff_policy": linear(base=1, factor=0, cap=1, enable_jitter=False),
}


@dataclass
class Worker(threading.Thread):
    """One client and what it knows: `sure` is acknowledged, `open` had no answer or one that says so.

    Attributes:
        sure: (kind, name) to whether it must be there.
        doubtful: what may be there or not.
        failures: errors that no kill explains.
    """

    account: RunningAccount
    number: int
    folder: Path
    sure: dict[tuple[str, str], bool] = field(default_factory=dict)
    doubtful: set[tuple[str, str]] = field(default_factory=set)
    failures: list[Exception] = field(default_factory=list)
    stopping: threading.Event = field(default_factory=threading.Event)
    acknowledged: int = 0

    def __post_init__(self) -> None:
        super().__init__(daemon=True)
        self.random = random.Random(SEED + self.number)  # noqa: S311 the same work in every run
        self.session = self.account.connect(
            database="KILLED", schema="PUBLIC", warehouse="KILLED", **PATIENCE
        )
        self.count = 0

    def __hash__(self) -> int:
        return self.number

    def run(self) -> None:
        steps = [self.make_role, self.drop_role, self.insert, self.insert, self.make_table, self.put]
        try:
            while not self.stopping.is_set():
                self.count += 1
                self.random.choice(steps)(f"{self.number}_{self.count}")
        except Exception as error:
            self.failures.append(error)

    def make_role(self, name: str) -> None:
        self.statement("role", f"KILLED_{name}", True, f"CREATE ROLE KILLED_{name}")

    def drop_role(self, name: str) -> None:
        known = [role for (kind, role), there in self.sure.items() if kind == "role" and there]
        if known:
            role = self.random.choice(known)
            self.statement("role", role, False, f"DROP ROLE {role}")

    def insert(self, name: str) -> None:
        self.statement("row", name, True, f"INSERT INTO ROWS_{self.number} VALUES ('{name}')")

    def make_table(self, name: str) -> None:
        self.statement("table", f"T_{name}", True, f"CREATE TABLE T_{name} AS SELECT '{name}' AS NAME")

    def put(self, name: str) -> None:
        file = self.folder / f"{name}.txt"
        file.write_text(name * 1000)
        text = f"PUT file://{file} @FILES AUTO_COMPRESS=FALSE"
        self.statement("file", f"{name}.txt", True, text, ok=Error)

    def statement(
        self, kind: str, name: str, there: bool, text: str, ok: type[Exception] | None = None
    ) -> None:
        """Run a statement that must succeed, or say that its outcome is not known."""
        try:
            rows = run(self.session, text)
        except Exception as error:
            unknown = isinstance(error, DatabaseError) and "is not known" in str(error)
            if not unknown and not (ok and isinstance(error, ok)):
                raise
            self.sure.pop((kind, name), None)
            self.doubtful.add((kind, name))
        else:
            if kind == "file" and rows[0]["status"] != "UPLOADED":
                self.doubtful.add((kind, name))
                return
            self.sure[kind, name] = there
            self.acknowledged += 1


@pytest.fixture
def mortal(tmp_path: Path) -> Iterator[RunningAccount]:
    """An account of the test's own."""
    with running_account(tmp_path / "account") as account:
        yield account


def test_nothing_acknowledged_is_lost(mortal: RunningAccount, tmp_path: Path) -> None:
    mortal.run(
        "CREATE DATABASE KILLED",
        "CREATE WAREHOUSE KILLED",
        "CREATE STAGE FILES",
        *(f"CREATE TABLE ROWS_{number} (NAME TEXT)" for number in range(WORKERS)),
    )
    workers = [Worker(mortal, number, tmp_path) for number in range(WORKERS)]
    for worker in workers:
        worker.start()
    dice = random.Random(SEED)  # noqa: S311 the same moments in every run
    moments = ["work"] * KILLS + ["start"] * KILLS_AT_START
    dice.shuffle(moments)
    for moment in moments:
        if moment == "start":
            mortal.kill()
            mortal.launch()
            time.sleep(dice.uniform(0.1, 1.5))
        else:
            # Work must go on in all clients before the next blow, which falls at any point of it.
            until_work_goes_on(workers)
            time.sleep(dice.uniform(0, 0.3))
        mortal.kill()
        mortal.start()
    until_work_goes_on(workers)
    for worker in workers:
        worker.stopping.set()
    for worker in workers:
        worker.join(120)
        assert not worker.failures, worker.failures
    mortal.kill()
    mortal.start()
    print(_summary(workers))
    compare(mortal, workers, tmp_path)


def until_work_goes_on(workers: list[Worker]) -> None:
    before = [worker.acknowledged for worker in workers]

    def all_went_on() -> bool:
        assert not any(worker.failures for worker in workers), [worker.failures for worker in workers]
        return all(worker.acknowledged > count for worker, count in zip(workers, before, strict=True))

    wait_until(all_went_on, 90, "acknowledged statements")


def _summary(workers: list[Worker]) -> str:
    done = sum(worker.acknowledged for worker in workers)
    return f"{done} acknowledged, {sum(len(worker.doubtful) for worker in workers)} in doubt"


def compare(account: RunningAccount, workers: list[Worker], folder: Path) -> None:
    with account.connect(database="KILLED", schema="PUBLIC", warehouse="KILLED") as session:
        rows = [
            row["NAME"]
            for number in range(WORKERS)
            for row in run(session, f"SELECT NAME FROM ROWS_{number}")
        ]
        shown: dict[str, Callable[[], list[str]]] = {
            "role": lambda: [row["name"] for row in run(session, "SHOW ROLES LIKE 'KILLED_%'")],
            "row": lambda: rows,
            "table": lambda: [row["name"] for row in run(session, "SHOW TABLES LIKE 'T_%'")],
            "file": lambda: [row["name"].removeprefix("files/") for row in run(session, "LIST @FILES")],
        }
        sure = {key: there for worker in workers for key, there in worker.sure.items()}
        doubtful = {key for worker in workers for key in worker.doubtful}
        for kind, names in shown.items():
            found = names()
            assert len(found) == len(set(found)), f"{kind}: made twice"
            must = {name for (one, name), there in sure.items() if one == kind and there}
            may = {name for one, name in doubtful if one == kind}
            assert must - set(found) == set(), f"{kind}: lost"
            assert set(found) - must - may == set(), f"{kind}: from nowhere"
        tables = [name for (kind, name), there in sure.items() if kind == "table" and there]
        for name in tables:
            assert run(session, f"SELECT NAME FROM {name}") == [{"NAME": name.removeprefix("T_")}]
        target = folder / "got"
        target.mkdir()
        run(session, f"GET @FILES file://{target}")
        for kind, name in sure:
            if kind == "file":
                assert (target / name).read_text() == (folder / name).read_text()
