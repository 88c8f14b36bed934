"""COPY INTO a table: https://docs.snowflake.com/en/sql-reference/sql/copy-into-table"""

from __future__ import annotations

import gzip
import io
from collections.abc import Iterator
from typing import Any

import pyarrow
import pyarrow.parquet
import pytest
from snowflake.connector import SnowflakeConnection
from snowflake.connector.errors import DatabaseError, ProgrammingError

from tests.account.asking import run
from tests.account.conftest import Place

QUOTED = "FILE_FORMAT = (TYPE = CSV FIELD_OPTIONALLY_ENCLOSED_BY = '\"' ESCAPE_UNENCLOSED_FIELD = NONE)"


@pytest.fixture
def session(place: Place) -> Iterator[SnowflakeConnection]:
    with place.connect() as connection:
        run(connection, "CREATE OR REPLACE TEMPORARY STAGE files")
        run(connection, "CREATE OR REPLACE TABLE t (id INT, name VARCHAR(20))")
        yield connection


def put(session: SnowflakeConnection, name: str, content: bytes | str, to: str = "@files") -> None:
    content = content.encode() if isinstance(content, str) else content
    session.cursor().execute(f"PUT file://{name} {to} AUTO_COMPRESS = FALSE", file_stream=io.BytesIO(content))


def rows(session: SnowflakeConnection, query: str) -> list[Any]:
    cursor = session.cursor()
    cursor.execute(query)
    return cursor.fetchall()


def test_what_was_loaded_is_told_and_not_loaded_again(session: SnowflakeConnection) -> None:
    put(session, "a.csv", "1,one\n2,\n")
    assert rows(session, "COPY INTO t FROM @files") == [
        ("files/a.csv", "LOADED", 2, 2, 1, 0, None, None, None, None)
    ]
    assert rows(session, "SELECT * FROM t ORDER BY id") == [(1, "one"), (2, None)]
    again = "Copy executed with 0 files processed."
    assert rows(session, "COPY INTO t FROM @files") == [(again,)]
    assert rows(session, "COPY INTO t FROM @files FORCE = TRUE")[0][3] == 2
    put(session, "a.csv", "3,changed\n")
    assert rows(session, "COPY INTO t FROM @files PURGE = TRUE")[0][1] == "LOADED"
    assert rows(session, "LIST @files") == []
    put(session, "a.csv", "3,changed\n")
    assert rows(session, "COPY INTO t FROM @files") == [(again,)]
    run(session, "TRUNCATE TABLE t")
    assert rows(session, "COPY INTO t FROM @files")[0][1] == "LOADED"


def test_errors_are_counted_and_skipped_as_on_error_says(session: SnowflakeConnection) -> None:
    put(session, "good.csv", "1,one\n")
    put(session, "wrong.csv", "2,two\nx,three\n4,four,4\n5\n")
    first = ("Numeric value 'x' is not recognized", 2, 1, '"T"["ID":1]')
    with pytest.raises(ProgrammingError) as failure:
        rows(session, "COPY INTO t FROM @files")
    assert failure.value.errno == 100038
    where = 'File \'wrong.csv\', line 2, character 1\n  Row 2, column "T"["ID":1]'
    assert f"Numeric value 'x' is not recognized\n  {where}" in str(failure.value)
    assert rows(session, "SELECT count(*) FROM t") == [(0,)], "a COPY that stops loads nothing"
    assert rows(session, "COPY INTO t FROM @files FILES = ('wrong.csv') ON_ERROR = SKIP_FILE_4") == [
        ("files/wrong.csv", "PARTIALLY_LOADED", 4, 1, 4, 3, *first)
    ]
    skipping = "COPY INTO t FROM @files ON_ERROR = {} FORCE = TRUE"
    for on_error, limit in (("SKIP_FILE", 1), ("SKIP_FILE_3", 3), ("'SKIP_FILE_50%'", 2)):
        assert rows(session, skipping.format(on_error)) == [
            ("files/good.csv", "LOADED", 1, 1, limit if "%" not in on_error else 1, 0, *[None] * 4),
            ("files/wrong.csv", "LOAD_FAILED", 4, 0, limit, 3, *first),
        ]
    found = rows(session, skipping.format("CONTINUE") + " RETURN_FAILED_ONLY = TRUE")
    assert found == [("files/wrong.csv", "PARTIALLY_LOADED", 4, 1, 4, 3, *first)]
    listed = run(session, "COPY INTO t FROM @files VALIDATION_MODE = RETURN_ALL_ERRORS")
    assert [(row["LINE"], row["CODE"]) for row in listed] == [(2, 100038), (3, 100080), (4, 100068)]


