"""DuckDB databases of the data engine, which stand for the catalog's databases.

The import of this module loads fakesnow, which takes seconds. Only the data engine imports it, at its first
use.
"""

from __future__ import annotations

import contextlib
import json
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import sqlglot
from fakesnow import macros
from fakesnow.instance import GLOBAL_DATABASE_NAME, FakeSnow
from sqlglot import exp

from local_account.base import errors, files
from local_account.base.sql import Name, quote, shown
from local_account.catalog.catalog import Catalog
from local_account.identity.parameters import values_in_session
from local_account.identity.session import Session
from local_account.tables.engine import columns
from local_account.tables.engine.data_session import LOADS, LOADS_SCHEMA, DataSession
from local_account.tables.engine.open_transaction import Commits
from local_account.tables.translation import macros as own_macros
from local_account.tables.translation import names

_MEMORY_LIMIT = "2GB"
# fakesnow's function for OBJECT_CONSTRUCT(*), with Snowflake's names of the columns.
_OBJECT_OF_ROW = """
CREATE OR REPLACE MACRO {database}._fs_object_construct_star(row_value) AS (
    SELECT coalesce(json_group_object({key}, value::JSON), '{{}}'::JSON)
    FROM (UNPIVOT (SELECT to_json(COLUMNS(*)) FROM (SELECT unnest(row_value)))
          ON COLUMNS(*)::VARCHAR INTO NAME key VALUE value)
)"""
warnings.filterwarnings("ignore", message="Arrow output on a DB-API result", category=UserWarning)


class DataStore:
    """The DuckDB databases with the data of the catalog's databases, one file for each."""

    def __init__(self, folder: Path, catalog: Catalog) -> None:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._folder, self._catalog = folder, catalog
        self._engine = FakeSnow(db_path=folder)
        self._ids_file = folder / "objects.json"
        ids: dict[str, int] = json.loads(self._ids_file.read_text()) if self._ids_file.exists() else {}
        # The engine's name of each object by its catalog id: a renamed object keeps its data, and one that is
        # dropped and made again starts empty.
        self._keys = {identity: key for key, identity in ids.items()}
        self._attached: set[str] = set()
        self._made: set[str] = set()
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
        _make_functions(connection, GLOBAL_DATABASE_NAME)
        connection.execute(own_macros.creation_sql())
        connection.execute(columns.types_sql())

    def open(self, session: Session) -> DataSession:
        """A new engine connection for a client session."""
        autocommit = values_in_session(self._catalog, session).get("AUTOCOMMIT")[0] == "true"
        connection = self._engine.duck_conn.cursor()
        connection.execute(f"SET schema = '{GLOBAL_DATABASE_NAME}.main'")
        return DataSession(connection, self._commits, autocommit)

    def answer(self, name: str, function: Callable[[Any, Any], Any]) -> None:
        """Let the engine call a function of Python: of keys and lists of texts, which gives texts.

        Its results count as different each time, so that the engine calls it for every row.
        """
        # The engine takes words for its enumerations, which its stubs do not say.
        register: Any = self._engine.duck_conn.create_function
        register(
            name,
            function,
            ["VARCHAR", "VARCHAR[]"],
            "VARCHAR",
            type="arrow",
            null_handling="special",
            side_effects=True,
        )

    def place(self, database: str, schema: str) -> tuple[str, str]:
        """The engine's database and schema for those of the catalog, which are made if necessary.

        Raises:
            SnowflakeError: 002003 when the catalog does not have it.
        """
        mine = self._key("DATABASE", Name("", "", database), "_D{}")
        key = self._key("SCHEMA", Name(database, "", schema), f"{mine}._S{{}}")
        # A schema that was moved to another database stays in the file where it was made.
        home, _, inside = key.partition(".")
        self._attach(home)
        if key not in self._made:
            self._engine.duck_conn.execute(f"CREATE SCHEMA IF NOT EXISTS {key}")
            self._made.add(key)
        return home, inside

    def _attach(self, database: str) -> None:
        if database not in self._attached:
            self._engine.connect(database).close()
            _make_functions(self._engine.duck_conn, database)
            encode_names(self._engine.duck_conn, database)
            self._engine.duck_conn.execute(LOADS.format(path=f"{database}.{LOADS_SCHEMA}._LOADS"))
            columns.open_lengths(self._engine.duck_conn, database)
            self._attached.add(database)

    def _key(self, kind: str, name: Name, form: str) -> str:
        """The engine's name for a database or schema of the catalog, the same whatever that is called later.

        Args:
            form: how the engine's name is made from the catalog's id, if there is none yet.
        """
        item = self._catalog.find(kind, name)
        if item is None:
            raise errors.does_not_exist(kind, shown(name))
        if item.id not in self._keys:
            key = form.format(item.id)
            while key in self._keys.values():
                key += "_"
            self._keys[item.id] = key
            self._save()
        return self._keys[item.id]

    def follow_catalog(self) -> None:
        """Remove databases and schemas that were dropped from the catalog since the last call."""
        version = self._catalog.version
        if version == self._followed:
            return
        present = {item.id for kind in ("DATABASE", "SCHEMA") for item in self._catalog.objects(kind)}
        gone = [key for identity, key in self._keys.items() if identity not in present]
        live = {key for identity, key in self._keys.items() if identity in present}
        for key in gone:
            database = key.partition(".")[0]
            if database == key and not any(other.startswith(f"{key}.") for other in live):
                self._remove_database(key)
            elif database in self._attached and database != key:
                self._engine.duck_conn.execute(f"DROP SCHEMA IF EXISTS {key} CASCADE")
                self._forget({key})
            # What remains here goes when its database is next used, or when no moved schema is in it.
        self._followed = version

    def _remove_database(self, database: str) -> None:
        if database in self._attached:
            self._engine.duck_conn.execute(f"DETACH {database}")
            self._attached.discard(database)
        for suffix in (".db", ".db.wal"):
            (self._folder / f"{database}{suffix}").unlink(missing_ok=True)
        self._forget({database, *(key for key in self._keys.values() if key.startswith(f"{database}."))})

    def _forget(self, keys: set[str]) -> None:
        self._keys = {identity: key for identity, key in self._keys.items() if key not in keys}
        self._made -= keys
        self._save()

    def _save(self) -> None:
        ids = {key: identity for identity, key in self._keys.items()}
        files.write_whole(self._ids_file, json.dumps(ids))

    def rows(self, path: Name) -> int | None:
        """Number of rows in a table; None when the engine does not have it.

        Args:
            path: its full name in the engine.
        """
        query = "SELECT count(*) FROM query_table(?)"
        with contextlib.closing(self._engine.duck_conn.cursor()) as cursor:
            try:
                found = cursor.execute(query, [str(path)]).fetchone()
            except duckdb.CatalogException:
                return None
        assert found
        return found[0]

    def close(self) -> None:
        self._engine.duck_conn.close()


