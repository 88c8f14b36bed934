"""What `make drift` reports."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Finding:
    """One thing that is not as the stack's last `up` left it.

    Attributes:
        object: name of the object in the account, or of the resource.
        what: which of its properties.
        declared, found: its value then and now; `-` where there is none.
    """

    object: str
    what: str
    declared: str
    found: str
