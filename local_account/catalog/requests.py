"""The part of the catalog that keeps which requests changed something.

A driver that got no answer sends its request again, perhaps after the server was killed and restarted.
A request that changes the catalog is noted in the same transaction; data SQL is noted before it begins.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable

from local_account.base.errors import SnowflakeError
from local_account.base.result import Column, Result, now
from local_account.catalog.store import Store

_KEPT_SECONDS = 24 * 3600.0
_SWEEP_EVERY = 500
_LONGEST_ANSWER = 65536


class Requests(Store):
    """Requests that changed something, stored by digest, each with its answer once it has one."""

    _noted = 0

    def note_request(self, digest: str) -> None:
        """Note that a request begins a change, or makes it in the transaction around this call."""
        with self.transaction(lasting=False, telling=False):
            self._noted += 1
            if self._noted % _SWEEP_EVERY == 1:
                self._connection.execute("DELETE FROM requests WHERE created<?", (now() - _KEPT_SECONDS,))
            self._connection.execute("INSERT OR IGNORE INTO requests VALUES (?,?,NULL)", (digest, now()))

    def answer_request(self, digest: str, result: Result) -> None:
        """Keep the answer of a noted request, unless it holds a secret or a whole result set."""
        if len(result.rows) > 1 or any("secret" in column.name for column in result.columns):
            return
        answer = json.dumps([result.columns, result.rows, result.statement_type, result.extra])
        if len(answer) > _LONGEST_ANSWER:
            return
        with self.transaction(lasting=False, telling=False):
            self._connection.execute("UPDATE requests SET answer=? WHERE digest=?", (answer, digest))

    def forget_request(self, digest: str) -> None:
        """Forget a noted request because it was refused and changed nothing."""
        with self.transaction(lasting=False, telling=False):
            self._connection.execute("DELETE FROM requests WHERE digest=?", (digest,))

    def once(self, digest: str, work: Callable[[Callable[[], None]], Result]) -> Result:
        """The result of `work`, or the stored one if the same request ran before the server restarted.

        Args:
            work: gets a function that it must call before it changes anything outside the catalog.

        Raises:
            SnowflakeError: 000603 when the server ended while the request ran; errors of `work`.
        """
        rows = self._rows("SELECT answer FROM requests WHERE digest=?", (digest,))
        if rows:
            return _earlier(rows[0])
        noted: list[bool] = []

        def note() -> None:
            if not noted:
                noted.append(True)
                self.note_request(digest)

        try:
            with self.before_commit(note):
                result = work(note)
        except BaseException:
            if noted:
                self.forget_request(digest)
            raise
        if noted:
            self.answer_request(digest, result)
        return result


def _earlier(row: sqlite3.Row) -> Result:
    if row["answer"] is None:
        message = (
            "The account's server ended while it ran this statement; whether it took effect is not known. "
            "Look at what it was to change before running it again."
        )
        raise SnowflakeError("000603", "XX000", f"SQL execution internal error:\n{message}")
    # Answers of older versions have nothing behind the type.
    shape, rows, kind, *extra = json.loads(row["answer"])
    return Result([Column(*column) for column in shape], rows, kind, *extra)
