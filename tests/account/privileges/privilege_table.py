"""Runs a table of statements with all privileges that they need, and without each one of them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

import pytest
from snowflake.connector import SnowflakeConnection
from snowflake.connector.errors import ProgrammingError

from tests.account.conftest import RunningAccount, run

ACTOR, OWNER, USER = "PV_ACTOR", "PV_OWNER", "PV_USER"
PASSWORD = "Sesame-opens-1"
ABSENT, FORBIDDEN, EMPTY = 2003, 3001, 0
"""How a statement ends without a privilege: the object looks absent, is refused, or is not listed."""


@dataclass(frozen=True)
class Case:
    """A statement and what its role must have.

    Attributes:
        needs: grants (`USAGE ON DATABASE X`, or `ROLE X`) with the error number, or EMPTY, without each.
        seen: grants that stay, so that the objects are visible whatever is taken away.
        before: run by the administrator before each attempt.
        after: run by the administrator after each success.
    """

    statement: str
    needs: Mapping[str, int]
    seen: tuple[str, ...] = ()
    before: tuple[str, ...] = ()
    after: tuple[str, ...] = ()

    def __str__(self) -> str:
        return re.sub(r"\s+", " ", self.statement)[:60]


@dataclass
class Stand:
    """The acting role's session, and the administrator's, which gives and takes privileges."""

    actor: SnowflakeConnection
    admin: SnowflakeConnection
    _held: set[str] = field(default_factory=set)

    def check(self, case: Case) -> None:
        """With everything the statement works; without any one thing it ends as the case says."""
        self._hold({*case.seen, *case.needs})
        self._prepare(case)
        rows = run(self.actor, case.statement)
        assert rows or EMPTY not in case.needs.values(), "lists nothing with every privilege"
        self._undo(case)
        for need, expected in case.needs.items():
            self._hold({*case.seen, *case.needs} - {need})
            self._prepare(case)
            self._refused(case, need, expected)

    def _refused(self, case: Case, need: str, expected: int) -> None:
        if expected == EMPTY:
            assert run(self.actor, case.statement) == [], f"lists without {need}"
            return
        try:
            run(self.actor, case.statement)
        except ProgrammingError as error:
            assert error.errno == expected, f"without {need}: {error}"
            if expected == ABSENT:
                assert "does not exist or not authorized" in str(error.msg)
            elif expected == FORBIDDEN and not need.startswith("ROLE "):
                assert f"must have {need.partition(' ON ')[0]} " in str(error.msg)
            return
        self._undo(case)
        pytest.fail(f"runs without {need}")

    def _prepare(self, case: Case) -> None:
        for statement in case.before:
            run(self.admin, statement)

    def _undo(self, case: Case) -> None:
        for statement in case.after:
            run(self.admin, statement)

    def _hold(self, wanted: set[str]) -> None:
        """Give the acting role exactly these grants."""
        # READ of a stage is given before WRITE and taken after it.
        for grant in sorted(self._held - wanted, reverse=True):
            run(self.admin, f"REVOKE {grant} FROM ROLE {ACTOR}")
        for grant in sorted(wanted - self._held):
            run(self.admin, f"GRANT {grant} TO ROLE {ACTOR}")
        self._held = set(wanted)


@contextmanager
def stand(account: RunningAccount, warehouse: str = "") -> Iterator[Stand]:
    """Roles PV_ACTOR (acts) and PV_OWNER (owns what is acted upon), and a user with the first alone.

    Args:
        warehouse: of the acting session.
    """
    account.run(
        *(f"CREATE ROLE {role}" for role in (ACTOR, OWNER)),
        *(f"GRANT ROLE {role} TO ROLE SYSADMIN" for role in (ACTOR, OWNER)),
        f"CREATE USER {USER} PASSWORD = '{PASSWORD}' DEFAULT_ROLE = {ACTOR} DEFAULT_SECONDARY_ROLES = ()"
        f" DEFAULT_WAREHOUSE = '{warehouse}'",
        f"GRANT ROLE {ACTOR} TO USER {USER}",
    )
    with account.connect(user=USER, password=PASSWORD) as actor, account.connect() as admin:
        yield Stand(actor, admin)
    account.run(f"DROP USER {USER}", f"DROP ROLE {ACTOR}", f"DROP ROLE {OWNER}")
