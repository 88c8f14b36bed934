"""A hundred sessions with random statements, each compared with a model of its tables."""

from __future__ import annotations

import random
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from snowflake.connector import SnowflakeConnection
from snowflake.connector.errors import ProgrammingError

from tests.account.conftest import Place, run

SESSIONS, STEPS = 100, 15
ABSENT, TAKEN = 2003, 2002
ACTIONS = [
    *("create", "insert", "insert", "insert", "update", "delete", "copy", "drop", "fail", "shared"),
    *("begin", "commit", "rollback"),
]


@dataclass
class Model:
    """What a session's tables must hold, and a transaction that is open."""

    tables: dict[str, list[int]] = field(default_factory=dict)
    before: dict[str, list[int]] | None = None

    def begin(self) -> None:
        self.before = self.before or {name: list(rows) for name, rows in self.tables.items()}

    def commit(self) -> None:
        self.before = None

    def rollback(self) -> None:
        if self.before is not None:
            self.tables, self.before = self.before, None


def step(number: int, chance: random.Random, session: SnowflakeConnection, model: Model) -> None:
    """One random statement, and the same in the model."""
    name = f"S{number}_{chance.choice('AB')}"
    rows, value = model.tables.get(name), chance.randrange(5)
    action = chance.choice(ACTIONS)
    expected: int | None = None
    if action == "create":
        # A definition commits an open transaction, even if it then fails.
        model.commit()
        statement, expected = f"CREATE TABLE {name} (A INT)", TAKEN if rows is not None else None
        model.tables.setdefault(name, [])
    elif action == "drop":
        statement, expected = f"DROP TABLE {name}", ABSENT if rows is None else None
        if rows is not None:
            model.commit()
        model.tables.pop(name, None)
    elif action == "copy":
        other = f"S{number}_R"
        statement = f"CREATE OR REPLACE TABLE {other} AS SELECT * FROM {name}"
        expected = ABSENT if rows is None else None
        if rows is not None:
            model.commit()
            model.tables[other] = list(rows)
    elif action in ("insert", "update", "delete"):
        statement = {
            "insert": f"INSERT INTO {name} VALUES ({value}), ({value + 1})",
            "update": f"UPDATE {name} SET A = A + 10 WHERE A = {value}",
            "delete": f"DELETE FROM {name} WHERE A = {value}",
        }[action]
        expected = ABSENT if rows is None else None
        if rows is not None:
            if action == "insert":
                rows += [value, value + 1]
            elif action == "update":
                rows[:] = [row + 10 if row == value else row for row in rows]
            else:
                rows[:] = [row for row in rows if row != value]
    elif action == "fail":
        statement, expected = "SELECT NO_SUCH_COLUMN FROM SHARED", 904
    elif action == "shared":
        statement = f"SELECT COUNT(*) AS N FROM SHARED WHERE A = {number}"
    else:
        statement = action
        {"begin": model.begin, "commit": model.commit, "rollback": model.rollback}[action]()
    try:
        found = run(session, statement)
        assert expected is None, f"{statement} must fail with {expected}"
    except ProgrammingError as error:
        assert error.errno == expected, f"{statement}: {error}"
        return
    if action == "shared":
        assert found == [{"N": 1}]


def test_sessions_agree_with_a_model(place: Place) -> None:
    place.run("CREATE TABLE SHARED (A INT)")

    def work(number: int) -> list[str]:
        chance, model = random.Random(number), Model()  # noqa: S311
        with place.connect() as session:
            run(session, f"INSERT INTO SHARED VALUES ({number})")
            for _ in range(STEPS):
                step(number, chance, session, model)
            model.commit()
            run(session, "COMMIT")
            for name, rows in model.tables.items():
                found = [row["A"] for row in run(session, f"SELECT A FROM {name} ORDER BY A")]
                assert found == sorted(rows), (number, name)
        return sorted(model.tables)

    with ThreadPoolExecutor(SESSIONS) as pool:
        kept = {name for names in pool.map(work, range(SESSIONS)) for name in names}
    assert {row["name"] for row in place.run("SHOW TABLES")} == kept | {"SHARED"}
    assert place.run("SELECT COUNT(*) AS N, SUM(A) AS S FROM SHARED") == [
        {"N": SESSIONS, "S": sum(range(SESSIONS))}
    ]
    assert "failed inside the account" not in place.account.log()
