"""Statements over pooled connections of the official Snowflake connector.

Statements of different resources run at the same time, each on a separate connection, so they share no
session state. A refused sign-in is not tried again: otherwise every resource would try, and the account
locks users after some wrong passwords. Loading the connector is the slowest part of a start, so it happens in
the background while the engine and the plugin greet each other.
"""

import importlib
import os
import queue
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any, Protocol

from standins.snowflake_plugin.config import Settings
from standins.snowflake_plugin.errors import SnowflakeError

STATEMENT_TIMEOUT = 20 * 60
"""Seconds that a statement may take, unless its resource says otherwise."""

_SIGN_IN_REFUSALS = range(390100, 396000)
"""Error numbers of the server's answers to a sign-in; a failed connection has others."""

_loading = threading.Lock()


class Session(Protocol):
    """What resources need from an account."""

    @property
    def preview_features(self) -> frozenset[str]:
        """Names of the preview features that are switched on."""
        ...

    def run(self, statement: str, timeout: float = STATEMENT_TIMEOUT) -> list[dict[str, Any]]:
        """Run one statement and return its rows; raises SnowflakeError."""
        ...

    def warn(self, message: str, /) -> None:
        """Tell the user about something that is not an error."""
        ...


def load_connector() -> Any:
    """The connector module, without S3 and Arrow support, which take most of its loading time."""
    with _loading:
        if "snowflake.connector" not in sys.modules:
            # Without this variable, the connector searches for the cloud that it runs in.
            os.environ.setdefault("SNOWFLAKE_DISABLE_PLATFORM_DETECTION", "true")
            absent = [name for name in ("boto3", "botocore", "pyarrow") if name not in sys.modules]
            sys.modules.update(dict.fromkeys(absent))  # type: ignore[arg-type]
            try:
                importlib.import_module("snowflake.connector")
            finally:
                for name in absent:
                    del sys.modules[name]
        return sys.modules["snowflake.connector"]


class Limited:
    """A session whose statements all have the same time limit, which the program chose."""

    def __init__(self, session: Session, seconds: float) -> None:
        """Wrap a session."""
        self._session, self._seconds = session, seconds
        self.preview_features, self.warn = session.preview_features, session.warn

    def run(self, statement: str, timeout: float = 0) -> list[dict[str, Any]]:
        """Run one statement with the chosen limit."""
        return self._session.run(statement, self._seconds)


class Pool:
    """Connections with one provider's settings, opened when needed and kept for the next statement."""

    def __init__(self, settings: Settings, warn: Callable[[str], None]) -> None:
        """Keep the settings; the first statement opens the first connection."""
        self._settings = settings
        self.warn = warn
        self._idle: queue.LifoQueue[Any] = queue.LifoQueue()
        self._signing_in = threading.Lock()
        self._signed_in = False
        self._refusal: SnowflakeError | None = None

    @property
    def preview_features(self) -> frozenset[str]:
        """Names of the preview features that are switched on."""
        return self._settings.preview_features

    def run(self, statement: str, timeout: float = STATEMENT_TIMEOUT) -> list[dict[str, Any]]:
        """Run one statement and return its rows as dictionaries.

        Raises:
            SnowflakeError: with the server's code, state and message, or why no connection could be opened.
        """
        connector = load_connector()
        connection = self._open(connector)
        try:
            with connection.cursor(connector.DictCursor) as cursor:
                cursor.execute(statement, timeout=int(timeout))
                rows = cursor.fetchall() if cursor.description else []
        except connector.errors.Error as error:
            if isinstance(error, connector.errors.ProgrammingError):
                self._idle.put(connection)  # the statement was refused; the connection still works
            raise SnowflakeError(error.errno, error.sqlstate, error.raw_msg or str(error)) from None
        self._idle.put(connection)
        return rows

    def _open(self, connector: Any) -> Any:
        if not self._settings.known:
            raise SnowflakeError(None, None, "the provider's settings are not known yet in this preview")
        with suppress(queue.Empty):
            return self._idle.get_nowait()
        with self._first_alone():
            return self._connect(connector)

    @contextmanager
    def _first_alone(self) -> Iterator[None]:
        """Let the others wait until the first sign-in has succeeded or failed."""
        if self._signed_in:
            yield
            return
        with self._signing_in:
            if self._refusal:
                raise self._refusal
            yield
            self._signed_in = True

    def _connect(self, connector: Any) -> Any:
        try:
            return connector.connect(**self._settings.connection())
        except connector.errors.Error as error:
            refusal = self._no_connection(error.errno, error.sqlstate, error.raw_msg or str(error))
            if error.errno in _SIGN_IN_REFUSALS:
                self._refusal = refusal
            raise refusal from None
        except (ValueError, TypeError) as error:
            raise self._no_connection(None, None, str(error)) from None

    def _no_connection(self, code: int | None, state: str | None, message: str) -> SnowflakeError:
        text = f"{message} ({self._settings.address})"
        return SnowflakeError(code, state, text, "open snowflake connection: ")

    def close(self) -> None:
        """Close the idle connections, and with them their sessions."""
        with suppress(queue.Empty):
            while True:
                connection = self._idle.get_nowait()
                with suppress(Exception):
                    connection.close()
