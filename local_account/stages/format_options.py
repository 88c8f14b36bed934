"""The options of file formats, as FILE FORMAT objects, stages and COPY have them.

See https://docs.snowflake.com/en/sql-reference/sql/create-file-format
"""

from __future__ import annotations

import codecs
from typing import Any, NamedTuple

from sqlglot.tokens import TokenType

from local_account.base import errors
from local_account.base.sql import Statement
from local_account.catalog.catalog import Object
from local_account.statement.context import Context
from local_account.statement.options import Reader, boolean, one_of, option_name

TYPE, FORMAT_NAME = "TYPE", "FORMAT_NAME"
_NONE = "NONE"
_ABSENT_TYPES = ("AVRO", "ORC", "XML", "CUSTOM")
_CODECS = (("ISO8859", "iso8859-"), ("WINDOWS", "cp"), ("UTF16BE", "utf-16-be"), ("UTF16LE", "utf-16-le"))


class Option(NamedTuple):
    """One option of a format type.

    Attributes:
        kind: what DESCRIBE FILE FORMAT calls its type.
        default: a text, number, truth value or list; None for NONE.
    """

    reader: Reader
    kind: str
    default: Any


def _delimiter(statement: Statement) -> str | None:
    """A string, or NONE."""
    if statement.accept(_NONE):
        return None
    value = statement.string()
    if value.upper() == _NONE:
        return None
    if len(value) == 4 and value.startswith(("0x", "0X")):
        value = bytes.fromhex(value[2:]).decode("latin-1")
    if len(value.encode("utf-8", "surrogatepass")) > 20:
        raise errors.invalid_value(value[:40], "delimiter", "at most 20 bytes")
    return value


def _character(statement: Statement) -> str | None:
    value = _delimiter(statement)
    if value and len(value) != 1:
        raise errors.invalid_value(value, "ESCAPE or FIELD_OPTIONALLY_ENCLOSED_BY", "one character, or NONE")
    return value or None


def _text(statement: Statement) -> str | None:
    return None if statement.accept(_NONE) else statement.text_or_word()


def _list(statement: Statement) -> list[str]:
    if statement.words(1) == ("(",):
        return statement.listed("string")
    return [statement.string()]


def _count(statement: Statement) -> int:
    value = statement.integer()
    if value < 0:
        raise errors.invalid_value(value, "SKIP_HEADER", "0 or more")
    return value


def _encoding(statement: Statement) -> str:
    value = statement.text_or_word().upper().replace("-", "").replace("_", "")
    try:
        codecs.lookup(codec(value))
    except LookupError:
        raise errors.unsupported(f"ENCODING = {value[:40]}") from None
    return value


def codec(encoding: str) -> str:
    """Python's name of an encoding."""
    for beginning, name in _CODECS:
        if encoding.startswith(beginning):
            return name + encoding.removeprefix(beginning)
    return {"KOI8R": "koi8-r", "UTF32BE": "utf-32-be", "UTF32LE": "utf-32-le"}.get(encoding, encoding)


