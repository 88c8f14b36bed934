"""Translates the data engine's errors into Snowflake's.

The engine's own words never reach a client. An error that is not known here becomes one neutral sentence,
and the account's log has the engine's words, without the values in them.
"""

from __future__ import annotations

import contextlib
import logging
import re
import traceback
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import duckdb
from snowflake.connector.errors import Error as ConnectorError
from sqlglot import exp
from sqlglot.errors import SqlglotError

from local_account.base import errors
from local_account.base.errors import SnowflakeError
from local_account.base.sql import shown
from local_account.tables.plan.access import folded
from local_account.tables.translation.macros import NOT_HEXADECIMAL, TOO_LONG
from local_account.tables.translation.names import decoded, decoded_text

_log = logging.getLogger(__name__)
_INVALID_IDENTIFIER = ("000904", "42000", "error: invalid identifier '{a}'")
_AMBIGUOUS = ("002028", "42601", "ambiguous column name '{a}'")
_DUPLICATE_COLUMN = ("002025", "42S21", "duplicate column name '{a}'")
_NO_GROUP = ("000979", "42601", "[{a}] is not a valid group by expression")
_NUMERIC = ("100038", "22018", "Numeric value '{a}' is not recognized")
_RANGE = ("100039", "22003", "Numeric value '{a}' is out of range")
_TOO_GREAT = ("100046", "22003", "Number out of representable range")
_DATE = ("100040", "22007", "Date '{a}' is not recognized")
_TIME = ("100108", "22007", "Time '{a}' is not recognized")
_TIMESTAMP = ("100035", "22007", "Timestamp '{a}' is not recognized")
_MISCOUNTED = (
    "002020",
    "21S01",
    "Insert value list does not match column list expecting {a} but got {b}",
)


class _Rule(NamedTuple):
    """Snowflake's error for the engine's words; the pattern's groups stand in the text.

    A pattern looks only at the beginning of the engine's words, and must be linear.
    """

    pattern: re.Pattern[str]
    code: str
    sqlstate: str
    text: str


