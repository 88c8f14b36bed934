"""Quoting of names and values, and reading of quoted names.

See https://docs.snowflake.com/en/sql-reference/identifiers-syntax and
https://docs.snowflake.com/en/sql-reference/data-types-text#string-constants.
"""

from collections.abc import Iterable

_ESCAPES = {
    "\\": "\\\\",
    "'": "\\'",
    '"': '\\"',
    "\b": "\\b",
    "\f": "\\f",
    "\n": "\\n",
    "\r": "\\r",
    "\t": "\\t",
    "\0": "\\0",
}


def ident(name: str) -> str:
    """One name in double quotes; quotes around the given name are removed first."""
    return '"' + bare(name).replace('"', '""') + '"'


def bare(name: str) -> str:
    """A name without the double quotes around it."""
    return name[1:-1].replace('""', '"') if len(name) > 1 and name[0] == name[-1] == '"' else name


def path(names: Iterable[str]) -> str:
    """A name of several parts, each quoted: ``"D"."S"."N"``."""
    return ".".join(ident(name) for name in names)


def literal(text: str) -> str:
    """A text value in single quotes, with backslash escapes."""
    return "'" + "".join(_ESCAPES.get(char, char) for char in text) + "'"


def dollar(text: str) -> str:
    """A text between ``$$``; raises ValueError when the text holds ``$$`` itself."""
    if "$$" in text:
        raise ValueError("the value cannot contain the $$ sequence: the plugin wraps the text in $$ itself")
    return f"$${text}$$"


def split(text: str) -> tuple[str, ...]:
    """The parts of a name such as ``D.S.N`` or ``"D"."S"."N"``, without quotes.

    Raises:
        ValueError: a quote is not closed, or a part is empty.
    """
    parts, current, quoted, position = [], "", False, 0
    while position < len(text):
        char = text[position]
        if char == '"' and quoted and text[position + 1 : position + 2] == '"':
            current, position = current + '"', position + 1
        elif char == '"':
            quoted = not quoted
        elif char == "." and not quoted:
            parts.append(current)
            current = ""
        else:
            current += char
        position += 1
    parts.append(current)
    if quoted or not all(parts):
        raise ValueError(f"cannot read the identifier {text!r}: use DATABASE.SCHEMA.NAME or quoted parts")
    return tuple(parts)


def split_exactly(text: str, count: int) -> tuple[str, ...]:
    """The parts of a name that must have ``count`` of them; raises ValueError otherwise."""
    parts = split(text)
    if len(parts) != count:
        expected = {1: "<name>", 2: "<database>.<schema>", 3: "<database>.<schema>.<name>"}[count]
        raise ValueError(
            f"unable to parse the identifier {text!r}: expected {expected}, got {len(parts)} parts"
        )
    return parts


def words(text: str) -> tuple[str, ...]:
    """The words of a text; long lists are easier to read in this form."""
    return tuple(text.split())


def plural(kind: str) -> str:
    """``IMAGE REPOSITORY`` as ``IMAGE REPOSITORIES``."""
    return kind[:-1] + "IES" if kind.endswith("Y") else kind + "S"


def singular(kinds: str) -> str:
    """``IMAGE REPOSITORIES`` as ``IMAGE REPOSITORY``."""
    return kinds[:-3] + "Y" if kinds.endswith("IES") else kinds.removesuffix("S")


def qualified(text: str) -> str:
    """A name of any number of parts, every part quoted."""
    return path(split(text))
