"""An account with a thousand objects: start, SHOW, memory."""

from __future__ import annotations

import time

from bench.measure import Figure, median_seconds, resident_mib
from bench.servers import account_settings, local_account

OBJECTS = 1000
_SCHEMAS = 10


def figures() -> list[Figure]:
    """Start-up and SHOW with 1,000 stages, each with grants, against an account without any."""
    with account_settings() as settings:
        # The very first start makes keys and credentials; it is not what is compared.
        with local_account(settings):
            pass
        with local_account(settings) as empty:
            bare_start, bare_memory = empty.start_seconds, resident_mib(empty.process.pid)
            with empty.connect() as connection, connection.cursor() as cursor:
                cursor.execute("CREATE DATABASE many")
                cursor.execute("GRANT READ ON FUTURE STAGES IN DATABASE many TO ROLE PUBLIC")
                for number in range(_SCHEMAS):
                    cursor.execute(f"CREATE SCHEMA many.s{number}")
                few = median_seconds(lambda: cursor.execute("SHOW SCHEMAS IN DATABASE many").fetchall(), 20)
                started = time.perf_counter()
                for number in range(OBJECTS):
                    cursor.execute(f"CREATE STAGE many.s{number % _SCHEMAS}.stage{number}")
                rate = OBJECTS / (time.perf_counter() - started)
        with local_account(settings) as full:
            memory = resident_mib(full.process.pid)
            with full.connect() as connection, connection.cursor() as cursor:
                cursor.execute("USE SECONDARY ROLES NONE")
                shown = median_seconds(lambda: cursor.execute("SHOW STAGES IN ACCOUNT").fetchall(), 5)
                cursor.execute("USE ROLE PUBLIC")
                seen = median_seconds(lambda: cursor.execute("SHOW STAGES IN ACCOUNT").fetchall(), 5)
        return [
            Figure(
                "1,000 objects: start, against an empty account", full.start_seconds, "s", bare_start, 1.5
            ),
            Figure(
                "1,000 objects: memory after the start, beyond an empty account's",
                memory - bare_memory,
                "MiB",
                None,
                25,
            ),
            Figure("1,000 objects: SHOW of all, as their owner", shown, "s", None, 1),
            Figure("1,000 objects: SHOW of all, by a grant on each", seen, "s", None, 1),
            Figure("SHOW of 12 objects", few * 1000, "ms"),
            Figure("CREATE STAGE, one after the other", rate, "/s"),
        ]