# Raised before a statement runs.
_COMPILATION_TEXTS = (
    (r'Referenced column "(?P<a>[^"]*)" (?:was )?not found', _INVALID_IDENTIFIER),
    (r'Table "(?P<t>[^"]*)" does not have a column (?:named|with name) "(?P<a>[^"]*)"', _INVALID_IDENTIFIER),
    (r"Referenced update column (?P<a>\S+) not found", _INVALID_IDENTIFIER),
    (r'Referenced table "(?P<a>[^"]*)" not found', _INVALID_IDENTIFIER),
    (r'Column "(?P<a>[^"]*)" (?:in \w+ list not found|does not exist on )', _INVALID_IDENTIFIER),
    (r'Ambiguous reference to column name "(?P<a>[^"]*)"', _AMBIGUOUS),
    (r'Ambiguous reference to table "(?P<a>[^"]*)"', ("002012", "42710", "duplicate alias '{a}'")),
    (r'Duplicate alias "(?P<a>[^"]*)"', ("002012", "42710", "duplicate alias '{a}'")),
    (r'Duplicate CTE name "(?P<a>[^"]*)"', ("002012", "42710", "duplicate alias '{a}'")),
    (r'Column with name "?(?P<a>[^" ]*)"? already exists', _DUPLICATE_COLUMN),
    (r'Duplicate column name "(?P<a>[^"]*)"', _DUPLICATE_COLUMN),
    (
        r'Column name/value mismatch for insert on "[^"]*": expected (?P<a>\d+) columns but (?P<b>\d+)',
        _MISCOUNTED,
    ),
    (r'[Tt]able "[^"]*" has (?P<a>\d+) columns but (?P<b>\d+) values', _MISCOUNTED),
    (r'[Tt]able "[^"]*" has (?P<b>\d+) columns available but (?P<a>\d+)', _MISCOUNTED),
    (r'column "?(?P<a>[^" ]*)"? must appear in the GROUP BY clause', _NO_GROUP),
    (r"GROUP BY term out of range", ("000979", "42601", "a position in GROUP BY is not in the select list")),
    (r"ORDER term out of range", ("000981", "42601", "a position in ORDER BY is not in the select list")),
    (r"(?:\w+ )?Function with name (?P<a>\S+) does not exist", ("002140", "42601", "Unknown function {a}")),
    (
        r"The \w+ argument in function \w+ must be a constant",
        ("001015", "22023", "argument needs to be constant"),
    ),
    (
        r"Set operations can only apply",
        ("001789", "42601", "invalid number of result columns for set operator input branches"),
    ),
    (
        r"WHERE clause cannot contain aggregates",
        ("002035", "42601", "Invalid aggregate function in where clause"),
    ),
    (
        r"aggregate function calls cannot be nested",
        ("002080", "42601", "Aggregate functions cannot be nested"),
    ),
    (
        r"Window functions are not supported here",
        ("002303", "42601", "A window function needs OVER (…)"),
    ),
    (
        r"WHERE clause cannot contain window functions",
        ("002036", "42601", "Window functions cannot be in the where clause"),
    ),
    (r"Subquery returns \d+ columns", ("002031", "42601", "Unsupported subquery type cannot be evaluated")),
    (r"at least one window function must appear", ("002037", "42601", "QUALIFY needs a window function")),
    (r"VALUES lists must all be the same length", ("001790", "42601", "the rows of VALUES differ in length")),
    (r"Duplicate struct entry name|Duplicate named argument", ("100103", "22000", "Duplicate field key")),
    (
        r"Values were not provided for the following parameters: (?P<a>\w+)",
        ("002049", "42601", "Bind variable {a} not set."),
    ),
    (r"LIMIT must be|LIMIT/OFFSET cannot|The LIMIT clause", ("001003", "42000", "LIMIT must be a number.")),
)
# Raised by the values that a statement meets.
_EXECUTION_TEXTS = (
    (
        r"Could not convert string (?P<q>['\"])(?P<a>.*?)(?P=q) to (?:DECIMAL|U?INT|DOUBLE|FLOAT|HUGEINT)",
        _NUMERIC,
    ),
    (
        r"Could not convert string (?P<q>['\"])(?P<a>.*?)(?P=q) to BOOL",
        ("100037", "22018", "Boolean value '{a}' is not recognized"),
    ),
    (r"Could not convert string (?P<q>['\"])(?P<a>.*?)(?P=q) to DATE", _DATE),
    (r"Could not convert string (?P<q>['\"])(?P<a>.*?)(?P=q) to TIME", _TIMESTAMP),
    (r"Could not cast value (?P<a>\S+) to DECIMAL", _RANGE),
    (r"Casting (?:value )?\"?(?P<a>[^\" ]+)\"? (?:of type \S+ )?to type DECIMAL\S* failed", _RANGE),
    (r"Type \S+ with value (?P<a>\S+) can't be cast because the value is out of range", _RANGE),
    (r"Overflow in|Sum is out of range|Could not fit", _TOO_GREAT),
    (r"invalid date field format: \"(?P<a>.*?)\", expected", _DATE),
    (r"date field value out of range: \"(?P<a>.*?)\"", _DATE),
    (r"invalid timestamp field format: \"(?P<a>.*?)\", expected", _TIMESTAMP),
    (r"timestamp field value out of range: \"(?P<a>.*?)\"", _TIMESTAMP),
    (r"(?:invalid time field format|time field value out of range): \"(?P<a>.*?)\", expected", _TIME),
    (r"Unknown TimeZone '(?P<a>[^']*)'", ("100095", "22023", "Unknown time zone: '{a}'")),
    (
        r"Malformed JSON at byte (?P<a>\d+)",
        ("100069", "22P02", "Error parsing JSON: malformed at position {a}"),
    ),
    (r"Failed to cast value", ("100071", "22000", "Failed to cast variant value to the wanted type")),
    (r"Could not parse string \"(?P<a>.*?)\" according", _TIMESTAMP),
    (
        r"Expected ARRAY, but got|UNNEST\(\) can only be applied",
        ("001044", "42P13", "Invalid argument types for function 'FLATTEN'"),
    ),
    (r"Map keys must be unique", ("100103", "22000", "Duplicate field key")),
    (
        r"More than one row returned by a subquery",
        ("090150", "22000", "Single-row subquery returns more than one row."),
    ),
    (
        r"cannot take square root of a negative|cannot take logarithm",
        ("100050", "22023", "Invalid floating point operation"),
    ),
    (
        r"missing \)|missing \]|no argument for repetition|bad repetition|invalid escape|invalid perl",
        ("100048", "2201B", "Invalid regular expression"),
    ),
    (
        r"extract specifier \"(?P<a>[^\"]*)\"|Unimplemented type for cast \(\w+ -> INTERVAL\)",
        ("001057", "22023", "Invalid date part"),
    ),
    (rf"(?P<a>{re.escape(NOT_HEXADECIMAL)}.*)", ("100115", "22000", "{a}")),
    (rf"(?P<a>String '.*'{re.escape(TOO_LONG)})", ("100078", "22000", "{a}")),
    # Nobody but `calls.Calls` calls the engine's functions of Python with keys that they know.
    (r"Python exception occurred while executing the UDF", ("002140", "42601", "Unknown function")),
    (r"Division by zero", ("100051", "22012", "Division by zero")),
)
_COMPILATION = [_Rule(re.compile(pattern), *error) for pattern, error in _COMPILATION_TEXTS]
_EXECUTION = [_Rule(re.compile(pattern, re.DOTALL), *error) for pattern, error in _EXECUTION_TEXTS]
_ARGUMENTS = re.compile(
    r"(?:No function matches the given name and argument types '(?P<name>[^ (]+)\((?P<types>.*)\)'\. You"
    r"|Could not choose a best candidate function for the function call "
    r"\"(?P<name2>[^ (]+)\((?P<types2>.*)\)\"\."
    r"|Macro \"?(?P<name3>[\w.]+)\"?\(\) does not support)"
)
_KIND = re.compile(r"(?:[A-Z][A-Za-z ]{1,40} Error: )+")
_UNSUPPORTED_CAST = re.compile(
    r"Unimplemented type for cast|Cannot cast|Cannot (?:compare|combine|mix) values|Cannot deduce"
)
_WITHOUT_VALUES = re.compile(r"[^'\"\n]*")
_DIGITS = re.compile(r"\d+")
# The engine's names of functions, and of types, that differ from Snowflake's.
_FUNCTIONS = {
    "date_diff": "DATEDIFF",
    "substring": "SUBSTR",
    "json_type": "TYPEOF",
    "strptime": "TO_TIMESTAMP",
}
_TYPES = {
    "BIGINT": "NUMBER(38,0)",
    "BLOB": "BINARY",
    "DOUBLE": "FLOAT",
    "HUGEINT": "NUMBER(38,0)",
    "INTEGER": "NUMBER(38,0)",
    "INTEGER_LITERAL": "NUMBER(38,0)",
    "JSON": "VARIANT",
    "STRING_LITERAL": "VARCHAR",
    "TIMESTAMP": "TIMESTAMP_NTZ(9)",
    "TIMESTAMP WITH TIME ZONE": "TIMESTAMP_LTZ(9)",
}
_NOT_IMPLEMENTED = 9999
_MOST = 2000


