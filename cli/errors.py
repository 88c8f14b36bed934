"""Turns an error into a message and an exit code; a mistake in this program into a bug report.

Exit codes: 0 done; 1 it cannot be done, and the message says why; 2 `drift` found something; 64 the command
line is wrong; 70 a bug; 130 interrupted. `up`, `preview`, `down` and `migrate` pass on Pulumi's own code.
"""

from __future__ import annotations

import contextlib

from machine.errors import UserError

DRIFT, USAGE, BUG, INTERRUPTED = 2, 64, 70, 130


def family() -> tuple[type[Exception], ...]:
    """The classes of errors whose text is for the user.

    The program's errors (settings, credentials, lost data) are all Pulumi's RunError.
    """
    # Late, because these imports take a second and most commands end without an error.
    import pulumi
    from snowflake.connector import Error as SnowflakeError

    from local_account.base.settings import SettingsError
    from local_account.host.control import ControlError
    from local_account.host.images import ImageError

    return UserError, pulumi.RunError, SnowflakeError, ControlError, ImageError, SettingsError


def message(error: BaseException) -> str | None:
    """The text for the user; None when the error is a mistake in this program."""
    if not isinstance(error, family()):
        return None
    if text := getattr(error, "msg", None):
        return f"Snowflake refuses or cannot be reached: {text}"
    return str(error)


def exit_code(error: BaseException) -> int:
    """Exit code for an error whose text is for the user."""
    return error.exit_code if isinstance(error, UserError) else UserError.exit_code


def bug_report(error: BaseException, command: str) -> str:
    """The text for a mistake in this program.

    Args:
        error: what was raised.
        command: the command line, to be run again.
    """
    text = ""
    with contextlib.suppress(Exception):
        text = str(error)
    kind = type(error).__name__
    return (
        f"This is a bug: {f'{kind}: {text}' if text else kind}\n"
        f"To see where it happened, run it again with --debug: {command}"
    )
