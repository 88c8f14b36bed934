"""Delimited texts are read as https://docs.snowflake.com/en/sql-reference/sql/create-file-format says."""

from __future__ import annotations

import random
from typing import Any

import pytest

from local_account.loading.csv_rows import BadRecord, CsvReader
from local_account.stages.format_options import complete


def records(text: str, **options: Any) -> list[Any]:
    return [record for _, record in CsvReader(complete({"TYPE": "CSV", **options})).records([text])]


def test_quoted_tables_come_back_however_the_text_is_cut() -> None:
    chance = random.Random(3)  # noqa: S311
    pieces = ["", "a", '"', ",", "\n", "\r\n", "\\", " ", "é", "\0"]
    options = complete({"TYPE": "CSV", "FIELD_OPTIONALLY_ENCLOSED_BY": '"'})
    for _ in range(100):
        rows = [["".join(chance.choices(pieces, k=chance.randrange(6))) for _ in range(3)] for _ in range(4)]
        lines = (",".join('"' + cell.replace('"', '""') + '"' for cell in row) for row in rows)
        text = "\n".join(lines) + chance.choice(["", "\n"])
        for size in (1, 2, 7, len(text)):
            parts = [text[start : start + size] for start in range(0, len(text), size)]
            assert [record for _, record in CsvReader(options).records(parts)] == rows


@pytest.mark.parametrize(
    ("text", "options", "expected"),
    [
        ("a,b\r\nc,\n\n", {}, [["a", "b"], ["c", ""], [""]]),
        ("a\n\nb\n", {"SKIP_BLANK_LINES": True}, [["a"], ["b"]]),
        ("h\n1\n", {"SKIP_HEADER": 1}, [["1"]]),
        ("a::b|c", {"FIELD_DELIMITER": "::", "RECORD_DELIMITER": "|"}, [["a", "b"], ["c"]]),
        ("a,b\nc", {"FIELD_DELIMITER": None}, [["a,b"], ["c"]]),
        ("a\\,b\\\nc,\\N,\\t,d\\\\", {}, [["a,b\nc", "\\N", "\t", "d\\"]]),
        (" a , b ", {"TRIM_SPACE": True}, [["a", "b"]]),
        ("'it''s','x\\'y'", {"FIELD_OPTIONALLY_ENCLOSED_BY": "'", "ESCAPE": "\\"}, [["it's", "x'y"]]),
        (' "a" ,b', {"FIELD_OPTIONALLY_ENCLOSED_BY": '"', "TRIM_SPACE": True}, [["a", "b"]]),
        ('a"b,c', {"FIELD_OPTIONALLY_ENCLOSED_BY": '"'}, [['a"b', "c"]]),
    ],
)
def test_options(text: str, options: dict[str, Any], expected: list[Any]) -> None:
    assert records(text, **options) == expected


def test_bad_records_do_not_take_others_with_them() -> None:
    found = records('"a"x,b\nc,d\n"e', FIELD_OPTIONALLY_ENCLOSED_BY='"')
    assert found[1] == ["c", "d"]
    wrong = [
        (record.message, record.character) for record in (found[0], found[2]) if isinstance(record, BadRecord)
    ]
    assert wrong == [
        ("Found character 'x' instead of field delimiter ','", 4),
        ("End of record reached while an enclosed field is open", 1),
    ]
