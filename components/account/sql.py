"""Writes the few pieces of SQL text that no resource type writes: names, literals, specifications.

See https://docs.snowflake.com/en/sql-reference/identifiers-syntax and
https://docs.snowflake.com/en/sql-reference/data-types-text.
"""

from __future__ import annotations

import hashlib

_ESCAPES = {"\\": "\\\\", "'": "\\'", "\n": "\\n", "\r": "\\r", "\t": "\\t", "\0": "\\0"}


def identifier(*parts: str) -> str:
    """Quote the parts of a name and join them: `"D"."S"."N"`."""
    return ".".join('"' + part.replace('"', '""') + '"' for part in parts)


def bare(name: str) -> str:
    """A name without its double quotes; the provider's state has some names in quotes."""
    return name[1:-1].replace('""', '"') if len(name) > 1 and name[0] == name[-1] == '"' else name


def parts(name: str) -> tuple[str, ...]:
    """The parts of a name, without quotes: `"D".S."N"` becomes `D`, `S`, `N`; no part may contain a dot."""
    return tuple(bare(part) for part in name.split("."))


def quoted(name: str) -> str:
    """Quote a plain name with dots: `D.S.N` becomes `"D"."S"."N"`."""
    return identifier(*name.split("."))


def literal(text: str) -> str:
    """Quote a string constant with single quotes."""
    return "'" + "".join(_ESCAPES.get(character, character) for character in text) + "'"


def dollar(text: str) -> str:
    """Quote a longer text with `$$`.

    Raises:
        ValueError: the text contains `$$`, which would end the quotation.
    """
    if "$$" in text:
        raise ValueError("the text contains '$$', which ends a dollar-quoted string; remove it")
    return f"$${text}$$"


def fingerprint(*texts: str) -> str:
    """A short hash of texts; in a comment it makes a statement run again when one of the texts changes."""
    return hashlib.sha256("\0".join(texts).encode()).hexdigest()[:12]