def test_a_copy_is_part_of_a_transaction(session: SnowflakeConnection) -> None:
    put(session, "a.csv", "1,one\n")
    put(session, "wrong.csv", "2,two\nx,x\n", "@files/b")
    run(session, "BEGIN")
    run(session, "COPY INTO t FROM @files/a.csv")
    for failing in ("COPY INTO t FROM @files/b", "SELECT absent FROM t"):
        with pytest.raises(ProgrammingError):
            run(session, failing)
    assert rows(session, "SELECT * FROM t") == [(1, "one")]
    run(session, "ROLLBACK")
    assert rows(session, "SELECT count(*) FROM t") == [(0,)]
    assert rows(session, "COPY INTO t FROM @files/a.csv")[0][1] == "LOADED", "it was not loaded before"


def test_delimiters_escapes_and_nulls(session: SnowflakeConnection) -> None:
    run(
        session,
        "CREATE OR REPLACE TABLE w (a VARCHAR, b VARCHAR, c BOOLEAN, d DATE, e BINARY, f TIMESTAMP_NTZ)",
    )
    text = (
        'h\r\n"a||""b\r\n"||x\\\\y||yes||02.01.2024||6162||2024-01-02 03:04:05.6\r\n  ||-|| n||NULL||""||\r\n'
    )
    put(session, "w.csv", text.encode("utf-16"))
    options = (
        "TYPE = CSV FIELD_DELIMITER = '||' RECORD_DELIMITER = '\\r\\n' SKIP_HEADER = 1 ENCODING = 'UTF-16' "
        "FIELD_OPTIONALLY_ENCLOSED_BY = '\"' NULL_IF = ('NULL', '-') TRIM_SPACE = TRUE "
        "DATE_FORMAT = 'DD.MM.YYYY'"
    )
    run(session, f"COPY INTO w FROM @files FILE_FORMAT = ({options})")
    found = [
        tuple(str(cell) if cell is not None else None for cell in row)
        for row in rows(session, "SELECT * FROM w")
    ]
    assert found == [
        ('a||"b\r\n', "x\\y", "True", "2024-01-02", "bytearray(b'ab')", "2024-01-02 03:04:05.600000"),
        (None, None, "False", None, "bytearray(b'')", None),
    ]


def test_hostile_texts_come_back_as_they_were(session: SnowflakeConnection) -> None:
    run(session, "CREATE OR REPLACE TABLE h (n INT, a VARCHAR, b VARCHAR)")
    texts = [
        "x" * 100_000,
        'q"' * 50,
        "l\nf\r\n",
        "n\0ul",
        "\\t,;'",
        "'; DROP TABLE h; --",
        "ä€𝄞",
        " s ",
        "\ufeff",
    ]
    lines = [f'{index},"{text.replace(chr(34), chr(34) * 2)}",' for index, text in enumerate(texts)]
    put(session, "h.csv", gzip.compress(("\n".join(lines) + "\n").encode()))
    run(session, f"COPY INTO h FROM @files {QUOTED}")
    assert [row[0] for row in rows(session, "SELECT a FROM h ORDER BY n")] == texts
    run(session, "CREATE OR REPLACE TABLE back LIKE h")
    run(session, f"COPY INTO @files/out/ FROM h {QUOTED} MAX_FILE_SIZE = 1000")
    assert len(rows(session, "LIST @files/out")) > 1
    run(session, f"COPY INTO back FROM @files/out {QUOTED}")
    assert rows(session, "SELECT * FROM back EXCEPT SELECT * FROM h") == []
    assert rows(session, "SELECT count(*) FROM back") == [(len(texts),)]


