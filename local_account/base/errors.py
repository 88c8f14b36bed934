"""Snowflake's errors, with the codes, SQL states and texts that official clients match on."""

from __future__ import annotations

from collections.abc import Sized

# Characters; see https://docs.snowflake.com/en/sql-reference/identifiers
LONGEST_IDENTIFIER = 255


class SnowflakeError(Exception):
    """A refused statement or request.

    Attributes:
        code: Snowflake error number as six-digit text, for example `002003`.
        sqlstate: five-character SQL state.
        message: text shown to the user.
    """

    def __init__(self, code: str, sqlstate: str, message: str) -> None:
        super().__init__(message)
        self.code, self.sqlstate, self.message = code, sqlstate, message


def does_not_exist(kind: str, name: str) -> SnowflakeError:
    """The object is absent, or the role may not see it. Both give the same error."""
    return compilation_error(
        "002003", "02000", f"{kind.capitalize()} '{name}' does not exist or not authorized."
    )


def parent_does_not_exist() -> SnowflakeError:
    """SHOW, DESCRIBE or DROP below a missing parent."""
    return compilation_error("002043", "02000", "Object does not exist, or operation cannot be performed.")


def already_exists(name: str) -> SnowflakeError:
    return compilation_error("002002", "42710", f"Object '{name}' already exists.")


def insufficient_privileges(kind: str, name: str, hint: str = "") -> SnowflakeError:
    """The session sees an object, but lacks a privilege on it.

    Args:
        hint: a sentence that says which privilege is missing.
    """
    text = f"Insufficient privileges to operate on {kind.lower().replace(' ', '_')} '{name}'. {hint}".rstrip()
    return SnowflakeError("003001", "42501", f"SQL access control error:\n{text}")


def invalid_identifier(identifier: str) -> SnowflakeError:
    """An identifier that is empty or too long."""
    shown = identifier if len(identifier) <= LONGEST_IDENTIFIER else f"{identifier[:20]}…"
    return compilation_error(
        "000904",
        "42000",
        f"invalid identifier '\"{shown}\"': identifiers have 1 to {LONGEST_IDENTIFIER} characters",
    )


def syntax_error(line: int, position: int, token: str) -> SnowflakeError:
    return compilation_error(
        "001003", "42000", f"syntax error line {line} at position {position} unexpected '{token}'."
    )


def unsupported(feature: str) -> SnowflakeError:
    """The account does not have this feature; the error names it."""
    return SnowflakeError("000002", "0A000", f"Unsupported feature '{feature}'.")


def missing_option(options: str) -> SnowflakeError:
    return compilation_error("002029", "42601", f"Missing option(s): [{options}]")


def invalid_value(value: object, option: str, allowed: str) -> SnowflakeError:
    return compilation_error(
        "001008", "22023", f"invalid value [{value}] for parameter '{option}'. Allowed: {allowed}."
    )


def compilation_error(code: str, sqlstate: str, text: str) -> SnowflakeError:
    return SnowflakeError(code, sqlstate, f"SQL compilation error:\n{text}")


def require_count(function: str, arguments: Sized, low: int, high: int) -> None:
    """Refuse a call of a function with too few or too many arguments.

    Raises:
        SnowflakeError: 000939.
    """
    if not low <= len(arguments) <= high:
        raise compilation_error(
            "000939",
            "22023",
            f"wrong number of arguments for function [{function}]: {len(arguments)}, not {low} to {high}",
        )