@contextlib.contextmanager
def engine_errors(statement: exp.Expr | None = None) -> Iterator[None]:
    """Raise a SnowflakeError for every error that the data engine raises inside.

    Args:
        statement: what the engine runs, in Snowflake's names; errors say where in it an identifier stands.
    """
    try:
        yield
    except duckdb.InterruptException:
        raise SnowflakeError("000604", "57014", "SQL execution canceled") from None
    except ConnectorError as error:
        raise _of_fakesnow(error, statement) from None
    except SqlglotError as error:
        _note(error)
        raise _neutral() from None
    except NotImplementedError as error:
        raise errors.unsupported(_first_line(error)) from None
    except duckdb.Error as error:
        raise translated(error, statement) from None
    except SnowflakeError:
        raise
    except Exception as error:
        # The translation meets arguments that it does not expect. The message could have values in it.
        place = traceback.extract_tb(error.__traceback__)[-1]
        _log.warning("data engine: %s at %s:%s", type(error).__name__, place.filename, place.lineno)
        raise _neutral() from None


def _of_fakesnow(error: ConnectorError, statement: exp.Expr | None) -> SnowflakeError:
    if isinstance(error.__cause__, duckdb.Error):
        return translated(error.__cause__, statement)
    message = error.raw_msg or ""
    if error.errno == _NOT_IMPLEMENTED:
        return errors.unsupported(message.partition(" not implemented")[0])
    return SnowflakeError(f"{error.errno or 0:06d}", error.sqlstate or "42000", decoded_text(message))


def translated(error: duckdb.Error, statement: exp.Expr | None = None) -> SnowflakeError:
    """Snowflake's error for one of the data engine.

    Args:
        statement: as in `engine_errors`.
    """
    message = _KIND.sub("", str(error), count=1)
    for rule in _COMPILATION:
        if found := rule.pattern.match(message):
            return _of_rule(rule, found, statement)
    line = message.rpartition("\n\nLINE ")[0] or message
    for rule in _EXECUTION:
        if found := rule.pattern.match(line):
            return SnowflakeError(rule.code, rule.sqlstate, _filled(rule, found))
    if found := _ARGUMENTS.match(message):
        return _wrong_arguments(found)
    if isinstance(error, duckdb.ConstraintException):
        return _constraint(message)
    if _UNSUPPORTED_CAST.match(message):
        _note(error)
        return errors.compilation_error(
            "001065", "22023", "A value has a type that cannot be used in this place."
        )
    if isinstance(error, duckdb.TransactionException):
        return _transaction(message, error)
    _note(error)
    if isinstance(error, (duckdb.PermissionException, duckdb.NotImplementedException)):
        return errors.unsupported("this function or clause")
    if isinstance(error, duckdb.ParserException):
        return errors.compilation_error("001003", "42000", "syntax error: the statement cannot be read.")
    return _neutral()


