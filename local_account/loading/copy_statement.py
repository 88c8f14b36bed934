"""Reads COPY INTO <table>. See https://docs.snowflake.com/en/sql-reference/sql/copy-into-table"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from local_account.base import errors
from local_account.base.sql import Statement, shown
from local_account.stages import format_options
from local_account.stages.copy_options import STAGE_COPY_OPTIONS
from local_account.statement.options import Reader, option_name

_LOCATION = re.compile(r"""@(?:"(?:[^"]|"")*+"|[^\s"'();,])++""")
_EXTERNAL = re.compile(r"(?:s3|s3gov|s3china|s3compat|gcs|azure|https?)://", re.IGNORECASE)
_VALIDATION = re.compile(r"RETURN_(?:ERRORS|ALL_ERRORS|(\d{1,6})_ROWS)")
_REFUSED = (
    *("CLUSTER_AT_INGEST_TIME", "LOAD_MODE", "INCLUDE_METADATA", "FILE_PROCESSOR", "CREDENTIALS"),
    *("ENCRYPTION", "STORAGE_INTEGRATION"),
)


@dataclass
class Copy:
    """A COPY INTO <table>.

    Attributes:
        table: parts of the table's name.
        columns: names of the columns; None for all.
        location: the stage location; '' for the table's own stage.
        query: text of the SELECT in its place; '' without one.
        names: FILES.
        options: copy options as given.
        format: format options as given.
    """

    table: list[str]
    columns: list[str] | None = None
    location: str = ""
    query: str = ""
    names: list[str] | None = None
    pattern: str | None = None
    validation: str = ""
    options: dict[str, Any] = field(default_factory=dict)
    format: dict[str, Any] = field(default_factory=dict)

    @property
    def insert(self) -> str:
        """An INSERT into the same columns, which needs the same privileges."""
        columns = f" ({', '.join(shown([name]) for name in self.columns)})" if self.columns else ""
        return f"INSERT INTO {shown(self.table)}{columns} SELECT 1"

    @property
    def validated_rows(self) -> int:
        """How many rows `VALIDATION_MODE = RETURN_<n>_ROWS` returns; 0 for another mode."""
        found = _VALIDATION.fullmatch(self.validation)
        return int(found[1] or 0) if found else 0


def at_location(statement: Statement) -> bool:
    """Whether a stage or another location comes next, and not a table.

    Raises:
        SnowflakeError: 000002 for a location outside of the account.
    """
    token = statement.tokens[statement.position] if not statement.done else None
    if token and _EXTERNAL.match(token.text):
        raise errors.unsupported("COPY with an external location")
    return bool(token and token.text.startswith("@"))


def read_location(statement: Statement) -> str:
    """A stage location, quoted or bare.

    Raises:
        SnowflakeError: 001003 when something else comes next, 000002 for a location outside of the account.
    """
    if not at_location(statement):
        raise statement.unexpected()
    token = statement.tokens[statement.position]
    if token.text != "@" and token.text.startswith("@"):
        return statement.text_or_word()
    found = _LOCATION.match(statement.text, token.start)
    if not found:
        raise statement.unexpected()
    while not statement.done and statement.tokens[statement.position].start < found.end():
        statement.position += 1
    return found[0]


def read(statement: Statement) -> Copy:
    """Read what follows COPY INTO.

    Raises:
        SnowflakeError: 001003 for wrong syntax, 000002 for an option that is not supported.
    """
    found = Copy(statement.parts())
    if statement.words(1) == ("(",):
        found.columns = statement.listed("identifier")
    if statement.accept("FROM"):
        if statement.words(1) == ("(",):
            found.query = statement.nested()
        else:
            found.location = read_location(statement)
    readers: dict[str, Reader] = {
        "FILES": lambda source: source.listed("string"),
        "PATTERN": Statement.string,
        "FILE_FORMAT": format_options.read,
        "VALIDATION_MODE": _validation,
        **{name: option.reader for name, option in STAGE_COPY_OPTIONS.items()},
        **{name: _refuse(name) for name in _REFUSED},
    }
    while not statement.done:
        name = option_name(statement, readers)
        if name in _REFUSED:
            raise errors.unsupported(f"COPY INTO {name}")
        statement.expect("=")
        value = readers[name](statement)
        if name == "FILES":
            found.names = value
        elif name == "PATTERN":
            found.pattern = value
        elif name == "FILE_FORMAT":
            found.format = value
        elif name == "VALIDATION_MODE":
            found.validation = value
        else:
            found.options[name] = value
    if found.names is not None and len(found.names) > 1000:
        raise errors.invalid_value(len(found.names), "FILES", "at most 1000 names")
    if found.validation and found.query:
        raise errors.compilation_error(
            "002098", "0A000", "VALIDATION_MODE does not work with a COPY that transforms data."
        )
    return found


def _refuse(name: str) -> Reader:
    def read(statement: Statement) -> Any:
        del statement
        raise errors.unsupported(f"COPY INTO {name}")

    return read


def _validation(statement: Statement) -> str:
    value = statement.text_or_word().upper()
    if not _VALIDATION.fullmatch(value):
        raise errors.invalid_value(
            value, "VALIDATION_MODE", "RETURN_<n>_ROWS, RETURN_ERRORS, RETURN_ALL_ERRORS"
        )
    return value
