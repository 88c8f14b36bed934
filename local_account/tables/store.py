"""DuckDB databases of the data engine, which stand for the catalog's databases.

The import of this module loads fakesnow, which takes seconds. Only the data engine imports it, at its first
use.
"""

from __future__ import annotations

import contextlib
import json
import warnings
from pathlib import Path

from fakesnow import macros
from fakesnow.instance import GLOBAL_DATABASE_NAME, FakeSnow

from local_account.base import errors, files
from local_account.base.sql import Name, quote
from local_account.catalog.catalog import Catalog
from local_account.identity.parameters import values_in_session
from local_account.identity.session import Session
from local_account.tables import columns
from local_account.tables import macros as own_macros
from local_account.tables.data_session import PLAIN, DataSession
from local_account.tables.open_transaction import Commits

_MEMORY_LIMIT = "2GB"
warnings.filterwarnings("ignore", message="Arrow output on a DB-API result", category=UserWarning)


class DataStore:
    """The DuckDB databases with the data of the catalog's databases, one file for each."""

    def __init__(self, folder: Path, catalog: Catalog) -> None:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._folder, self._catalog = folder, catalog
        self._engine = FakeSnow(db_path=folder)
        self._ids_file = folder / "objects.json"
        # Catalog id of each engine object: an object that is dropped and made again must start empty.
        self._ids: dict[str, int] = json.loads(self._ids_file.read_text()) if self._ids_file.exists() else {}
        self._attached: set[str] = set()
        self._followed = -1
        self._commits = Commits()
        self._settle()

    def _settle(self) -> None:
        """Keep clients' statements from this machine's files and network and from the engine's settings."""
        connection = self._engine.duck_conn
        connection.execute("SET allowed_directories = [?]", [str(self._folder.resolve()) + "/"])
        connection.execute("SET autoinstall_known_extensions = false")
        connection.execute("SET autoload_known_extensions = false")
        connection.execute(f"SET memory_limit = '{_MEMORY_LIMIT}'")
        connection.execute("SET enable_external_access = false")
        # A division by zero is an error in Snowflake, whatever the types.
        connection.execute("SET GLOBAL ieee_floating_point_ops = false")
        # Sessions without a current database use the engine's helper functions in this database.
        connection.execute(macros.creation_sql(GLOBAL_DATABASE_NAME))
        connection.execute(own_macros.creation_sql())
        connection.execute(columns.types_sql())

    def open(self, session: Session) -> DataSession:
        """A new engine connection for a client session."""
        autocommit = values_in_session(self._catalog, session).get("AUTOCOMMIT")[0] == "true"
        connection = self._engine.duck_conn.cursor()
        connection.execute(f"SET schema = '{GLOBAL_DATABASE_NAME}.main'")
        return DataSession(connection, self._commits, autocommit)

    def ensure(self, database: str, schema: str) -> None:
        """Make the engine's database and schema for those of the catalog.

        Args:
            schema: name of the schema; '' for the database alone.

        Raises:
            SnowflakeError: 000002 when the data engine cannot have an object with this name.
        """
        for name in (database, schema):
            if name and not PLAIN.fullmatch(name):
                raise errors.unsupported(f"data SQL in {quote(name)}: only plain upper-case names")
        self._ensure_object("DATABASE", database, Name("", "", database))
        if database not in self._attached:
            with contextlib.closing(self._engine.connect(database)):
                self._attached.add(database)
            columns.open_lengths(self._engine.duck_conn, database)
        if schema:
            self._ensure_object("SCHEMA", f"{database}.{schema}", Name(database, "", schema))
            self._engine.duck_conn.execute(f"CREATE SCHEMA IF NOT EXISTS {database}.{schema}")

    def _ensure_object(self, kind: str, key: str, name: Name) -> None:
        item = self._catalog.find(kind, name)
        if item is None:
            raise errors.does_not_exist(kind, str(name))
        if self._ids.get(key) == item.id:
            return
        if item.id in self._ids.values():
            raise errors.unsupported(f"data SQL in a renamed {kind.lower()}")
        if key in self._ids:
            self._remove(key)
        self._ids[key] = item.id
        self._save()

    def follow_catalog(self) -> None:
        """Remove databases and schemas that were dropped from the catalog since the last call."""
        version = self._catalog.version
        if version == self._followed:
            return
        present = {item.id for kind in ("DATABASE", "SCHEMA") for item in self._catalog.objects(kind)}
        for key in [key for key, identity in self._ids.items() if identity not in present]:
            self._remove(key)
        self._followed = version

    def _remove(self, key: str) -> None:
        database, _, schema = key.partition(".")
        if schema:
            if database in self._attached:
                self._engine.duck_conn.execute(f"DROP SCHEMA IF EXISTS {database}.{schema} CASCADE")
            elif (self._folder / f"{database}.db").exists() and database in self._ids:
                return
        else:
            if database in self._attached:
                self._engine.duck_conn.execute(f"DETACH {database}")
                self._attached.discard(database)
            for suffix in (".db", ".db.wal"):
                (self._folder / f"{database}{suffix}").unlink(missing_ok=True)
            self._ids = {k: v for k, v in self._ids.items() if not k.startswith(f"{database}.")}
        self._ids.pop(key, None)
        self._save()

    def _save(self) -> None:
        files.write_whole(self._ids_file, json.dumps(self._ids))

    def rows(self, name: Name) -> int | None:
        """Number of rows in a table; None when the engine has not opened its database yet."""
        found = (
            self._engine.duck_conn.cursor()
            .execute(
                "SELECT estimated_size FROM duckdb_tables() WHERE database_name = ? AND schema_name = ? "
                "AND table_name = ?",
                list(name),
            )
            .fetchone()
        )
        return found[0] if found else None

    def close(self) -> None:
        self._engine.duck_conn.close()
