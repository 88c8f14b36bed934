"""The one base of all errors that the user of a stack may meet."""

from __future__ import annotations

import pulumi


class StackError(pulumi.RunError):
    """A stack cannot be deployed or used as it is; the message says why and what to do.

    Pulumi shows a RunError as its message alone, and so do the command lines: no traceback.
    """


class SettingsError(StackError):
    """One or more settings have values that cannot be used; the message names each."""
