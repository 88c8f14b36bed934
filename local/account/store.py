"""The SQLite file of the catalog: its tables, transactions and waiting for changes."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
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
"""


class Store:
    """One SQLite file; safe to use from many threads."""

    def __init__(self, path: Path) -> None:
        self._lock = threading.RLock()
        self._depth = 0
        self._connection = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self._connection.row_factory = sqlite3.Row
        self._connection.executescript("PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;" + _SCHEMA)
        self.changed = threading.Condition(self._lock)
        self.version = 0

    def close(self) -> None:
        with self._lock:
            self._connection.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All changes inside are made together or not at all; may be nested."""
        with self._lock:
            self._depth += 1
            try:
                if self._depth == 1:
                    self._connection.execute("BEGIN IMMEDIATE")
                yield
            except BaseException:
                if self._depth == 1:
                    self._connection.execute("ROLLBACK")
                raise
            else:
                if self._depth == 1:
                    self._connection.execute("COMMIT")
                    self.version += 1
                    self.changed.notify_all()
            finally:
                self._depth -= 1

    def wait(self, version: int, timeout: float) -> int:
        """Block until something changed after `version`, at most `timeout` seconds; the version now."""
        with self.changed:
            self.changed.wait_for(lambda: self.version != version, timeout)
            return self.version

    def _rows(self, query: str, arguments: tuple = ()) -> list[sqlite3.Row]:
        with self._lock:
            return self._connection.execute(query, arguments).fetchall()
