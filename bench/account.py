"""The local account's server against fakesnow's: start, latency, memory."""

from __future__ import annotations

from bench.measure import Figure, medians_in_turns, resident_mib
from bench.servers import Server, fakesnow, local_account

_DATA = (
    "CREATE DATABASE bench",
    "CREATE SCHEMA bench.s",
    "CREATE TABLE bench.s.texts (id INT, body TEXT)",
    "INSERT INTO bench.s.texts VALUES (1, 'a'), (2, 'b')",
    "SELECT body FROM bench.s.texts ORDER BY id",
)


def figures() -> list[Figure]:
    """Start time, statement latency and memory."""
    with local_account() as ours, fakesnow() as reference:
        before = resident_mib(ours.process.pid)
        found = [Figure("local account: start", ours.start_seconds, "s", reference.start_seconds, 1.5)]
        found += [
            _latency("SELECT 1", ours, reference, "SELECT 1", 200),
            Figure("local account: memory before the first data query", before, "MiB", None, 150),
        ]
        found.append(_data_latency(ours, reference))
        after, theirs = resident_mib(ours.process.pid), resident_mib(reference.process.pid)
        found.append(
            Figure("local account: memory after it, beyond fakesnow's", after - theirs, "MiB", None, 100)
        )
    return found


def _latency(
    name: str, ours: Server, reference: Server, statement: str, times: int, before: str = ""
) -> Figure:
    """Median time of a statement; `before` is run first in our session only."""
    with ours.connect() as mine, mine.cursor() as cursor, reference.connect() as other, other.cursor() as its:
        if before:
            cursor.execute(before)
        actions = [lambda c=one: c.execute(statement).fetchall() for one in (cursor, its)]
        values = medians_in_turns(actions, times)
    return Figure(f"local account: {name}", values[0] * 1000, "ms", values[1] * 1000, 1.5)


def _data_latency(ours: Server, reference: Server) -> Figure:
    for server in (ours, reference):
        with server.connect() as connection, connection.cursor() as cursor:
            if server is ours:
                cursor.execute("CREATE WAREHOUSE bench")
            for statement in _DATA:
                cursor.execute(statement)
    return _latency("SELECT from a table", ours, reference, _DATA[-1], 100, "USE WAREHOUSE bench")
