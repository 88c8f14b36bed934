"""Requests with several statements: https://docs.snowflake.com/en/developer-guide/sql-api/submitting-multiple-statements"""

from __future__ import annotations

import re
from collections.abc import Sequence

from local_account.base import sql
from local_account.base.errors import SnowflakeError
from local_account.base.result import Column, Result

STATEMENT_TYPE = 0xA000
# Semicolons inside these belong to a path or to a body.
_ONE = re.compile(
    r"(?:\s|--[^\n]*|/\*.*?\*/)*(?:PUT|GET|LIST|LS|REMOVE|RM|DECLARE"
    r"|BEGIN\s+(?!TRANSACTION\b|WORK\b|NAME\b|;|$)"
    r"|CREATE\s+(?:OR\s+REPLACE\s+)?(?:PROCEDURE|FUNCTION|TASK))\b",
    re.IGNORECASE | re.DOTALL,
)


def possible(text: str) -> bool:
    """Whether a text may hold more than one statement."""
    return ";" in text.rstrip().rstrip(";")


def statements(text: str, count: int) -> list[str]:
    """The statements of a request; the text as it is when it is one.

    Args:
        count: how many there must be; 0 for any number.

    Raises:
        SnowflakeError: 000008 when there are more or fewer.
    """
    found = [text] if _ONE.match(text) else sql.split(text)
    if count and found and len(found) != count:
        message = f"Actual statement count {len(found)} did not match the desired statement count {count}."
        raise SnowflakeError("000008", "0A000", message)
    return found if len(found) > 1 else [text]


def answer(results: Sequence[tuple[str, Result]]) -> Result:
    """What a client gets for the whole request: the query ids at which the results are."""
    extra = {
        "resultIds": ",".join(query for query, _ in results),
        "resultTypes": ",".join(str(result.statement_type) for _, result in results),
    }
    shape = [Column("multiple statement execution")]
    rows: list[list[str | None]] = [["Multiple statements executed successfully."]]
    return Result(shape, rows, STATEMENT_TYPE, extra)
