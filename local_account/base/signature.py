"""Names of functions in the catalog. Functions of one name differ in the types of their arguments.

So the catalog's name of a function is its name and these types, `F(NUMBER, VARCHAR)`; a type has no
parenthesis in it. See https://docs.snowflake.com/en/developer-guide/udf-stored-procedure-naming-conventions
"""

from __future__ import annotations

from collections.abc import Iterable

from local_account.base.sql import Name, shown

FUNCTION = "FUNCTION"


def signed(name: str, types: Iterable[str]) -> str:
    """The catalog's name of a function."""
    return f"{name}({', '.join(types)})"


def plain(kind: str, name: str) -> str:
    """An object's name as clients see it; a function's without its types."""
    return name[: name.rindex("(")] if kind == FUNCTION else name


def told(kind: str, name: Name) -> str:
    """A full name as error messages have it: quotes only where they are needed, no types of a function."""
    return shown(name._replace(name=plain(kind, name.name)))


def in_sql(kind: str, name: Name) -> str:
    """A full name as statements have it: quotes only where they are needed, a function with its types."""
    return told(kind, name) + name.name[len(plain(kind, name.name)) :]
