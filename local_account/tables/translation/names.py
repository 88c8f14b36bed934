"""The data engine's names for Snowflake's identifiers.

The engine does not distinguish between upper and lower case; Snowflake does, in quoted identifiers. So every
identifier but a plain upper-case one has an encoded name in the engine: a prefix and hexadecimal digits. Such
names need no quotes anywhere. An identifier that itself begins with the prefix is encoded, too, so that no
two identifiers share a name.
See https://docs.snowflake.com/en/sql-reference/identifiers-syntax
"""

from __future__ import annotations

import re

from local_account.base.sql import shown

# How encoded names begin.
PREFIX = "_Q_"
# The identifier for the name in a column, for the engine.
DECODED_SQL = (
    f"CASE WHEN starts_with({{column}}, '{PREFIX}') "
    f"THEN decode(unhex(substring({{column}}, {len(PREFIX) + 1}))) ELSE {{column}} END"
)
_PLAIN = re.compile(r"[A-Z_][A-Z0-9_]*")
_ENCODED = re.compile(f"{PREFIX}((?:[0-9A-F]{{2}})+)")
# Words that the engine reads as something else than a name; the names on disk depend on this list.
_RESERVED = frozenset(
    """
    ALL ANALYSE ANALYZE AND ANTI ANY ARRAY AS ASC ASOF ASYMMETRIC AT AUTHORIZATION BINARY BOTH BY CASE
    CAST CHECK COLLATE COLLATION COLUMN COLUMNS CONCURRENTLY CONSTRAINT CREATE CROSS DEFAULT
    DEFERRABLE DESC DESCRIBE DISTINCT DO ELSE END EXCEPT FALSE FETCH FOR FOREIGN FREEZE FROM FULL
    GENERATED GLOB GROUP HAVING ILIKE IN INITIALLY INNER INTERSECT INTO IS ISNULL JOIN LAMBDA LATERAL
    LEADING LEFT LIKE LIMIT MAP MERGE_OP NATURAL NOT NOTNULL NULL OFFSET ON ONLY OR ORDER OUTER
    OVERLAPS PIVOT PIVOT_LONGER PIVOT_WIDER PLACING POSITIONAL PRIMARY QUALIFY REFERENCES RETURNING
    RIGHT ROWID SELECT SEMI SHOW SIMILAR SOME STRUCT SUMMARIZE SYMMETRIC TABLE TABLESAMPLE THEN TO
    TRAILING TRUE TRY_CAST TUPLE UNION UNIQUE UNPACK UNPIVOT USING VARIADIC VERBOSE WHEN WHERE WINDOW
    WITH
    """.split()  # noqa: SIM905 a list of one word a line would hide the rest
)


def is_plain(identifier: str) -> bool:
    """Whether the engine can have an identifier as it is."""
    return _PLAIN.fullmatch(identifier) is not None and identifier not in _RESERVED


def encoded(identifier: str) -> str:
    """The engine's name for an identifier."""
    if is_plain(identifier) and not identifier.startswith(PREFIX):
        return identifier
    return PREFIX + identifier.encode("utf-8", "surrogatepass").hex().upper()


def decoded(name: str) -> str:
    """The identifier with this name in the engine."""
    return _ENCODED.sub(lambda found: _identifier(found[1]), name) if PREFIX in name else name


def decoded_text(text: str) -> str:
    """A text of the engine with Snowflake's identifiers, quoted where they need it."""
    return _ENCODED.sub(lambda found: shown([_identifier(found[1])]), text) if PREFIX in text else text


def _identifier(digits: str) -> str:
    return bytes.fromhex(digits).decode("utf-8", "surrogatepass")
