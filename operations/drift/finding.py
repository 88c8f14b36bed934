"""One line of the drift report."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Finding:
    """One difference between the account and what the stack's last `up` left.

    Attributes:
        object: name of the object in the account, or of the resource.
        what: which of its properties.
        declared, found: its value then and now; `-` where it has no value.
    """

    object: str
    what: str
    declared: str
    found: str
