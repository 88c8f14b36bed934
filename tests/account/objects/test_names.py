"""Databases, schemas, tables, views and columns with names of any letters.

See https://docs.snowflake.com/en/sql-reference/identifiers-syntax
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest
from snowflake.connector import SnowflakeConnection
from snowflake.connector.errors import DatabaseError, ProgrammingError

from local_account.base.settings import load_own
from local_account.base.sql import quote
from local_account.host.embedded import served
from tests.account.conftest import Place, RunningAccount, run
from workstation.account import LABEL

OLD_TABLES = (
    'CREATE TABLE t AS SELECT 1 AS "lower col", 2 AS "ORDER"',
    'CREATE TABLE "a b" (x INT)',
    'CREATE VIEW v AS SELECT "lower col" FROM t',
)
NAMES = (
    "lower",
    "Mixed",
    "a b",
    "a.b",
    'a"b',
    "a;b",
    "a--b",
    "é",
    "日本",
    "😀",
    "SELECT",
    "ORDER",
    "x" * 255,
)


@pytest.fixture
def connection(place: Place) -> Iterator[SnowflakeConnection]:
    with place.connect() as connection:
        yield connection


@pytest.fixture
def cursor(connection: SnowflakeConnection) -> Any:
    return connection.cursor()


def columns(cursor: Any, query: str) -> list[str]:
    return [column.name for column in cursor.execute(query).description]


@pytest.mark.parametrize("name", NAMES)
def test_every_kind_of_object_can_have_the_name(
    connection: SnowflakeConnection, cursor: Any, name: str
) -> None:
    quoted = quote(name)
    cursor.execute(f"CREATE DATABASE IF NOT EXISTS {quoted}")
    cursor.execute(f"CREATE OR REPLACE SCHEMA {quoted}.{quoted}")
    cursor.execute(f"USE SCHEMA {quoted}.{quoted}")
    cursor.execute(f"CREATE TABLE {quoted} ({quoted} INT DEFAULT 1 NOT NULL COMMENT 'c', other INT)")
    full = f"{quoted}.{quoted}.{quoted}"
    cursor.execute(f"INSERT INTO {full} ({quoted}) VALUES (1), (2), (3)")
    cursor.execute(f"UPDATE {quoted} SET {quoted} = 4 WHERE {quoted}.{quoted} = 3")
    cursor.execute(f"DELETE FROM {quoted} WHERE {quoted} = 2")
    cursor.execute(
        f"MERGE INTO {quoted} USING (SELECT 5 AS {quoted}) AS s ON {quoted}.{quoted} = s.{quoted} "
        f"WHEN NOT MATCHED THEN INSERT ({quoted}) VALUES (s.{quoted})"
    )
    cursor.execute(f"CREATE VIEW {quote(name[:200] + 'v')} AS SELECT * FROM {quoted}")
    alias = f"SELECT {quoted}.{quoted} AS {quoted} FROM {full} AS {quoted} ORDER BY {quoted}"
    assert columns(cursor, alias) == [name]
    assert cursor.fetchall() == [(1,), (4,), (5,)]
    assert columns(cursor, f"SELECT * FROM {quote(name[:200] + 'v')}") == [name, "OTHER"]
    nested = (
        f"WITH {quoted} AS (SELECT 7 AS {quoted}) SELECT {quoted} FROM (SELECT * FROM {quoted}) AS {quoted}"
    )
    assert cursor.execute(nested).fetchall() == [(7,)]
    shown = run(connection, "SHOW TABLES")
    assert [(row["name"], row["schema_name"], row["database_name"], row["rows"]) for row in shown] == [
        (name, name, name, 3)
    ]
    assert [row["name"] for row in run(connection, f"DESCRIBE TABLE {full}")] == [name, "OTHER"]
    found = run(connection, f"SHOW COLUMNS IN TABLE {full}")[0]
    assert (found["table_name"], found["column_name"], found["database_name"]) == (name, name, name)
    cursor.execute(f"TRUNCATE TABLE {full}")
    cursor.execute(f"DROP TABLE {full}")
    cursor.execute(f"CREATE TABLE {quoted} ({quoted} INT)")
    assert cursor.execute(f"SELECT * FROM {quoted}").fetchall() == []
    cursor.execute(f"DROP DATABASE {quoted}")


def test_names_that_differ_in_case_live_side_by_side(cursor: Any) -> None:
    for database in ("Side", "SIDE"):
        cursor.execute(f"CREATE DATABASE {quote(database)}")
        for schema in ("s", "S"):
            cursor.execute(f"CREATE SCHEMA {quote(schema)}")
            for table in ("t", "T"):
                cursor.execute(f'CREATE TABLE {quote(table)} ("c" VARCHAR, "C" VARCHAR)')
                text = f"{database}.{schema}.{table}"
                cursor.execute(f"INSERT INTO {quote(table)} VALUES ('{text}.c', '{text}.C')")
    assert cursor.execute('SELECT "c", c FROM "Side"."s"."t"').fetchall() == [("Side.s.t.c", "Side.s.t.C")]
    assert cursor.execute('SELECT "c", C FROM side.s.T').fetchall() == [("SIDE.S.T.c", "SIDE.S.T.C")]
    aliases = 'SELECT "x"."c" AS "a", x."c" AS A FROM "Side"."s".t AS "x" CROSS JOIN side."s"."t" AS x'
    assert columns(cursor, aliases) == ["a", "A"]
    assert cursor.fetchall() == [("Side.s.T.c", "SIDE.s.t.c")]
    cursor.execute('DROP DATABASE "Side"')
    assert cursor.execute('SELECT "c" FROM side.s."t"').fetchall() == [("SIDE.S.t.c",)]
    cursor.execute("DROP DATABASE side")


def test_result_columns_have_snowflakes_names(cursor: Any) -> None:
    cursor.execute('CREATE OR REPLACE TABLE "named" ("a" INT, B INT)')
    query = 'SELECT "a", b, "a" AS x, b AS "Y y", COUNT(*), "named".*, MAX("a") FROM "named" GROUP BY ALL'
    assert columns(cursor, query) == ["a", "B", "X", "Y y", "COUNT(*)", "a", "B", 'MAX("A")']
    inner = 'SELECT "COUNT(*)", "SUM(B)" FROM (SELECT COUNT(*), SUM(b) FROM "named")'
    assert columns(cursor, inner) == ["COUNT(*)", "SUM(B)"]
    cursor.execute("""INSERT INTO "named" VALUES (1, 2)""")
    assert cursor.execute('SELECT OBJECT_CONSTRUCT(*) FROM "named"').fetchone() == ('{"a":1,"B":2}',)
    unpivoted = 'SELECT * FROM "named" UNPIVOT("v" FOR "n" IN ("a", b)) ORDER BY 1'
    assert columns(cursor, unpivoted) == ["n", "v"]
    assert cursor.fetchall() == [("B", 2), ("a", 1)]


@pytest.mark.parametrize(
    ("statement", "number", "text"),
    [
        ("SELECT foo", 904, "error line 1 at position 7\ninvalid identifier 'FOO'"),
        (
            'SELECT 1,\n  "b" FROM "absent columns"',
            904,
            "error line 2 at position 2\ninvalid identifier '\"b\"'",
        ),
        ('SELECT a FROM "absent columns"', 904, "invalid identifier 'A'"),
        ('SELECT t."A" FROM "absent columns" t', 904, "invalid identifier 'T.A'"),
        ('SELECT u."a" FROM "absent columns" t', 904, "invalid identifier 'U.\"a\"'"),
        ('INSERT INTO "absent columns" (a) VALUES (1)', 904, "invalid identifier 'A'"),
        ('UPDATE "absent columns" SET "B" = 1', 904, "invalid identifier 'B'"),
        ('ALTER TABLE "absent columns" DROP COLUMN "B"', 904, "invalid identifier 'B'"),
        ('SELECT 1 AS ""', 904, "invalid identifier"),
        (f'CREATE TABLE "{"x" * 256}" (a INT)', 904, "identifiers have 1 to 255 characters"),
        ('CREATE SCHEMA ""', 904, "identifiers have 1 to 255 characters"),
        ("SELECT * FROM nosuch", 2003, "Object 'NOSUCH' does not exist or not authorized."),
        ('SELECT * FROM "no such"', 2003, "Object '\"no such\"' does not exist or not authorized."),
        ('CREATE TABLE "absent columns" (a INT)', 2002, "Object '\"absent columns\"' already exists."),
        ('CREATE TABLE t ("a" INT, "a" INT)', 2025, "duplicate column name '\"a\"'"),
    ],
)
def test_refusals_name_what_the_statement_names(cursor: Any, statement: str, number: int, text: str) -> None:
    cursor.execute('CREATE TABLE IF NOT EXISTS "absent columns" ("a" INT)')
    with pytest.raises(ProgrammingError, match=re.escape(text)) as refused:
        cursor.execute(statement)
    assert refused.value.errno == number


def test_statements_as_snowpark_pandas_and_sqlalchemy_write_them(cursor: Any, place: Place) -> None:
    full = f'"{place.database}"."PUBLIC"."SNOWPARK_TEMP_TABLE_1"'
    cursor.execute(f'CREATE  TEMPORARY  TABLE  {full}("a" BIGINT, "B b" STRING(16777216))')
    values = "VALUES (1 :: INT, 'x' :: STRING), (2 :: INT, NULL :: STRING)"
    cursor.execute(f'INSERT  INTO {full}("a", "B b") SELECT $1 AS "a", $2 AS "B b" FROM {values}')
    inner = f'SELECT "a", ("a" + 1 :: INT) AS "c d" FROM ( SELECT  *  FROM {full})'
    query = f'SELECT  *  FROM ( {inner}) WHERE ("a" > 1 :: INT) ORDER BY "a" ASC NULLS FIRST LIMIT 10'
    assert columns(cursor, query) == ["a", "c d"]
    assert cursor.fetchall() == [(2, 3)]
    joined = (
        'SELECT "l_0"."a" AS "l_0_a", "SNOWPARK_TEMP_TABLE_1"."B b" FROM "SNOWPARK_TEMP_TABLE_1" AS "l_0" '
        'INNER JOIN "SNOWPARK_TEMP_TABLE_1" ON "l_0"."a" = "SNOWPARK_TEMP_TABLE_1"."a" + 1'
    )
    assert columns(cursor, joined) == ["l_0_a", "B b"]
    assert cursor.fetchall() == [(2, "x")]
    cursor.execute('CREATE TABLE IF NOT EXISTS "PUBLIC"."my table" ("lower col" VARCHAR, "Idx" NUMBER)')
    cursor.execute('INSERT INTO "PUBLIC"."my table" ("lower col", "Idx") VALUES (\'v\', 1)')
    cursor.execute('SELECT "PUBLIC"."my table"."lower col", "my table"."Idx" FROM "PUBLIC"."my table"')
    assert cursor.fetchall() == [("v", 1)]


def test_renamed_containers_keep_their_tables(cursor: Any) -> None:
    cursor.execute("CREATE DATABASE before")
    cursor.execute("CREATE SCHEMA inner_before")
    cursor.execute("CREATE TABLE t AS SELECT 1 AS a")
    cursor.execute("CREATE VIEW v AS SELECT * FROM t")
    cursor.execute('ALTER SCHEMA inner_before RENAME TO "inner after"')
    cursor.execute('ALTER DATABASE before RENAME TO "after"')
    cursor.execute('ALTER TABLE "after"."inner after".t RENAME TO "after"."inner after"."T t"')
    assert cursor.execute('SELECT a FROM "after"."inner after"."T t"').fetchall() == [(1,)]
    cursor.execute("CREATE DATABASE before")
    cursor.execute("CREATE SCHEMA inner_before")
    cursor.execute("CREATE TABLE t (b INT)")
    assert cursor.execute("SELECT * FROM t").fetchall() == []
    listed = (
        'SELECT table_catalog, table_schema, table_name FROM "after".INFORMATION_SCHEMA.TABLES '
        "WHERE table_schema = 'inner after' ORDER BY table_name"
    )
    assert cursor.execute(listed).fetchall() == [
        ("after", "inner after", "T t"),
        ("after", "inner after", "V"),
    ]
    cursor.execute("DROP DATABASE before")
    assert cursor.execute('SELECT a FROM "after"."inner after"."T t"').fetchall() == [(1,)]
    cursor.execute('DROP DATABASE "after"')


def test_a_schema_in_another_database_keeps_its_tables(cursor: Any) -> None:
    cursor.execute('CREATE DATABASE "from"')
    cursor.execute('CREATE SCHEMA "moved"')
    cursor.execute("CREATE TABLE t AS SELECT 1 AS a")
    cursor.execute('CREATE DATABASE "into"')
    cursor.execute('ALTER SCHEMA "from"."moved" RENAME TO "into"."moved"')
    assert cursor.execute('SELECT * FROM "into"."moved".t').fetchall() == [(1,)]
    cursor.execute('DROP DATABASE "from"')
    cursor.execute('CREATE DATABASE "from"')
    assert cursor.execute('SELECT * FROM "into"."moved".t').fetchall() == [(1,)]
    cursor.execute('DROP SCHEMA "into"."moved"')
    cursor.execute('CREATE SCHEMA "into"."moved"')
    cursor.execute("CREATE TABLE t (b INT)")
    assert cursor.execute('SELECT * FROM "into"."moved".t').fetchall() == []
    cursor.execute('DROP DATABASE "into"')
    cursor.execute('DROP DATABASE "from"')


def test_a_view_finds_bare_names_in_its_own_schema(cursor: Any, place: Place) -> None:
    cursor.execute('CREATE OR REPLACE TABLE "source" AS SELECT 1 AS "a"')
    home = cursor.execute("SELECT CURRENT_SCHEMA()").fetchone()[0]
    cursor.execute('CREATE SCHEMA "elsewhere"')
    text = f'CREATE VIEW {quote(home)}."vi""ew" AS SELECT "a" /* it\'s */ FROM "source"'
    cursor.execute(text)
    assert cursor.execute(f'SELECT * FROM {quote(home)}."vi""ew"').fetchall() == [(1,)]
    cursor.execute(f"SHOW VIEWS LIKE 'vi%' IN SCHEMA {quote(home)}")
    index = [column.name for column in cursor.description].index("text")
    assert [row[index] for row in cursor.fetchall()] == [text]
    cursor.execute('DROP SCHEMA "elsewhere"')


def test_a_temporary_table_hides_one_and_differs_between_schemas(place: Place) -> None:
    with place.connect() as one, place.connect() as other:
        cursor: Any = one.cursor()
        second: Any = other.cursor()
        home = cursor.execute("SELECT CURRENT_SCHEMA()").fetchone()[0]
        cursor.execute('CREATE OR REPLACE TABLE "hidden" AS SELECT 1 AS "a"')
        cursor.execute('CREATE TEMPORARY TABLE "hidden" ("b" INT)')
        cursor.execute('CREATE OR REPLACE SCHEMA "second"')
        cursor.execute('CREATE TEMP TABLE "hidden" AS SELECT 3 AS "c"')
        full = f'{quote(home)}."hidden"'
        cursor.execute(f"INSERT INTO {full} VALUES (2)")
        cursor.execute(f'UPDATE {full} SET "b" = "hidden"."b" + 1')
        both = f'SELECT x."b", "hidden"."c" FROM {full} x, "hidden"'
        assert cursor.execute(both).fetchall() == [(3, 3)]
        assert second.execute(f"SELECT * FROM {full}").fetchall() == [(1,)]
        cursor.execute(f'CREATE TEMP TABLE {quote(home)}."taken" (a INT)')
        with pytest.raises(ProgrammingError, match="already exists"):
            cursor.execute(f'ALTER TABLE {full} RENAME TO {quote(home)}."taken"')
        cursor.execute(f'ALTER TABLE {full} RENAME TO {quote(home)}."shown"')
        assert cursor.execute(f'SELECT "b" FROM {quote(home)}."shown"').fetchall() == [(3,)]
        assert cursor.execute(f"SELECT * FROM {full}").fetchall() == [(1,)]
        cursor.execute('DROP SCHEMA "second"')


def test_temporary_tables_follow_their_schema(cursor: Any) -> None:
    cursor.execute('CREATE OR REPLACE SCHEMA "followed"')
    cursor.execute("CREATE TEMPORARY TABLE t AS SELECT 1 AS a")
    cursor.execute('ALTER SCHEMA "followed" RENAME TO "renamed"')
    assert cursor.execute('SELECT * FROM "renamed".t').fetchall() == [(1,)]
    cursor.execute('CREATE OR REPLACE SCHEMA "renamed"')
    with pytest.raises(ProgrammingError, match="Object 'T' does not exist"):
        cursor.execute("SELECT * FROM t")
    cursor.execute('DROP SCHEMA "renamed"')


def test_a_failing_statement_leaves_a_transaction_on_quoted_names(cursor: Any) -> None:
    cursor.execute('CREATE OR REPLACE TABLE "kept" ("a b" INT)')
    cursor.execute("BEGIN")
    cursor.execute('INSERT INTO "kept" VALUES (1)')
    cursor.execute('INSERT INTO "kept" SELECT "a b" + 1 FROM "kept"')
    with pytest.raises(ProgrammingError, match="invalid identifier"):
        cursor.execute('SELECT "A B" FROM "kept"')
    cursor.execute("COMMIT")
    assert cursor.execute('SELECT * FROM "kept" ORDER BY 1').fetchall() == [(1,), (2,)]


def test_grants_and_future_grants(session: SnowflakeConnection, account: RunningAccount) -> None:
    for statement in (
        "CREATE WAREHOUSE IF NOT EXISTS names_wh",
        "CREATE OR REPLACE ROLE names_reader",
        "GRANT ROLE names_reader TO ROLE ACCOUNTADMIN",
        'CREATE OR REPLACE DATABASE "granted db"',
        'CREATE SCHEMA "granted schema"',
        'CREATE TABLE "one" AS SELECT 1 AS "a"',
        'CREATE TABLE ONE AS SELECT 2 AS "a"',
        'GRANT USAGE ON DATABASE "granted db" TO ROLE names_reader',
        'GRANT USAGE ON SCHEMA "granted db"."granted schema" TO ROLE names_reader',
        'GRANT SELECT ON TABLE "one" TO ROLE names_reader',
        'GRANT SELECT ON FUTURE TABLES IN SCHEMA "granted schema" TO ROLE names_reader',
        'CREATE TABLE "later" AS SELECT 3 AS "a"',
        "GRANT USAGE ON WAREHOUSE names_wh TO ROLE names_reader",
    ):
        session.cursor().execute(statement)
    with account.connect(role="NAMES_READER", database='"granted db"', warehouse="NAMES_WH") as reader:
        cursor: Any = reader.cursor()
        cursor.execute("USE SECONDARY ROLES NONE")
        cursor.execute('USE SCHEMA "granted schema"')
        assert cursor.execute('SELECT * FROM "one"').fetchall() == [(1,)]
        assert cursor.execute('SELECT * FROM "later"').fetchall() == [(3,)]
        with pytest.raises(ProgrammingError, match="'ONE' does not exist or not authorized"):
            cursor.execute("SELECT * FROM one")
    session.cursor().execute('DROP DATABASE "granted db"')


def make_old(folder: Path) -> None:
    """Put a data folder in the place of one, as versions wrote it that did not encode names."""
    ids = json.loads((folder / "objects.json").read_text())
    [database] = (key for key in ids if "." not in key)
    [schema] = (key for key in ids if "." in key)
    for file in folder.glob("*.db*"):
        file.unlink()
    (folder / "objects.json").write_text(json.dumps({"OLD": ids[database], "OLD.PUBLIC": ids[schema]}))
    with duckdb.connect(folder / "OLD.db") as connection:
        for statement in (
            "CREATE SCHEMA PUBLIC",
            "SET schema = 'PUBLIC'",
            'CREATE TABLE T AS SELECT 7 AS "lower col", 8 AS "ORDER"',
            'CREATE TABLE "a b" AS SELECT 9 AS X',
            'CREATE VIEW V AS SELECT "lower col" FROM T',
        ):
            connection.execute(statement)


def test_names_outlast_a_restart_and_older_accounts_keep_their_data(tmp_path: Path) -> None:
    def tables(account: RunningAccount) -> list[list[tuple[Any, ...]]]:
        with account.connect(database="OLD", schema="PUBLIC", warehouse="W") as connection:
            cursor: Any = connection.cursor()
            queries = ('SELECT "lower col", "ORDER" FROM t', 'SELECT * FROM "a b"', "SELECT * FROM v")
            return [cursor.execute(query).fetchall() for query in queries]

    folder = tmp_path / "state"
    account = RunningAccount(load_own(folder, label=LABEL))
    with served(account):
        account.run("CREATE WAREHOUSE w", "CREATE DATABASE old", *OLD_TABLES)
        assert tables(account) == [[(1, 2)], [], [(1,)]]
        account.restart()
        assert tables(account) == [[(1, 2)], [], [(1,)]]
        data = next(folder.rglob("objects.json")).parent
        account.stop()
        make_old(data)
        account.start()
        assert tables(account) == [[(7, 8)], [(9,)], [(7,)]]


def test_values_in_columns_of_any_name(cursor: Any) -> None:
    """Lengths and offsets belong to columns of any name, and stay when a column gets a new name."""
    cursor.execute('CREATE TABLE "kept values" ("a b" VARCHAR(3), "at" TIMESTAMP_TZ, n INT NOT NULL)')
    cursor.execute("""INSERT INTO "kept values" VALUES ('abc', '2024-01-01 00:00:00 +0300', 1)""")
    cursor.execute('ALTER TABLE "kept values" RENAME COLUMN "a b" TO "c d"')
    cursor.execute('ALTER TABLE "kept values" RENAME TO "found values"')
    cursor.execute('CREATE TEMPORARY TABLE "own values" AS SELECT * FROM "found values"')
    refusals = {
        """UPDATE "found values" SET "c d" = "c d" || 'x'""": "100078 (22000): String 'abcx' is too long",
        'SELECT "c d", COUNT(*) FROM "found values"': '["c d"] is not a valid group by expression',
        'SELECT "c d" FROM "found values" x, "found values" y': "ambiguous column name '\"c d\"'",
        'ALTER TABLE "found values" ADD COLUMN "c d" INT': 'column "c d" already exists',
        """INSERT INTO "found values" ("c d") VALUES ('a')""": "NULL result in a non-nullable column (N)",
    }
    for statement, text in refusals.items():
        with pytest.raises(DatabaseError, match=re.escape(text)):
            cursor.execute(statement)
    for table in ("found values", "own values"):
        cursor.execute(f'SELECT "at" AS "the time" FROM "{table}"')
        # An earlier result keeps the type, too.
        cursor.execute(
            'SELECT "the time", "the time"::DATE FROM TABLE(RESULT_SCAN(LAST_QUERY_ID())) '
            "WHERE \"the time\" = '2023-12-31 21:00:00 +0000'"
        )
        [(moment, day)] = cursor.fetchall()
        assert (moment.isoformat(), day.isoformat()) == ("2024-01-01T00:00:00+03:00", "2024-01-01")
    cursor.execute("SELECT IS_ROLE_IN_SESSION('PUBLIC'), 12345678901234567890123")
    assert cursor.fetchall() == [(True, 12345678901234567890123)]
    cursor.execute("SELECT * FROM TABLE(RESULT_SCAN(LAST_QUERY_ID()))")
    assert cursor.fetchall() == [(True, 12345678901234567890123)]
