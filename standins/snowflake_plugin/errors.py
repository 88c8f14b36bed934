"""What can go wrong, in the words that the user reads."""

from collections.abc import Mapping
from typing import Any, NamedTuple

MISSING = ("does not exist or not authorized", "Object does not exist, or operation cannot be performed")
"""Texts by which the server says that an object is not there, or may not be seen."""


class Failure(NamedTuple):
    """A refused input: the property and the reason."""

    property: str
    reason: str


class PluginError(Exception):
    """An operation failed; the engine shows this text to the user."""


class SnowflakeError(PluginError):
    """The server refused, or could not be reached: ``002003 (02000): Object 'X' does not exist …``."""

    def __init__(self, code: int | None, state: str | None, message: str, during: str = "") -> None:
        """Put the server's code, SQL state and message as the official plugin prints them."""
        prefix = f"{code:06d} ({state or ''}): " if code is not None and code >= 0 else ""
        super().__init__(f"{during}{prefix}{message}")
        self.message = message

    @property
    def missing(self) -> bool:
        """Whether the message says that an object is not there."""
        return any(text in self.message for text in MISSING)


class PartialError(PluginError):
    """A resource was made, but a later step failed; the engine keeps it and repairs it in the next run."""

    def __init__(self, resource_id: str, state: Mapping[str, Any], reason: str) -> None:
        """Keep what was made, so that it goes into the stack's state."""
        super().__init__(reason)
        self.resource_id = resource_id
        self.state = state
