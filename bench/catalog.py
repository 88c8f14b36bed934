"""An account with a thousand objects: start, SHOW, memory."""

from __future__ import annotations

import statistics
import time

from bench.measure import Figure, median_seconds, resident_mib
from bench.servers import Server, account_settings, local_account
from local_account.base.settings import LocalSettings

OBJECTS = 1000
_SCHEMAS = 10
_STARTS = 5
_SHOW = "SHOW STAGES IN ACCOUNT"


def figures() -> list[Figure]:
    """Start-up and SHOW with 1,000 stages, each with a grant, against an empty account."""
    with account_settings() as empty, account_settings() as full:
        # The very first start makes keys and credentials, which is not compared.
        with local_account(empty), local_account(full) as server:
            rate = _fill(server)
            shown, seen = _shown(server)
        starts = [_starts(empty, full) for _ in range(_STARTS)]
    seconds = [statistics.median(start[index] for start in starts) for index in range(4)]
    return [
        Figure("1,000 objects: start, against an empty account", seconds[1], "s", seconds[0], 1.5),
        Figure("1,000 objects: memory, beyond an empty account's", seconds[3] - seconds[2], "MiB", None, 25),
        Figure("1,000 objects: SHOW of all, as their owner", shown, "s", None, 1),
        Figure("1,000 objects: SHOW of all, by a grant on each", seen, "s", None, 1),
        Figure("CREATE STAGE, one after the other", rate, "/s"),
    ]


def _fill(server: Server) -> float:
    """Make the objects; returns how many per second."""
    with server.connect() as connection, connection.cursor() as cursor:
        cursor.execute("CREATE DATABASE many")
        cursor.execute("GRANT READ ON FUTURE STAGES IN DATABASE many TO ROLE PUBLIC")
        cursor.execute("GRANT USAGE ON DATABASE many TO ROLE PUBLIC")
        cursor.execute("GRANT USAGE ON FUTURE SCHEMAS IN DATABASE many TO ROLE PUBLIC")
        for number in range(_SCHEMAS):
            cursor.execute(f"CREATE SCHEMA many.s{number}")
        started = time.perf_counter()
        for number in range(OBJECTS):
            cursor.execute(f"CREATE STAGE many.s{number % _SCHEMAS}.stage{number}")
        return OBJECTS / (time.perf_counter() - started)


def _shown(server: Server) -> tuple[float, float]:
    """Seconds of SHOW as the owner of all, and as a role with a grant on each."""
    with server.connect() as connection, connection.cursor() as cursor:
        cursor.execute("USE SECONDARY ROLES NONE")
        found = []
        for role in ("ACCOUNTADMIN", "PUBLIC"):
            cursor.execute(f"USE ROLE {role}")
            if len(cursor.execute(_SHOW).fetchall()) != OBJECTS:
                raise RuntimeError(f"{_SHOW} as {role} does not give {OBJECTS} rows")
            found.append(median_seconds(lambda: cursor.execute(_SHOW).fetchall(), 5))
        return found[0], found[1]


def _starts(empty: LocalSettings, full: LocalSettings) -> tuple[float, float, float, float]:
    """Seconds until each account listens, and the MiB that each then uses."""
    with local_account(empty) as bare:
        first, little = bare.start_seconds, resident_mib(bare.process.pid)
    with local_account(full) as server:
        return first, server.start_seconds, little, resident_mib(server.process.pid)
