"""Sends batches to the instances of a service, and sends them again when that fails.

See https://docs.snowflake.com/en/sql-reference/sql/create-function-spcs
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import threading
from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field

import aiohttp

_RETRIED = frozenset({404, 429, 500, 502, 503, 504})
_ACCEPTED = 202
_CONNECT_SECONDS = 3.0
_FIRST_PAUSE, _LONGEST_PAUSE = 0.1, 10.0
_KEEP_ALIVE_SECONDS = 10.0
_MOST_BYTES = 256 << 20
_SHOWN = 500


class FailedError(Exception):
    """A batch that got no answer with status 200; the text says what happened the last time.

    Attributes:
        status: the last answer's HTTP status; 0 without an answer.
    """

    def __init__(self, text: str, status: int = 0) -> None:
        super().__init__(text)
        self.status = status


@dataclass(frozen=True)
class Batch:
    """One request.

    Attributes:
        path: with a slash at its beginning.
        headers: the same each time that it is sent.
    """

    path: str
    body: bytes
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Patience:
    """How long to try.

    Attributes:
        retries: how often a batch is sent again.
        seconds: for all tries of one batch.
    """

    retries: int
    seconds: float


class BatchClient:
    """Requests of all sessions, on one event loop in a thread of its own, which starts when needed."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._session: aiohttp.ClientSession | None = None

    def send(
        self, hosts: Sequence[str], batches: Sequence[Batch], patience: Patience
    ) -> Future[list[bytes | FailedError]]:
        """Send batches to hosts (`address:port`) in turn, as many at the same time as there are hosts.

        Returns:
            The body of each batch's answer, or why there is none. Cancelling it ends the requests.
        """
        return asyncio.run_coroutine_threadsafe(self._all(hosts, batches, patience), self._running())

    def close(self) -> None:
        """End all requests."""
        with self._lock:
            loop, self._loop = self._loop, None
        if loop:
            asyncio.run_coroutine_threadsafe(self._end(), loop).result(5)
            loop.call_soon_threadsafe(loop.stop)

    def _running(self) -> asyncio.AbstractEventLoop:
        with self._lock:
            if self._loop is None:
                self._loop = asyncio.new_event_loop()
                threading.Thread(target=self._loop.run_forever, name="service-functions", daemon=True).start()
            return self._loop

    async def _end(self) -> None:
        if self._session:
            await self._session.close()
            self._session = None

    def _client(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=0, keepalive_timeout=_KEEP_ALIVE_SECONDS),
                cookie_jar=aiohttp.DummyCookieJar(),
                timeout=aiohttp.ClientTimeout(total=None, sock_connect=_CONNECT_SECONDS),
                headers={"User-Agent": "snowflake/1.0"},
            )
        return self._session

    async def _all(
        self, hosts: Sequence[str], batches: Sequence[Batch], patience: Patience
    ) -> list[bytes | FailedError]:
        answers: list[bytes | FailedError] = [FailedError("not sent")] * len(batches)

        async def run(first: int) -> None:
            for index in range(first, len(batches), len(hosts)):
                turn = [*hosts[first:], *hosts[:first]]
                answers[index] = await self._one(turn, batches[index], patience)

        await asyncio.gather(*(run(first) for first in range(len(hosts))))
        return answers

    async def _one(self, hosts: Sequence[str], batch: Batch, patience: Patience) -> bytes | FailedError:
        """The answer with status 200, or why there is none."""
        failed = FailedError("Timeout was reached")
        try:
            async with asyncio.timeout(patience.seconds):
                for attempt in range(patience.retries + 1):
                    if attempt:
                        await asyncio.sleep(min(_FIRST_PAUSE * 2 ** (attempt - 1), _LONGEST_PAUSE))
                    found = await self._try(hosts[attempt % len(hosts)], batch)
                    if isinstance(found, bytes):
                        return found
                    failed = found
                    if found.status and found.status not in _RETRIED:
                        break
        except TimeoutError:
            return FailedError("Timeout was reached")
        return failed

    async def _try(self, host: str, batch: Batch) -> bytes | FailedError:
        url, pause = f"http://{host}{batch.path}", _FIRST_PAUSE
        try:
            answer = await self._request("POST", url, batch)
            # The service works on the batch and is asked for the answer from time to time.
            while answer is None:
                await asyncio.sleep(pause)
                pause = min(pause * 2, _LONGEST_PAUSE)
                answer = await self._request("GET", url, batch)
        except (aiohttp.ClientError, OSError) as error:
            if isinstance(error, TimeoutError) and not isinstance(error, aiohttp.ServerTimeoutError):
                raise
            return FailedError("Remote service cannot be reached")
        return answer

    async def _request(self, method: str, url: str, batch: Batch) -> bytes | FailedError | None:
        """The body of an answer with status 200; None for 202."""
        body = batch.body if method == "POST" else None
        async with self._client().request(
            method, url, data=body, headers=batch.headers, allow_redirects=False
        ) as answer:
            content = await _content(answer)
            if answer.status == _ACCEPTED:
                return None
            if answer.status != 200:
                shown = content[:_SHOWN].decode(errors="replace")
                return FailedError(f"{answer.status} '{shown}'", answer.status)
            digest = answer.headers.get("Content-MD5")
            if (
                digest
                and digest != base64.b64encode(hashlib.md5(content, usedforsecurity=False).digest()).decode()
            ):
                return FailedError("the answer's Content-MD5 is not that of its body", 200)
            return content


async def _content(answer: aiohttp.ClientResponse) -> bytes:
    parts, size = [], 0
    async for part in answer.content.iter_any():
        parts.append(part)
        size += len(part)
        if size > _MOST_BYTES:
            raise aiohttp.ClientPayloadError("the answer is too large")
    return b"".join(parts)
