"""Log lines of containers. At most 100 KB are given, the last ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

from local.account.catalog import Object

if TYPE_CHECKING:
    from local.account.account import Account

LIMIT = 100 * 1024


def tail(account: Account, item: Object, instance: int, container: str, lines: int, previous: bool) -> str:
    """The last lines that a container wrote; empty when it never ran.

    Args:
        lines: how many; 0 for as many as fit.
        previous: of the run before its last restart.
    """
    read = account.spcs.read_logs
    if read is None:
        return ""
    text = read(item, instance, container, lines, previous)
    return text.encode()[-LIMIT:].decode(errors="replace") if len(text) > LIMIT else text