_TRUTH = "Boolean"
_OF_TEXTS = ("AUTO", "GZIP", "BZ2", "BROTLI", "ZSTD", "DEFLATE", "RAW_DEFLATE", "NONE")
# write_pandas says GZIP of Parquet files too.
_OF_PARQUET = ("AUTO", "SNAPPY", "LZO", "GZIP", "BROTLI", "ZSTD", "NONE")
_COMPRESSIONS = one_of(*dict.fromkeys(_OF_TEXTS + _OF_PARQUET))
_MOMENTS = {
    "DATE_FORMAT": Option(_text, "String", "AUTO"),
    "TIME_FORMAT": Option(_text, "String", "AUTO"),
    "TIMESTAMP_FORMAT": Option(_text, "String", "AUTO"),
    "BINARY_FORMAT": Option(one_of("HEX", "BASE64", "UTF8"), "String", "HEX"),
}
OPTIONS: dict[str, dict[str, Option]] = {
    "CSV": {
        "RECORD_DELIMITER": Option(_delimiter, "String", "\n"),
        "FIELD_DELIMITER": Option(_delimiter, "String", ","),
        "FILE_EXTENSION": Option(_text, "String", ""),
        "SKIP_HEADER": Option(_count, "Integer", 0),
        "PARSE_HEADER": Option(boolean, _TRUTH, False),
        **_MOMENTS,
        "ESCAPE": Option(_character, "String", None),
        "ESCAPE_UNENCLOSED_FIELD": Option(_character, "String", "\\"),
        "TRIM_SPACE": Option(boolean, _TRUTH, False),
        "FIELD_OPTIONALLY_ENCLOSED_BY": Option(_character, "String", None),
        "NULL_IF": Option(_list, "List", ["\\N"]),
        "COMPRESSION": Option(_COMPRESSIONS, "String", "AUTO"),
        "ERROR_ON_COLUMN_COUNT_MISMATCH": Option(boolean, _TRUTH, True),
        "VALIDATE_UTF8": Option(boolean, _TRUTH, True),
        "SKIP_BLANK_LINES": Option(boolean, _TRUTH, False),
        "REPLACE_INVALID_CHARACTERS": Option(boolean, _TRUTH, False),
        "EMPTY_FIELD_AS_NULL": Option(boolean, _TRUTH, True),
        "SKIP_BYTE_ORDER_MARK": Option(boolean, _TRUTH, True),
        "ENCODING": Option(_encoding, "String", "UTF8"),
        "MULTI_LINE": Option(boolean, _TRUTH, True),
    },
    "JSON": {
        "FILE_EXTENSION": Option(_text, "String", ""),
        **_MOMENTS,
        "TRIM_SPACE": Option(boolean, _TRUTH, False),
        "NULL_IF": Option(_list, "List", []),
        "COMPRESSION": Option(_COMPRESSIONS, "String", "AUTO"),
        "ENABLE_OCTAL": Option(boolean, _TRUTH, False),
        "ALLOW_DUPLICATE": Option(boolean, _TRUTH, False),
        "STRIP_OUTER_ARRAY": Option(boolean, _TRUTH, False),
        "STRIP_NULL_VALUES": Option(boolean, _TRUTH, False),
        "IGNORE_UTF8_ERRORS": Option(boolean, _TRUTH, False),
        "REPLACE_INVALID_CHARACTERS": Option(boolean, _TRUTH, False),
        "SKIP_BYTE_ORDER_MARK": Option(boolean, _TRUTH, True),
        "MULTI_LINE": Option(boolean, _TRUTH, True),
    },
    "PARQUET": {
        "TRIM_SPACE": Option(boolean, _TRUTH, False),
        "NULL_IF": Option(_list, "List", []),
        "COMPRESSION": Option(_COMPRESSIONS, "String", "AUTO"),
        "SNAPPY_COMPRESSION": Option(boolean, _TRUTH, True),
        "BINARY_AS_TEXT": Option(boolean, _TRUTH, True),
        "USE_LOGICAL_TYPE": Option(boolean, _TRUTH, False),
        "USE_VECTORIZED_SCANNER": Option(boolean, _TRUTH, False),
        "REPLACE_INVALID_CHARACTERS": Option(boolean, _TRUTH, False),
    },
}
_READERS: dict[str, Reader] = {
    name: option.reader for options in OPTIONS.values() for name, option in reversed(options.items())
}


def _type(statement: Statement) -> str:
    value = statement.text_or_word().upper()
    if value in _ABSENT_TYPES:
        raise errors.unsupported(f"FILE FORMAT TYPE = {value}")
    if value not in OPTIONS:
        raise errors.invalid_value(value, TYPE, ", ".join(OPTIONS))
    return value


def _name(statement: Statement) -> list[str]:
    return statement.name_or_text()


