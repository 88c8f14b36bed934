"""Upload and download of stage files over the URLs that PUT and GET hand out.

The answers are those of Google Cloud Storage to presigned URLs, whose status codes drivers act on.
"""

from __future__ import annotations

import asyncio
import os
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from aiohttp import web

from local_account.identity.account import Account
from local_account.stages.encryption import (
    DATA_HEADER,
    Decryption,
    Encryption,
    EncryptionError,
    encrypted_size,
)
from local_account.stages.store import StageStore, Transfer

_CHUNK = 1024 * 1024
_GZIP = b"\x1f\x8b"
_RANGE = re.compile(r"bytes=(\d{1,18})-(\d{0,18})")


class StageTransfer:
    """Routes below `/stages/`. A valid token in the path is all that a client needs."""

    def __init__(self, account: Account) -> None:
        self._stages = account.part(StageStore)

    def add_routes(self, app: web.Application) -> None:
        app.router.add_put("/stages/{token}/{name:.+}", self.upload)
        app.router.add_get("/stages/{token}/{name:.+}", self.download)

    async def upload(self, request: web.Request) -> web.Response:
        """Store a body of any length, chunked or not. The file appears when it is complete."""
        transfer = self._permitted(request, upload=True)
        incoming = self._stages.incoming()
        try:
            await self._receive(request, transfer, incoming)
            # With `0` in this header Google Cloud Storage stores the file only if it does not exist yet.
            replace = request.headers.get("x-goog-if-generation-match") != "0"
            path = await asyncio.to_thread(_path, transfer, incoming)
            await asyncio.to_thread(self._stages.put, transfer.stage, path, incoming, replace)
        except FileExistsError:
            raise web.HTTPPreconditionFailed(text=f"{transfer.path} exists already.") from None
        except EncryptionError as error:
            raise web.HTTPUnprocessableEntity(text=f"{transfer.path} is not stored: {error}.") from None
        except OSError as error:
            raise web.HTTPConflict(text=f"{transfer.path} cannot be stored: {error.strerror}.") from None
        finally:
            incoming.unlink(missing_ok=True)
        return web.Response()

    async def _receive(self, request: web.Request, transfer: Transfer, incoming: Path) -> None:
        """Write a body to a file, decrypted if the client encrypted it."""
        wrapped = request.headers.get(DATA_HEADER) if transfer.key else None
        decryption = Decryption(transfer.key, wrapped) if wrapped else None
        with incoming.open("wb") as file:
            async for chunk in request.content.iter_chunked(_CHUNK):
                await asyncio.to_thread(_write, file, decryption, chunk)
            if decryption:
                file.write(decryption.finish())

    async def download(self, request: web.Request) -> web.StreamResponse:
        """Send a file's bytes, or the range of them that is asked for; HEAD gives their number."""
        transfer = self._permitted(request, upload=False)
        try:
            with self._stages.open(transfer.stage, transfer.path) as descriptor:
                return await self._send(request, transfer, descriptor)
        except FileNotFoundError:
            raise web.HTTPNotFound(text=f"{transfer.path} is not on the stage any more.") from None

    async def _send(self, request: web.Request, transfer: Transfer, descriptor: int) -> web.StreamResponse:
        size = os.fstat(descriptor).st_size
        encryption = Encryption(transfer.key, request.match_info["token"]) if transfer.key else None
        total = encrypted_size(size) if encryption else size
        start, end = _range(request, total)
        headers: dict[str, Any] = {
            "Content-Type": "application/octet-stream",
            "Content-Length": str(end - start),
            "Accept-Ranges": "bytes",
            **(encryption.headers if encryption else {}),
        }
        partial = (start, end) != (0, total)
        if partial:
            headers["Content-Range"] = f"bytes {start}-{end - 1}/{total}"
        response = web.StreamResponse(status=206 if partial else 200, headers=headers)
        await response.prepare(request)
        if request.method == "HEAD":
            return response
        if encryption is None:
            os.lseek(descriptor, start, os.SEEK_SET)
            start, end, size = 0, end - start, end - start
        position = 0
        # A file that grows while it is sent must not exceed the announced length.
        async for piece in _pieces(descriptor, size, encryption):
            wanted = piece[max(start - position, 0) : max(end - position, 0)]
            position += len(piece)
            if wanted:
                await response.write(wanted)
            if position >= end:
                break
        await response.write_eof()
        return response

    def _permitted(self, request: web.Request, upload: bool) -> Transfer:
        transfer = self._stages.transfer(request.match_info["token"])
        if transfer is None:
            # Drivers ask for a new URL when storage answers 400.
            raise web.HTTPBadRequest(text="This URL is unknown or has expired.")
        if transfer.upload != upload:
            # Node's driver takes this answer to mean that the file does not exist yet.
            raise web.HTTPForbidden(text="This URL is signed for another method.")
        return transfer


def _write(file: Any, decryption: Decryption | None, chunk: bytes) -> None:
    file.write(decryption.update(chunk) if decryption else chunk)


def _path(transfer: Transfer, incoming: Path) -> str:
    """Where an uploaded file belongs; drivers compress only what is not compressed yet, such as Parquet."""
    if not transfer.guessed:
        return transfer.path
    with incoming.open("rb") as file:
        return transfer.path if file.read(2) == _GZIP else transfer.path.removesuffix(".gz")


async def _pieces(descriptor: int, size: int, encryption: Encryption | None) -> AsyncIterator[bytes]:
    """The next `size` bytes of a file, encrypted if there is an encryption."""
    while size and (chunk := await asyncio.to_thread(os.read, descriptor, min(_CHUNK, size))):
        size -= len(chunk)
        yield await asyncio.to_thread(encryption.update, chunk) if encryption else chunk
    if encryption:
        yield encryption.finish()


def _range(request: web.Request, total: int) -> tuple[int, int]:
    """First byte, and the one behind the last, of the range that a request asks for; by default all.

    Raises:
        HTTPRequestRangeNotSatisfiable: the range begins behind the end.
    """
    asked = _RANGE.fullmatch(request.headers.get("Range", ""))
    if not asked:
        return 0, total
    start, end = int(asked[1]), min(int(asked[2] or total) + 1, total)
    if start >= end:
        raise web.HTTPRequestRangeNotSatisfiable
    return start, end
