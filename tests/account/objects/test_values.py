"""No value changes on its way: bound or written as a literal, as JSON and as Arrow, in any time zone.

See https://docs.snowflake.com/en/sql-reference/intro-summary-data-types
"""

from __future__ import annotations

import datetime
import math
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import Phase, given
from hypothesis import strategies as st
from snowflake.connector.result_batch import ArrowResultBatch

from tests.account.bounded import bounded
from tests.account.conftest import Place, RunningAccount

ZONES = ("America/Los_Angeles", "Asia/Kolkata", "UTC")
FORMS = ("JSON", "ARROW")
# The connector computes moments that it binds in floating point, so it loses microseconds of others.
_FIRST, _LAST = datetime.datetime(1800, 1, 1), datetime.datetime(2100, 1, 1)


def zoned() -> st.SearchStrategy[datetime.datetime]:
    """Moments with offsets of whole minutes."""
    minutes = st.integers(-14 * 60, 14 * 60).map(lambda value: datetime.timedelta(minutes=value))
    return st.datetimes(_FIRST, _LAST, timezones=minutes.map(datetime.timezone))


KINDS: dict[str, st.SearchStrategy[Any]] = {
    "NUMBER(38,0)": st.integers(-(10**38) + 1, 10**38 - 1),
    "NUMBER(20,5)": st.integers(-(10**20) + 1, 10**20 - 1).map(lambda value: Decimal(value).scaleb(-5)),
    "FLOAT": st.floats(allow_nan=False, allow_infinity=False),
    "BOOLEAN": st.booleans(),
    "VARCHAR": st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\x00"), max_size=30),
    "BINARY": st.binary(max_size=30),
    "DATE": st.dates(),
    "TIME": st.times(),
    "TIMESTAMP_NTZ": st.datetimes(_FIRST, _LAST),
    "TIMESTAMP_LTZ": zoned(),
    "TIMESTAMP_TZ": zoned(),
}


def literal(kind: str, value: Any) -> str:
    """A literal in Snowflake's SQL for a value."""
    if kind.startswith("NUMBER") or kind == "BOOLEAN":
        return format(value, "f") if isinstance(value, Decimal) else str(value)
    if kind == "FLOAT":
        return f"'{value!r}'::FLOAT"
    if kind == "BINARY":
        return f"TO_BINARY('{value.hex()}', 'HEX')"
    if kind == "VARCHAR":
        return "'" + value.replace("\\", "\\\\").replace("'", "''") + "'"
    text = value.isoformat(" ") if isinstance(value, datetime.datetime) else value.isoformat()
    return f"'{text}'::{kind}"


@pytest.fixture(scope="module")
def cursors(place: Place) -> Iterator[dict[tuple[str, str], Any]]:
    """A cursor for each time zone and form of results."""
    columns = ", ".join(f"c{number} {kind}" for number, kind in enumerate(KINDS))
    place.run(f"CREATE OR REPLACE TABLE kept (id INT, {columns})")
    opened = {}
    for zone in ZONES:
        for form in FORMS:
            parameters = {"TIMEZONE": zone, "PYTHON_CONNECTOR_QUERY_RESULT_FORMAT": form}
            connection = place.connect(paramstyle="qmark", session_parameters=parameters)
            opened[zone, form] = connection.cursor()
    yield opened
    for cursor in opened.values():
        cursor.connection.close()


@bounded(8, phases=[Phase.generate])
@given(values=st.lists(st.tuples(*KINDS.values()), min_size=5, max_size=5))
@pytest.mark.parametrize("zone", ZONES)
def test_values_come_back_as_they_were(
    cursors: dict[tuple[str, str], Any], zone: str, values: list[tuple[Any, ...]]
) -> None:
    cursor = cursors[zone, "JSON"]
    cursor.execute("TRUNCATE TABLE kept")
    bound = [(number, *map(_for_binding, KINDS, row)) for number, row in enumerate(values)]
    marks = ", ".join("?" for _ in range(len(KINDS) + 1))
    cursor.execute(f"INSERT INTO kept VALUES {', '.join(f'({marks})' for _ in bound)}", sum(bound, ()))
    written = ", ".join(
        f"({number + 100}, {', '.join(map(literal, KINDS, row))})" for number, row in enumerate(values)
    )
    cursor.execute(f"INSERT INTO kept VALUES {written}")
    for form in FORMS:
        rows = cursors[zone, form].execute("SELECT * EXCLUDE id FROM kept ORDER BY id").fetchall()
        for row, wanted in zip(rows, [*values, *values], strict=True):
            for kind, found, value in zip(KINDS, row, wanted, strict=True):
                assert _same(found, value, form), (kind, form, value, found)


