"""Errors of data SQL have Snowflake's numbers and words; those of the engine below never reach a client.

See https://docs.snowflake.com/en/sql-reference/data-type-conversion
"""

from __future__ import annotations

import re
from typing import Any

import pytest
from snowflake.connector.errors import DatabaseError, ProgrammingError

from tests.account.conftest import Place

_FOREIGN = re.compile(r"Error:|(?i:duckdb|fakesnow|sqlglot)|Exception|Traceback|\.py\b|Candidate|\nLINE \d")
SETUP = (
    "CREATE OR REPLACE TABLE bad (id INT, name VARCHAR(5), n NUMBER(5,2), ok BOOLEAN, d DATE, "
    "t TIMESTAMP_NTZ, z TIMESTAMP_TZ, v VARIANT, b BINARY, f FLOAT)",
    "CREATE OR REPLACE TABLE needed (id INT NOT NULL)",
    "INSERT INTO bad (id, name) VALUES (1, 'abc'), (2, 'def')",
)
# The statement, the error's number, and a part of its text.
STATEMENTS = [
    ("INSERT INTO bad (id) VALUES ('abc')", 100038, "Numeric value 'abc' is not recognized"),
    ("INSERT INTO bad (n) VALUES (100000)", 100039, "out of range"),
    ("INSERT INTO bad (d) VALUES ('x')", 100040, "Date 'x' is not recognized"),
    ("INSERT INTO bad (d) VALUES ('2024-02-30')", 100040, "Date '2024-02-30' is not recognized"),
    ("INSERT INTO bad (ok) VALUES ('x')", 100037, "Boolean value 'x' is not recognized"),
    ("INSERT INTO bad (t) VALUES ('x')", 100035, "Timestamp 'x' is not recognized"),
    ("INSERT INTO bad (z) VALUES ('x')", 100035, "Timestamp 'x' is not recognized"),
    ("INSERT INTO bad (f) VALUES ('x')", 100038, "Numeric value 'x' is not recognized"),
    ("INSERT INTO bad (b) VALUES ('xy')", 100115, "not a legal hex-encoded value: 'xy'"),
    ("INSERT INTO bad (name) VALUES ('abcdefgh')", 100078, "String 'abcdefgh' is too long"),
    ("INSERT INTO bad (name) SELECT 'abc' || 'def'", 100078, "String 'abcdef' is too long"),
    ("UPDATE bad SET name = name || 'def'", 100078, "is too long and would be truncated"),
    ("INSERT INTO needed VALUES (NULL)", 100072, "NULL result in a non-nullable column (ID)"),
    ("INSERT INTO bad (nosuch) VALUES (1)", 904, "invalid identifier 'NOSUCH'"),
    ("INSERT INTO bad (id, id) VALUES (1, 1)", 2025, "duplicate column name 'ID'"),
    ("INSERT INTO bad (id) VALUES (1, 2)", 2020, "expecting 1 but got 2"),
    ("INSERT INTO bad SELECT 1, 2", 2020, "expecting 10 but got 2"),
    ("SELECT nosuch FROM bad", 904, "invalid identifier 'NOSUCH'"),
    ("SELECT bad.nosuch FROM bad", 904, "invalid identifier 'BAD.NOSUCH'"),
    ("SELECT x.id FROM bad", 904, "invalid identifier 'X.ID'"),
    ("SELECT * EXCLUDE nosuch FROM bad", 904, "invalid identifier 'NOSUCH'"),
    ("UPDATE bad SET nosuch = 1", 904, "invalid identifier 'NOSUCH'"),
    ("DELETE FROM bad WHERE nosuch = 1", 904, "invalid identifier 'NOSUCH'"),
    ("ALTER TABLE bad DROP COLUMN nosuch", 904, "invalid identifier 'NOSUCH'"),
    ("ALTER TABLE bad ADD COLUMN id INT", 1430, "column ID already exists"),
    ("CREATE TABLE twice (id INT, id INT)", 2025, "duplicate column name 'ID'"),
    ("SELECT nosuch(1)", 2140, "Unknown function NOSUCH"),
    ("SELECT UPPER()", 938, "not enough arguments for function [UPPER()]"),
    ("SELECT UPPER(1,2,3)", 939, "too many arguments for function [UPPER(1,2,3)] expected 1, got 3"),
    ("SELECT SUBSTR('a')", 1044, "Invalid argument types for function 'SUBSTR': (VARCHAR)"),
    ("SELECT 'a' + 1", 1044, "Invalid argument types for function '+': (VARCHAR, NUMBER(38,0))"),
    ("SELECT DATEDIFF(day, 1, 2)", 1044, "function 'DATEDIFF'"),
    ("SELECT * FROM TABLE(FLATTEN(1))", 1044, "function 'FLATTEN'"),
    ("SELECT id, COUNT(*) FROM bad", 979, "[ID] is not a valid group by expression"),
    ("SELECT 1 FROM bad GROUP BY 2", 979, "GROUP BY"),
    ("SELECT 1 FROM bad ORDER BY 99", 981, "ORDER BY"),
    ("SELECT id FROM bad a, bad b", 2028, "ambiguous column name 'ID'"),
    ("WITH a AS (SELECT 1), a AS (SELECT 2) SELECT * FROM a", 2012, "duplicate alias 'A'"),
    ("SELECT id, name FROM bad UNION SELECT 1", 1789, "invalid number of result columns"),
    ("SELECT SUM(SUM(id)) FROM bad", 2080, "cannot be nested"),
    ("SELECT id FROM bad WHERE SUM(id) > 1", 2035, "Invalid aggregate function in where clause"),
    ("SELECT ROW_NUMBER() FROM bad", 2303, "window function"),
    ("SELECT (SELECT 1, 2)", 2031, "Unsupported subquery type"),
    ("SELECT (SELECT id FROM bad)", 90150, "Single-row subquery returns more than one row"),
    ("SELECT SUM(name) FROM bad", 100038, "is not recognized"),
    ("SELECT 'abc'::TIME", 100108, "Time 'abc' is not recognized"),
    ("SELECT 'it''s\n\nLINE 1'::DATE", 100040, "Date 'it's\n\nLINE 1' is not recognized"),
    ("SELECT 1000::NUMBER(5,2)", 100039, "Numeric value '1000' is out of range"),
    (f"SELECT {'9' * 38} + 1", 100046, "Number out of representable range"),
    ("SELECT PARSE_JSON('{a')", 100069, "Error parsing JSON"),
    ("SELECT REGEXP_LIKE('a', '(')", 100048, "Invalid regular expression"),
    ("SELECT SQRT(-1)", 100050, "Invalid floating point operation"),
    ("SELECT DATE_TRUNC('nosuch', CURRENT_DATE)", 1057, "Invalid date part"),
    ("SELECT CONVERT_TIMEZONE('nosuch', CURRENT_TIMESTAMP)", 100095, "Unknown time zone: 'nosuch'"),
    ("SELECT 1 +", 1003, "position 10 unexpected '<EOF>'"),
    ("SELECT a b c", 1003, "syntax error line 1 at position 11 unexpected 'c'"),
    ("SELECT 1::INT(36)", 1003, "unexpected '('"),
    ("SELECT 1::NUMBER()", 1003, "unexpected ')'"),
    ("SELECT 'x'::VARIANT(36)", 1003, "unexpected '('"),
    ("SELECT TRUE::BOOL", 2040, "Unsupported data type 'BOOL'"),
    ("SELECT TRY_CAST(1 AS nosuch)", 2040, "Unsupported data type 'NOSUCH'"),
    ("CREATE TABLE shapes (g GEOMETRY)", 2, "Unsupported feature 'data type GEOMETRY'"),
    ("SELECT 1::DECFLOAT", 2, "Unsupported feature 'data type DECFLOAT'"),
    ("SELECT [1]::VECTOR(FLOAT, 1)", 2, "Unsupported feature 'data type VECTOR'"),
    ("SELECT DATEDIFF(day, z, z) FROM bad", 2, "Unsupported feature 'DATEDIFF of a TIMESTAMP_TZ'"),
    ("SELECT TO_CHAR(1, '999')", 2, "Unsupported feature 'TO_CHAR with format '999''"),
    ("SELECT 1 FROM TABLE(GENERATOR(TIMELIMIT => 1))", 2, "Unsupported feature 'GENERATOR without ROWCOUNT'"),
    ("SELECT OBJECT_CONSTRUCT('a')", 1003, "cannot be read"),
]


def test_errors_have_snowflakes_numbers_and_words(place: Place) -> None:
    place.run(*SETUP)
    wrong = []
    with place.connect() as connection:
        cursor = connection.cursor()
        for statement, number, text in STATEMENTS:
            with pytest.raises(DatabaseError) as failure:
                cursor.execute(statement)
            told = failure.value.raw_msg or ""
            if failure.value.errno != number or text not in told or _FOREIGN.search(told.replace(text, "")):
                wrong.append((statement, failure.value.errno, told))
    assert wrong == []


def test_log_has_no_values(place: Place, account: Any) -> None:
    with place.connect() as connection, pytest.raises(ProgrammingError):
        connection.cursor().execute("SELECT 'topsecret' COLLATE nosuch || 'topsecret'")
    logs = [path.read_text() for path in account.settings.state.rglob("*.log")]
    assert logs
    assert not any("topsecret" in text for text in logs)
