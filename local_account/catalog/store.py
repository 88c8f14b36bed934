"""The SQLite file of the catalog: its tables, transactions and waiting for changes."""

from __future__ import annotations

import sqlite3
import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

_SCHEMA = """
CREATE TABLE IF NOT EXISTS objects (
  id INTEGER PRIMARY KEY AUTOINCREMENT, type TEXT NOT NULL, database TEXT NOT NULL, schema TEXT NOT NULL,
  name TEXT NOT NULL, owner TEXT NOT NULL, comment TEXT NOT NULL, created REAL NOT NULL,
  updated REAL NOT NULL, properties TEXT NOT NULL, UNIQUE (type, database, schema, name));
CREATE TABLE IF NOT EXISTS grants (
  privilege TEXT NOT NULL, object INTEGER NOT NULL, role TEXT NOT NULL, with_option INTEGER NOT NULL,
  granted_by TEXT NOT NULL, created REAL NOT NULL, PRIMARY KEY (privilege, object, role));
CREATE TABLE IF NOT EXISTS future_grants (
  privilege TEXT NOT NULL, type TEXT NOT NULL, scope INTEGER NOT NULL, role TEXT NOT NULL,
  with_option INTEGER NOT NULL, created REAL NOT NULL, PRIMARY KEY (privilege, type, scope, role));
CREATE TABLE IF NOT EXISTS role_grants (
  role TEXT NOT NULL, grantee_type TEXT NOT NULL, grantee TEXT NOT NULL, granted_by TEXT NOT NULL,
  created REAL NOT NULL, PRIMARY KEY (role, grantee_type, grantee));
CREATE TABLE IF NOT EXISTS service_role_grants (
  service INTEGER NOT NULL, service_role TEXT NOT NULL, role TEXT NOT NULL, granted_by TEXT NOT NULL,
  created REAL NOT NULL, PRIMARY KEY (service, service_role, role));
CREATE TABLE IF NOT EXISTS tokens (
  digest TEXT PRIMARY KEY, kind TEXT NOT NULL, expires REAL NOT NULL, content TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS requests (
  digest TEXT PRIMARY KEY, created REAL NOT NULL, answer TEXT);
CREATE TABLE IF NOT EXISTS block_volumes (
  docker TEXT PRIMARY KEY, service INTEGER NOT NULL, instance INTEGER NOT NULL, volume TEXT NOT NULL,
  source TEXT NOT NULL, snapshot TEXT NOT NULL, state TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS objects_by_owner ON objects (owner);
CREATE INDEX IF NOT EXISTS objects_by_place ON objects (database, schema);
CREATE INDEX IF NOT EXISTS grants_by_object ON grants (object);
CREATE INDEX IF NOT EXISTS grants_by_role ON grants (role);
CREATE INDEX IF NOT EXISTS role_grants_by_grantee ON role_grants (grantee_type, grantee);
CREATE INDEX IF NOT EXISTS tokens_by_expiry ON tokens (expires);
CREATE INDEX IF NOT EXISTS tokens_by_session ON tokens (json_extract(content, '$.id'));
"""
_MOST_READERS = 16


class Store:
    """One SQLite file. Many threads may use it; they can read while one of them writes."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.RLock()
        self._depth = 0
        self._writer = 0
        self._begun = 0
        self._noting = threading.local()
        self._connection = self._connect()
        self._connection.executescript("PRAGMA journal_mode=WAL;" + _SCHEMA)
        self._readers: deque[sqlite3.Connection] = deque()
        self.changed = threading.Condition(self._lock)
        self.version = 0

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self._path, check_same_thread=False, isolation_level=None, timeout=30)
        connection.row_factory = sqlite3.Row
        return connection

    def close(self) -> None:
        with self._lock:
            while self._readers:
                self._readers.pop().close()
            self._connection.close()

    @contextmanager
    def transaction(self, lasting: bool = True, telling: bool = True) -> Iterator[None]:
        """Make all changes inside together or not at all. Transactions may be nested.

        Args:
            lasting: whether the changes must survive a crash of the whole machine. Otherwise they survive
                only the end of the server, which is many times faster.
            telling: whether to wake those who wait for changes.
        """
        with self._lock:
            self._depth += 1
            outermost = self._depth == 1
            try:
                if outermost:
                    self._writer = threading.get_ident()
                    self._begun += 1
                    self._connection.execute(f"PRAGMA synchronous={'FULL' if lasting else 'NORMAL'}")
                    self._connection.execute("BEGIN IMMEDIATE")
                yield
                if outermost:
                    if lasting:
                        getattr(self._noting, "note", _nothing)()
                    self._connection.execute("COMMIT")
            except BaseException:
                if outermost and self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                raise
            else:
                if outermost and telling:
                    self.version += 1
                    self.changed.notify_all()
            finally:
                self._depth -= 1
                if outermost:
                    self._writer = 0

    @property
    def current_transaction(self) -> int:
        """Number of this thread's open transaction; 0 without one."""
        return self._begun if self._writer == threading.get_ident() else 0

    @contextmanager
    def before_commit(self, note: Callable[[], None]) -> Iterator[None]:
        """Inside, call `note` before this thread commits a lasting transaction."""
        self._noting.note = note
        try:
            yield
        finally:
            del self._noting.note

    def wait(self, version: int, timeout: float) -> int:
        """Wait until something has changed since `version`, at most `timeout` seconds.

        Returns:
            The version now.

        Raises:
            RuntimeError: called inside a transaction. Waiting would let other threads into it.
        """
        if self._writer == threading.get_ident():
            raise RuntimeError("waiting for a change inside a transaction")
        with self.changed:
            self.changed.wait_for(lambda: self.version != version, timeout)
            return self.version

    def _rows(self, query: str, arguments: tuple = ()) -> list[sqlite3.Row]:
        if self._writer == threading.get_ident():
            return self._connection.execute(query, arguments).fetchall()
        try:
            reader = self._readers.pop()
        except IndexError:
            reader = self._connect()
        rows = reader.execute(query, arguments).fetchall()
        if len(self._readers) < _MOST_READERS:
            self._readers.append(reader)
        else:
            reader.close()
        return rows


def _nothing() -> None:
    pass