def _for_binding(kind: str, value: Any) -> Any:
    if kind in ("TIMESTAMP_LTZ", "TIMESTAMP_TZ"):
        return ("TIMESTAMP_TZ", value)
    return ("TIMESTAMP_NTZ", value) if kind == "TIMESTAMP_NTZ" else value


def _same(found: Any, value: Any, form: str) -> bool:
    if isinstance(value, float):
        return math.isclose(found, value, rel_tol=1e-15)
    same_offset = True
    if isinstance(value, datetime.datetime) and value.tzinfo and str(found.tzinfo).startswith("pytz.Fixed"):
        same_offset = found.utcoffset() == value.utcoffset()
    if isinstance(value, datetime.datetime) and form == "JSON":
        # The connector reads the seconds as floating point.
        return abs(found - value) < datetime.timedelta(milliseconds=0.1) and same_offset
    return found == value and same_offset


def test_far_moments_keep_their_microseconds(cursors: dict[tuple[str, str], Any]) -> None:
    for moment in (
        datetime.datetime(1, 1, 2, 3, 4, 5, 678901),
        datetime.datetime(9999, 12, 30, 1, 2, 3, 999999),
    ):
        query = (
            f"SELECT '{moment}'::TIMESTAMP_NTZ, '{moment} +0130'::TIMESTAMP_TZ, '{moment} Z'::TIMESTAMP_TZ"
        )
        plain, east, zulu = cursors["UTC", "ARROW"].execute(query).fetchone()
        assert (plain, east.replace(tzinfo=None), zulu.replace(tzinfo=None)) == (moment, moment, moment)


def test_times_follow_the_time_zone_of_the_session(place: Place) -> None:
    """See https://docs.snowflake.com/en/sql-reference/parameters#timezone"""
    with place.connect() as connection:
        cursor: Any = connection.cursor()

        def value(expression: str) -> Any:
            return cursor.execute(f"SELECT {expression}").fetchone()[0]

        cursor.execute("ALTER SESSION SET TIMEZONE = 'America/Los_Angeles'")
        midnight = value("'2024-01-01 00:00:00'::TIMESTAMP_LTZ")
        assert midnight == datetime.datetime(2024, 1, 1, 8, tzinfo=datetime.UTC)
        assert value("'2024-07-01 00:00:00'::TIMESTAMP_LTZ").isoformat() == "2024-07-01T00:00:00-07:00"
        assert value("'2024-01-01 00:00:00'::TIMESTAMP_LTZ = '2024-01-01 08:00:00Z'::TIMESTAMP_LTZ")
        assert value("'2024-01-01'::TIMESTAMP_LTZ::VARCHAR") == "2024-01-01 00:00:00.000 -0800"
        assert value("CURRENT_TIMESTAMP::DATE = CURRENT_DATE AND SYSDATE() > '2024-01-01'")
        assert value("TO_TIMESTAMP_LTZ(0)::TIMESTAMP_NTZ") == datetime.datetime(1969, 12, 31, 16)
        assert value("TO_TIMESTAMP(0)") == datetime.datetime(1970, 1, 1)
        assert value("DATE_TRUNC('day', '2024-01-01 05:00:00Z'::TIMESTAMP_LTZ)::VARCHAR")[:10] == "2023-12-31"
        cursor.execute("ALTER SESSION SET TIMEZONE = 'Asia/Tokyo'")
        assert value("'2024-01-01 09:00:00'::TIMESTAMP_LTZ") == datetime.datetime(
            2024, 1, 1, tzinfo=datetime.UTC
        )
        cursor.execute("ALTER SESSION SET TIMESTAMP_TYPE_MAPPING = 'TIMESTAMP_TZ'")
        assert value("'2024-01-01'::TIMESTAMP").utcoffset() == datetime.timedelta(hours=9)


def test_new_sessions_are_in_los_angeles(account: RunningAccount) -> None:
    rows = account.run("SHOW PARAMETERS LIKE 'TIMEZONE'")
    assert rows[0]["value"] == "America/Los_Angeles"
    assert account.run("SELECT '2024-01-01'::TIMESTAMP_LTZ::VARCHAR AS t") == [
        {"T": "2024-01-01 00:00:00.000 -0800"}
    ]