def read(statement: Statement, known_type: str = "", inside: bool = True) -> dict[str, Any]:
    """Read format options as a client gave them: `TYPE = CSV SKIP_HEADER = 1` or `FORMAT_NAME = f`.

    Args:
        known_type: type of the format that is altered.
        inside: they stand in parentheses, which are read too; otherwise they reach up to COMMENT or the end.

    Raises:
        SnowflakeError: 001003 for an unknown option, 002029 without a type, 001008 for an option that the
            type does not have.
    """
    found: dict[str, Any] = {}
    if inside:
        statement.expect("(")
    readers: dict[str, Reader] = {TYPE: _type, FORMAT_NAME: _name, **_READERS}
    while not statement.done and statement.words(1) != (")",) and statement.words(1) != ("COMMENT",):
        if statement.accept(","):
            continue
        name = option_name(statement, readers)
        statement.expect("=")
        found[name] = readers[name](statement)
    if inside:
        statement.expect(")")
    _require_fitting(found, known_type)
    return found


def _require_fitting(found: dict[str, Any], known_type: str) -> None:
    if FORMAT_NAME in found:
        if len(found) > 1:
            raise errors.compilation_error(
                "001003", "42000", "FORMAT_NAME and other format options exclude each other."
            )
        return
    kind = found.get(TYPE) or known_type
    if not kind:
        if found:
            raise errors.missing_option(TYPE)
        return
    for name in found:
        if name != TYPE and name not in OPTIONS[kind]:
            raise errors.invalid_value(name, f"FILE_FORMAT (TYPE = {kind})", ", ".join(OPTIONS[kind]))
    allowed = _OF_PARQUET if kind == "PARQUET" else _OF_TEXTS
    if found.get("COMPRESSION", "AUTO") not in allowed:
        raise errors.invalid_value(found["COMPRESSION"], "COMPRESSION", ", ".join(allowed))


def complete(given: dict[str, Any]) -> dict[str, Any]:
    """Format options with all defaults; CSV without a type."""
    kind = given.get(TYPE, "CSV")
    defaults = {name: option.default for name, option in OPTIONS[kind].items()}
    return {TYPE: kind, **defaults, **given}


def resolve(context: Context, given: dict[str, Any], stage: Object | None) -> dict[str, Any]:
    """The options in force: those of the statement, or those of the stage, or Snowflake's defaults.

    Raises:
        SnowflakeError: 002003 when the file format does not exist, 003001 without USAGE on it.
    """
    found = given or (stage.properties.get("FILE_FORMAT") if stage else None) or {}
    if FORMAT_NAME in found:
        return complete(named(context, found[FORMAT_NAME]).properties)
    return complete(found)


def named(context: Context, parts: list[str]) -> Object:
    """A FILE FORMAT object that the session may use.

    Raises:
        SnowflakeError: 002003 when it does not exist, 003001 without USAGE on it.
    """
    name = context.resolve(parts, "schema")
    context.require_usage(name)
    item = context.get("FILE FORMAT", name)
    context.require("USAGE", item)
    return item


def shown(value: Any) -> str:
    """An option's value as DESCRIBE shows it."""
    if value is None:
        return _NONE
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return f"[{', '.join(_visible(entry) for entry in value)}]"
    return _visible(str(value))


def _visible(text: str) -> str:
    for character, written in (("\\", "\\\\"), ("\n", "\\n"), ("\r", "\\r"), ("\t", "\\t")):
        text = text.replace(character, written)
    return text


def bound(statement: Statement) -> str:
    """A string, a word in upper case, or the value that is bound to a `?`."""
    if statement.words(1) != ("?",):
        return statement.text_or_word()
    before = statement.tokens[: statement.position]
    index = sum(token.token_type is TokenType.PLACEHOLDER for token in before)
    statement.position += 1
    values = statement.bindings or []
    value = values[index].get("value") if index < len(values) else None
    if not isinstance(value, str):
        raise errors.compilation_error("002049", "42601", "bind variable has no value.")
    return value