def test_files_that_are_not_what_the_format_says(session: SnowflakeConnection) -> None:
    bomb = gzip.compress(bytes(1 << 20) * 1100)
    for name, content, options, text in (
        ("bomb.gz", bomb, "TYPE = CSV RECORD_DELIMITER = NONE", "longer than|after decompression"),
        ("bad.csv", b"1,\xff\n", "TYPE = CSV", "Invalid UTF8 detected in string '0xFF"),
        ("cut.gz", gzip.compress(b"1,a\n" * 1000)[:-20], "TYPE = CSV", "during decompression"),
        ("no.parquet", b"PAR1 no", "TYPE = PARQUET", "Not a readable Parquet file"),
        ("no.json", b'{"a": [1, }', "TYPE = JSON", "Error parsing JSON"),
        ("deep.json", b"[" * 200_000, "TYPE = JSON", "nested too deeply"),
        ("quote.csv", b'1,"a\n', "TYPE = CSV FIELD_OPTIONALLY_ENCLOSED_BY = '\"'", "enclosed field is open"),
    ):
        put(session, name, content)
        run(session, "CREATE OR REPLACE TABLE v (v VARIANT)")
        table = "v" if "CSV" not in options else "t"
        query = f"FROM (SELECT $1 FROM @files/{name})" if "PARQUET" in options else f"FROM @files/{name}"
        with pytest.raises((ProgrammingError, DatabaseError), match=text):
            run(session, f"COPY INTO {table} {query} FILE_FORMAT = ({options})")


def test_json_documents_and_their_members(session: SnowflakeConnection) -> None:
    put(
        session,
        "j.json",
        '[{"ID": 1234567890123456789, "n": "x", "o": {"p": [1, 2.50]}},\n {"id": 2, "o": null}]',
    )
    run(session, "CREATE OR REPLACE TABLE v (v VARIANT)")
    formatted = "FILE_FORMAT = (TYPE = JSON STRIP_OUTER_ARRAY = TRUE)"
    assert rows(session, f"COPY INTO v FROM @files {formatted}")[0][2:4] == (2, 2)
    assert "1234567890123456789" in rows(session, "SELECT v FROM v")[0][0]
    run(session, "CREATE OR REPLACE TABLE j (id NUMBER(38, 0), n VARCHAR, o VARIANT, kept INT DEFAULT 7)")
    run(session, f"COPY INTO j FROM @files {formatted} MATCH_BY_COLUMN_NAME = CASE_INSENSITIVE")
    assert rows(session, "SELECT count(n), count(o), min(kept) FROM j") == [(1, 2, 7)]
    run(session, "TRUNCATE TABLE j")
    run(
        session,
        "COPY INTO j (id, n, kept) FROM (SELECT $1:o.p[0]::INT, s.$1:n::VARCHAR, METADATA$FILE_ROW_NUMBER "
        f"FROM @files s) {formatted}",
    )
    assert rows(session, "SELECT id, n, kept FROM j ORDER BY kept") == [(1, "x", 1), (None, None, 2)]
    with pytest.raises(ProgrammingError, match="one and only one column of type variant"):
        run(session, "COPY INTO t FROM @files FILE_FORMAT = (TYPE = JSON) FORCE = TRUE")