def test_timestamp_tz_keeps_its_offset(place: Place) -> None:
    """See https://docs.snowflake.com/en/sql-reference/data-types-datetime#timestamp-tz"""
    with place.connect() as connection:
        cursor: Any = connection.cursor()
        cursor.execute("CREATE OR REPLACE TABLE offsets (id INT, z TIMESTAMP_TZ)")
        cursor.execute(
            "INSERT INTO offsets VALUES (1, '2024-01-01 00:00:00 +0300'), (2, '2023-12-31 21:30:00Z')"
        )
        cursor.execute("INSERT INTO offsets SELECT 3, '2024-01-01 00:00:00'::TIMESTAMP_LTZ")
        found = cursor.execute("SELECT z FROM offsets ORDER BY z").fetchall()
        assert [row[0].isoformat() for row in found] == [
            "2024-01-01T00:00:00+03:00",
            "2023-12-31T21:30:00+00:00",
            "2024-01-01T00:00:00-08:00",
        ]
        assert cursor.description[0].type_code == 7
        cursor.execute(
            "SELECT z::DATE, HOUR(z), z::VARCHAR, TO_CHAR(z, 'YYYY-MM-DD HH24:MI TZHTZM'), "
            "DATEADD(hour, 1, z)::VARCHAR, z = '2023-12-31 21:00:00Z', z < '2024-01-01 00:00:00 +0300' "
            "FROM offsets WHERE id = 1"
        )
        assert cursor.fetchone() == (
            datetime.date(2024, 1, 1),
            0,
            "2024-01-01 00:00:00.000 +0300",
            "2024-01-01 00:00 +0300",
            "2024-01-01 01:00:00.000 +0300",
            True,
            False,
        )
        cursor.execute("SELECT CONVERT_TIMEZONE('Asia/Tokyo', z)::VARCHAR FROM offsets WHERE id = 1")
        assert cursor.fetchone() == ("2024-01-01 06:00:00.000 +0900",)
        described = cursor.execute("DESCRIBE TABLE offsets").fetchall()
        assert [row[1] for row in described] == ["NUMBER(38,0)", "TIMESTAMP_TZ(9)"]


def test_sums_are_exact(place: Place) -> None:
    with place.connect() as connection:
        cursor: Any = connection.cursor()
        cursor.execute("CREATE OR REPLACE TABLE large (n NUMBER(38,0), m NUMBER(38,2))")
        cursor.execute("INSERT INTO large VALUES (12345678901234567890123456789012345670, 0.01), (7, 0.02)")
        assert cursor.execute("SELECT SUM(n), SUM(m), MAX(n) + 1 FROM large").fetchone() == (
            12345678901234567890123456789012345677,
            Decimal("0.03"),
            12345678901234567890123456789012345671,
        )
        assert cursor.execute("SELECT SUBSTR('abc', n - 5, n) FROM large WHERE n = 7").fetchone() == ("bc",)
        assert cursor.execute("SELECT 9223372036854775807 + 1, 100000 * 100000").fetchone() == (
            9223372036854775808,
            10000000000,
        )


def test_lengths_of_texts_are_kept(account: RunningAccount, place: Place) -> None:
    place.run("CREATE OR REPLACE TABLE short (a VARCHAR(3))", "ALTER TABLE short RENAME COLUMN a TO b")
    account.restart()
    with place.connect() as connection:
        cursor: Any = connection.cursor()
        cursor.execute("INSERT INTO short VALUES ('äöü')")
        with pytest.raises(Exception, match="String 'abcd' is too long and would be truncated"):
            cursor.execute("INSERT INTO short VALUES ('abcd')")
        assert cursor.execute("DESCRIBE TABLE short").fetchone()[1] == "VARCHAR(3)"


def test_arrow_whenever_the_session_wants_it(place: Place) -> None:
    with place.connect() as connection:
        cursor: Any = connection.cursor()
        for query in (
            "SELECT 1",
            "SELECT 'a' AS b WHERE FALSE",
            "SELECT CURRENT_ROLE(), NULL::TIMESTAMP_TZ, [1]",
        ):
            batches = cursor.execute(query).get_result_batches()
            assert all(isinstance(batch, ArrowResultBatch) for batch in batches)
        cursor.execute("ALTER SESSION SET PYTHON_CONNECTOR_QUERY_RESULT_FORMAT = 'JSON'")
        for query in ("SELECT 1", "SELECT 1 + 1"):
            cursor.execute(query)
            assert cursor._query_result_format == "json"
