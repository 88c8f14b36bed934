"""Names inside specifications."""

from __future__ import annotations

import re
from collections.abc import Iterable

from local_account.spcs.spec.document import Node, invalid

_NAME = re.compile(r"[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?")
_ROLE = re.compile(r"[A-Za-z](?:[A-Za-z0-9_]*[A-Za-z0-9])?")


def check_name(node: Node) -> str:
    """Name of a container, endpoint or volume: a DNS label that begins with a letter.

    Raises:
        SnowflakeError: 395018 when it is not such a name.
    """
    if not _NAME.fullmatch(node.text()):
        raise invalid(
            f"'{node.path}' is '{node.value}'; it must have 1 to 63 characters out of a-z, 0-9 and '-', "
            "begin with a letter and end with a letter or digit"
        )
    return node.value


def check_role_name(node: Node) -> str:
    if not _ROLE.fullmatch(node.text()):
        raise invalid(
            f"'{node.path}' is '{node.value}'; it may have letters, digits and '_', begins with a letter "
            "and end with a letter or digit"
        )
    return node.value


def unique(what: str, names: Iterable[str]) -> None:
    """Refuse names that occur twice; `what` names their kind in the message.

    Raises:
        SnowflakeError: 395018 when a name occurs twice.
    """
    seen: set[str] = set()
    for name in names:
        if name in seen:
            raise invalid(f"duplicate name '{name}' in '{what}'")
        seen.add(name)


def dns_label(name: str) -> str:
    """A service's name in the form that its DNS name has."""
    return name.lower().replace("_", "-")