def _make_functions(connection: duckdb.DuckDBPyConnection, database: str) -> None:
    key = names.DECODED_SQL.format(column="key")
    connection.execute(_OBJECT_OF_ROW.format(database=database, key=key))


def encode_names(connection: duckdb.DuckDBPyConnection, database: str) -> None:
    """Encode the names in a database from before there were encoded names.

    Args:
        database: the engine's name of the database.
    """
    found = connection.execute(
        "SELECT schema_name, table_name, column_name FROM duckdb_columns() JOIN duckdb_tables() "
        "USING (database_name, schema_name, table_name) "
        "WHERE database_name = ? AND schema_name <> '_fs_information_schema'",
        [database],
    ).fetchall()
    for schema, table, column in found:
        if not names.is_plain(column):
            path = f"{database}.{schema}.{quote(table)}"
            new_name = names.encoded(column)
            connection.execute(f"ALTER TABLE {path} RENAME COLUMN {quote(column)} TO {new_name}")
    for schema, table in sorted({row[:2] for row in found}):
        if not names.is_plain(table):
            path = f"{database}.{schema}.{quote(table)}"
            connection.execute(f"ALTER TABLE {path} RENAME TO {names.encoded(table)}")
    views = connection.execute(
        "SELECT schema_name, view_name, sql FROM duckdb_views() "
        "WHERE database_name = ? AND NOT internal AND schema_name <> '_fs_information_schema'",
        [database],
    ).fetchall()
    with contextlib.closing(connection.cursor()) as cursor:
        for schema, view, text in views:
            create = sqlglot.parse_one(text, read="duckdb")
            wrong = [node for node in create.find_all(exp.Identifier) if not names.is_plain(node.name)]
            if not wrong:
                continue
            for node in wrong:
                node.set("this", names.encoded(node.name))
            cursor.execute(f"SET schema = '{database}.{schema}'")
            cursor.execute(f"DROP VIEW {quote(view)}")
            cursor.execute(create.sql("duckdb"))