def test_parquet_columns(session: SnowflakeConnection) -> None:
    target = io.BytesIO()
    pyarrow.parquet.write_table(pyarrow.table({"Id": [1, 2], "b c": ["x", None], "bad": ["7", "y"]}), target)
    put(session, "p.parquet", target.getvalue())
    formatted = "FILE_FORMAT = (TYPE = PARQUET)"
    run(session, f'COPY INTO t FROM (SELECT $1:Id, $1:"b c" FROM @files) {formatted}')
    assert rows(session, "SELECT * FROM t ORDER BY 1") == [(1, "x"), (2, None)]
    found = rows(
        session,
        f"COPY INTO t (id) FROM (SELECT $1:bad FROM @files) {formatted} FORCE = TRUE ON_ERROR = CONTINUE",
    )
    assert found[0][1:6] == ("PARTIALLY_LOADED", 2, 1, 2, 1)
    run(session, "CREATE OR REPLACE TEMPORARY FILE FORMAT pq TYPE = PARQUET")
    schema = "TABLE(INFER_SCHEMA(LOCATION => '@files', FILE_FORMAT => 'pq'))"
    assert rows(session, f"SELECT COLUMN_NAME, TYPE FROM {schema} ORDER BY ORDER_ID") == [
        ("Id", "NUMBER(38, 0)"),
        ("b c", "TEXT"),
        ("bad", "TEXT"),
    ]
    assert rows(
        session, "SELECT $1:Id, METADATA$FILENAME FROM @files (FILE_FORMAT => 'pq') WHERE $1:Id > 1"
    ) == [(2, "files/p.parquet")]
    run(session, f"COPY INTO t FROM @files {formatted} FORCE = TRUE MATCH_BY_COLUMN_NAME = CASE_INSENSITIVE")
    assert rows(session, "SELECT count(*) FROM t WHERE name IS NULL") == [(4,)]


def test_a_column_without_values_has_the_type_of_the_other_files(session: SnowflakeConnection) -> None:
    run(session, "CREATE OR REPLACE TEMPORARY FILE FORMAT pq TYPE = PARQUET")
    for name, values in (("a", [None]), ("b", [True])):
        target = io.BytesIO()
        table = pyarrow.table({"x": values, "none": pyarrow.nulls(1, pyarrow.int32())})
        pyarrow.parquet.write_table(table, target)
        put(session, name, target.getvalue())
    schema = "TABLE(INFER_SCHEMA(LOCATION => '@files', FILE_FORMAT => 'pq'))"
    query = f"SELECT COLUMN_NAME, TYPE, FILENAMES FROM {schema} ORDER BY ORDER_ID"
    both = "files/a,files/b"
    assert rows(session, query) == [("x", "BOOLEAN", both), ("none", "TEXT", both)]


def test_lengths_and_not_null(session: SnowflakeConnection) -> None:
    run(session, "CREATE OR REPLACE TABLE n (a VARCHAR(3), b INT NOT NULL)")
    put(session, "n.csv", "abcd,1\nabc,\n")
    with pytest.raises(
        ProgrammingError, match=r"User character length limit \(3\) exceeded by string 'abcd'"
    ):
        run(session, "COPY INTO n FROM @files")
    found = rows(session, "COPY INTO n FROM @files TRUNCATECOLUMNS = TRUE ON_ERROR = CONTINUE")
    assert found[0][3:7] == (1, 2, 1, "NULL result in a non-nullable column")
    assert rows(session, "SELECT * FROM n") == [("abc", 1)]


def test_moments_with_offsets(session: SnowflakeConnection) -> None:
    """An offset is a part of the value, in both directions."""
    run(session, "CREATE OR REPLACE TABLE moments (a TIMESTAMP_TZ)")
    put(session, "m.csv", b"2024-01-01 03:04:05 +0300\n")
    run(session, "COPY INTO moments FROM @files FILES = ('m.csv') FILE_FORMAT = (TYPE = CSV)")
    assert rows(session, "SELECT a::VARCHAR FROM moments") == [("2024-01-01 03:04:05.000 +0300",)]
    run(session, "COPY INTO @files/out FROM moments FILE_FORMAT = (TYPE = CSV COMPRESSION = NONE)")
    assert rows(session, "SELECT $1 FROM @files/out") == [("2024-01-01 03:04:05.000 +0300",)]
