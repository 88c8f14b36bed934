"""The family of errors that a user can correct."""

from __future__ import annotations


class UserError(Exception):
    """Something cannot be done; the message says what, why, and what to do.

    The command line prints the message alone, without a traceback, and ends with `exit_code`.
    """

    exit_code: int = 1


class ToolchainError(UserError):
    """This machine lacks something that is needed; the message names it and says how to get it."""
