"""What tools see of tables: INFORMATION_SCHEMA, SHOW and DESCRIBE, through snowflake-connector-python 4.

See https://docs.snowflake.com/en/sql-reference/info-schema
"""

from __future__ import annotations

import json
import sqlite3
from typing import Any

import pytest
from snowflake.connector.errors import ProgrammingError

from tests.account.conftest import Place, RunningAccount

NAMES = "SELECT TABLE_NAME FROM INFORMATION_SCHEMA.TABLES WHERE TABLE_SCHEMA = 'PUBLIC'"


def test_a_failed_statement_does_not_lose_rows_from_the_information_schema(place: Place) -> None:
    """The transaction repeats them as they were, although the views contain something else by now."""
    place.run("CREATE OR REPLACE TABLE names (name VARCHAR)")
    with place.connect() as mine:
        cursor: Any = mine.cursor()
        cursor.execute("BEGIN")
        cursor.execute(f"INSERT INTO names {NAMES} AND TABLE_NAME = 'NAMES'")
        with pytest.raises(ProgrammingError, match="Unknown function"):
            cursor.execute("SELECT no_such_function(1)")
        cursor.execute("COMMIT")
        assert cursor.execute("SELECT name FROM names").fetchall() == [("NAMES",)]


def test_manage_grants_shows_nothing_in_the_information_schema(place: Place) -> None:
    place.run("CREATE OR REPLACE TABLE hidden (a INT)", "CREATE ROLE IF NOT EXISTS governor")
    database = place.run("SELECT CURRENT_DATABASE() AS D")[0]["D"]
    place.run(
        "GRANT MANAGE GRANTS ON ACCOUNT TO ROLE governor",
        "GRANT ROLE governor TO USER ADMIN",
        f"GRANT USAGE ON DATABASE {database} TO ROLE governor",
        "GRANT USAGE ON WAREHOUSE COMPUTE_WH TO ROLE governor",
    )
    with place.connect() as mine:
        cursor: Any = mine.cursor()
        for statement in ("USE SECONDARY ROLES NONE", "USE ROLE governor", "USE WAREHOUSE COMPUTE_WH"):
            cursor.execute(statement)
        assert [row[1] for row in cursor.execute("SHOW TABLES LIKE 'HIDDEN'").fetchall()] == ["HIDDEN"]
        assert cursor.execute(f"{NAMES} AND TABLE_NAME = 'HIDDEN'").fetchall() == []


def test_foreign_keys_follow_the_columns_and_tables_that_they_name(place: Place) -> None:
    place.run(
        "CREATE OR REPLACE TABLE upper_table (id INT PRIMARY KEY, other INT)",
        "CREATE OR REPLACE TABLE lower_table (n INT, FOREIGN KEY (n) REFERENCES upper_table (id))",
        "ALTER TABLE upper_table RENAME COLUMN id TO number",
        "ALTER TABLE upper_table RENAME TO top_table",
        "ALTER TABLE lower_table RENAME COLUMN n TO link_to",
    )
    (key,) = place.run("SHOW IMPORTED KEYS IN TABLE lower_table")
    assert (key["pk_table_name"], key["pk_column_name"], key["fk_column_name"]) == (
        "TOP_TABLE",
        "NUMBER",
        "LINK_TO",
    )
    place.run("ALTER TABLE top_table DROP COLUMN number")
    assert place.run("SHOW IMPORTED KEYS IN TABLE lower_table") == []
    place.run("DROP TABLE top_table", "DROP TABLE lower_table")


def test_a_wrong_definition_makes_nothing(place: Place) -> None:
    for columns in (
        "a INT, PRIMARY KEY (b)",
        "a INT PRIMARY KEY, b INT PRIMARY KEY",
        "a INT REFERENCES absent (a)",
    ):
        with pytest.raises(ProgrammingError):
            place.run(f"CREATE TABLE wrong ({columns})")
    assert place.run("SHOW TABLES LIKE 'WRONG'") == []
    place.run("CREATE TABLE wrong (a INT)", "DROP TABLE wrong")


def test_tables_of_an_older_version_are_described(place: Place, account: RunningAccount) -> None:
    """An older version did not keep the columns of tables in the catalog."""
    place.run("CREATE OR REPLACE TABLE ancient (a NUMBER(10,2) NOT NULL, b VARCHAR(7))")
    with sqlite3.connect(account.settings.state / "catalog.sqlite", timeout=10) as catalog:
        catalog.execute("UPDATE objects SET properties = ? WHERE name = 'ANCIENT'", (json.dumps({}),))
    described = [(row["name"], row["type"], row["null?"]) for row in place.run("DESCRIBE TABLE ancient")]
    assert described == [("A", "NUMBER(10,2)", "N"), ("B", "VARCHAR(7)", "Y")]


def test_definitions_follow_quoted_names_and_renamed_containers(place: Place) -> None:
    with place.connect() as mine:
        cursor: Any = mine.cursor()

        def described(table: str) -> list[tuple[str, str]]:
            return [row[:2] for row in cursor.execute(f"DESCRIBE TABLE {table}").fetchall()]

        cursor.execute("CREATE DATABASE to_rename")
        cursor.execute('CREATE SCHEMA "old schema"')
        cursor.execute('CREATE TABLE "a t" ("x" INT PRIMARY KEY, "X" VARCHAR(3) DEFAULT \'d\', "y z" DATE)')
        cursor.execute('ALTER TABLE "a t" RENAME COLUMN "x" TO "new x"')
        cursor.execute('ALTER TABLE "a t" DROP COLUMN "y z"')
        cursor.execute('ALTER TABLE "a t" ADD COLUMN "Y z" TIMESTAMP_TZ(3)')
        cursor.execute('CREATE TABLE "copy of" AS SELECT "new x" AS "k", X, UPPER(X) AS "select" FROM "a t"')
        cursor.execute('CREATE TABLE "like" LIKE "a t"')
        cursor.execute('CREATE TEMPORARY TABLE mine LIKE "a t"')
        cursor.execute('CREATE TEMPORARY TABLE "like" ("only mine" INT)')
        cursor.execute('CREATE TABLE like_mine LIKE "like"')
        cursor.execute('ALTER SCHEMA "old schema" RENAME TO "new schema"')
        cursor.execute('ALTER DATABASE to_rename RENAME TO "renamed"')
        cursor.execute('USE SCHEMA "renamed"."new schema"')
        columns = [("new x", "NUMBER(38,0)"), ("X", "VARCHAR(3)"), ("Y z", "TIMESTAMP_TZ(3)")]
        assert described('"a t"') == columns
        assert [name for name, _ in described('"copy of"')] == ["k", "X", "select"]
        assert [name for name, _ in described("mine")] == ["new x", "X", "Y z"]
        assert [name for name, _ in described('"like"')] == ["only mine"]
        assert described("like_mine") == [("only mine", "NUMBER(38,0)")]
        cursor.execute('DROP TABLE "like"')
        assert described('"like"') == columns
        found = cursor.execute(
            'SELECT COLUMN_NAME FROM "renamed".INFORMATION_SCHEMA.COLUMNS '
            "WHERE TABLE_SCHEMA = 'new schema' AND TABLE_NAME = 'a t' ORDER BY ORDINAL_POSITION"
        )
        assert found.fetchall() == [("new x",), ("X",), ("Y z",)]
        (key,) = cursor.execute('SHOW PRIMARY KEYS IN TABLE "a t"').fetchall()
        assert key[1:5] == ("renamed", "new schema", "a t", "new x")
        cursor.execute('DROP DATABASE "renamed"')