def _of_rule(rule: _Rule, found: re.Match[str], statement: exp.Expr | None) -> SnowflakeError:
    """The error of a rule for a statement that does not run; what the engine names are identifiers."""
    if rule.code == _INVALID_IDENTIFIER[0]:
        return _invalid_identifier(decoded(found["a"]), found[0].startswith("Referenced table "), statement)
    if rule.code == _DUPLICATE_COLUMN[0] and isinstance(statement, exp.Alter):
        return errors.compilation_error(
            "001430", "42601", f"column {shown([decoded(found['a'])])} already exists"
        )
    return errors.compilation_error(rule.code, rule.sqlstate, decoded_text(_filled(rule, found)))


def _filled(rule: _Rule, found: re.Match[str]) -> str:
    groups = {name: (text or "")[:_MOST] for name, text in found.groupdict().items()}
    if "Unknown function {a}" in rule.text:
        groups["a"] = groups["a"].upper()
    return rule.text.format(**{"a": "", **groups})


def _wrong_arguments(found: re.Match[str]) -> SnowflakeError:
    name = (found["name"] or found["name2"] or found["name3"]).rpartition(".")[2]
    types = ", ".join(_type(part.strip()) for part in _parts(found["types"] or found["types2"] or ""))
    function = _FUNCTIONS.get(name, name.upper())
    return errors.compilation_error(
        "001044", "42P13", f"error: Invalid argument types for function '{function}': ({types})"
    )


def _parts(types: str) -> list[str]:
    """Types between commas that stand outside of parentheses."""
    found, depth, start = [], 0, 0
    for place, letter in enumerate(types):
        depth += {"(": 1, ")": -1}.get(letter, 0)
        if letter == "," and not depth:
            found.append(types[start:place])
            start = place + 1
    return [*found, types[start:]] if types else []


def _type(kind: str) -> str:
    if kind.startswith("DECIMAL"):
        return kind.replace("DECIMAL", "NUMBER")
    if kind.startswith("STRUCT(moment"):
        return "TIMESTAMP_TZ(9)"
    return _TYPES.get(kind, "OBJECT" if kind.startswith("STRUCT") else kind)


def _constraint(message: str) -> SnowflakeError:
    if message.startswith("NOT NULL constraint"):
        column = decoded_text(message.rpartition(".")[2])
        return SnowflakeError("100072", "22000", f"NULL result in a non-nullable column ({column})")
    return SnowflakeError("200001", "22000", "A primary key already exists.")


def _transaction(message: str, error: duckdb.Error) -> SnowflakeError:
    if "a single transaction can only write to a single attached database" in message:
        return errors.unsupported("one transaction that changes two databases")
    if "onflict" in message:
        return SnowflakeError(
            "000625",
            "57014",
            "The statement was aborted: another transaction has changed the same rows. Run it again.",
        )
    _note(error)
    return SnowflakeError("000615", "57014", "The transaction was aborted. ROLLBACK ends it.")


def _neutral() -> SnowflakeError:
    return errors.compilation_error(
        "002000", "42601", "The data engine of this account cannot run this statement."
    )


def _note(error: Exception) -> None:
    """Write the engine's words into the account's log, without values."""
    words = _DIGITS.sub("…", _WITHOUT_VALUES.match(str(error)[:_MOST])[0])  # type: ignore[index]
    _log.warning("data engine: %s: %s", type(error).__name__, words)


def _invalid_identifier(name: str, is_table: bool, statement: exp.Expr | None) -> SnowflakeError:
    """The error for an unknown column, which says where it stands and names it as the statement does.

    Args:
        is_table: `name` is what stands before the column.
    """
    part = "table" if is_table else "this"
    for node in statement.find_all(exp.Column) if statement else ():
        identifier = node.args.get(part)
        if isinstance(identifier, exp.Identifier) and folded(identifier).upper() == name.upper():
            parts = [found for found in node.parts if isinstance(found, exp.Identifier)]
            return _invalid_at(parts)
    for identifier in statement.find_all(exp.Identifier) if statement else ():
        if folded(identifier).upper() == name.upper():
            return _invalid_at([identifier])
    return errors.compilation_error("000904", "42000", f"invalid identifier '{shown([name])}'")


def _first_line(error: BaseException) -> str:
    return str(error).partition("\n")[0]


def _invalid_at(parts: Sequence[exp.Identifier]) -> SnowflakeError:
    place, name = parts[0].meta, shown(map(folded, parts))
    where = ""
    if "line" in place:
        start = place["col"] - (place["end"] - place["start"] + 1)
        where = f" error line {place['line']} at position {start}"
    return SnowflakeError("000904", "42000", f"SQL compilation error:{where}\ninvalid identifier '{name}'")
