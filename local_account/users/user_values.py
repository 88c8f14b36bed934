"""Values of a user's properties: how they are read, and which of them a type of user cannot have."""

from __future__ import annotations

import base64
import binascii
import re

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_der_public_key

from local_account.base import errors
from local_account.base.sql import Statement
from local_account.statement.object_type import Reader, integer, text

LEAST_KEY_BITS = 2048
_NAMES = ("FIRST_NAME", "MIDDLE_NAME", "LAST_NAME")
# Properties that a type of user cannot have, in the order in which they are refused.
FORBIDDEN = {
    "SERVICE": ("PASSWORD", "MUST_CHANGE_PASSWORD", *_NAMES, "MINS_TO_BYPASS_MFA", "DISABLE_MFA"),
    "LEGACY_SERVICE": (*_NAMES, "MINS_TO_BYPASS_MFA", "DISABLE_MFA"),
}
_POLICIES = ("AUTHENTICATION", "PASSWORD", "SESSION", "PACKAGES", "FEATURE")
_FRACTION = re.compile(r"-?[0-9]*\.[0-9]*")
_NOT_EVEN_UNSET = ("MUST_CHANGE_PASSWORD", "DISABLE_MFA")


def name(statement: Statement) -> str:
    """An identifier, or a string, which becomes upper case like an unquoted identifier."""
    if statement.accept("NULL"):
        return ""
    start = statement.position
    try:
        return ".".join(statement.parts())
    except errors.SnowflakeError:
        statement.position = start
    value = statement.string()
    return ".".join(Statement(value).parts()) if value else ""


def key(statement: Statement) -> str:
    """A public key as base64, with or without PEM lines.

    Raises:
        SnowflakeError: 001479 when it is not an RSA or EC key, or too short.
    """
    value = text(statement)
    if not value:
        return ""
    body = "".join(line.strip() for line in value.splitlines() if "-----" not in line)
    try:
        der = base64.b64decode(body)
        public_key = load_der_public_key(der)
    except (ValueError, TypeError, binascii.Error):
        raise _rejected("Invalid Public key") from None
    except UnsupportedAlgorithm:
        raise _unsupported_key() from None
    if isinstance(public_key, RSAPublicKey):
        if public_key.key_size < LEAST_KEY_BITS:
            raise _rejected(
                f"Key length {public_key.key_size} is smaller than minimal requirement of {LEAST_KEY_BITS}."
            )
    elif not isinstance(public_key, EllipticCurvePublicKey):
        raise _unsupported_key()
    return base64.b64encode(der).decode()


def _rejected(reason: str) -> errors.SnowflakeError:
    message = f"SQL execution error:\nNew public key rejected by current policy. Reason: '{reason}'"
    return errors.SnowflakeError("001479", "22023", message)


def _unsupported_key() -> errors.SnowflakeError:
    message = "SQL execution error:\nThe provided public key uses an unsupported key algorithm."
    return errors.SnowflakeError("001479", "22023", message)


def countdown(option: str, most: int) -> Reader:
    """A reader of a number of days or minutes from now on; None for NULL and 0.

    Args:
        option: name of the option in the error message.
        most: the largest number that is allowed.
    """

    def read(statement: Statement) -> int | None:
        _refuse_fraction(statement, option)
        number = 0 if statement.accept("NULL") else integer(statement)
        if number > most:
            raise errors.compilation_error(
                "001008", "22023", f"invalid value '{number:,}' for property '{option}'"
            )
        return number or None

    return read


def _refuse_fraction(statement: Statement, option: str) -> None:
    given = "".join(statement.words(2 if statement.words(1) == ("-",) else 1))
    if _FRACTION.fullmatch(given):
        raise errors.compilation_error("001008", "22023", f"invalid value [{given}] for parameter '{option}'")


def roles(statement: Statement) -> list[str]:
    """Read ('ALL') or ()."""
    found = [role.upper() for role in statement.listed("text_or_word")]
    if found not in ([], ["ALL"]):
        raise errors.invalid_value(", ".join(found), "DEFAULT_SECONDARY_ROLES", "('ALL'), ()")
    return found


def refuse_policies(statement: Statement, kind: str) -> None:
    """Refuse {SET | UNSET} … POLICY, with the kind of policy in the message.

    Raises:
        SnowflakeError: 000002 when these words come next.
    """
    for verb in ("SET", "UNSET"):
        for words in ((policy, "POLICY") for policy in _POLICIES):
            if statement.words(1 + len(words)) == (verb, *words):
                raise errors.unsupported(f"ALTER {kind} {verb} {' '.join(words)}")


def refuse_for_type(kind: str | None, changed: dict[str, object]) -> None:
    """Refuse to set properties that a type of user cannot have. Earlier values are only hidden.

    Raises:
        SnowflakeError: 511503 for the first such property.
    """
    for option in FORBIDDEN.get(kind or "", ()):
        if option in changed and (changed[option] not in (None, "") or option in _NOT_EVEN_UNSET):
            message = f"SQL execution error:\nCannot set {option} on users with TYPE={kind}."
            raise errors.SnowflakeError("511503", "23001", message)
