"""Upload and download of stage files over the URLs that PUT and GET hand out."""

from __future__ import annotations

import asyncio
import os
from typing import Any

from aiohttp import web

from local_account.identity.account import Account
from local_account.stages.store import StageStore, Transfer

_CHUNK = 1024 * 1024


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
            with incoming.open("wb") as file:
                async for chunk in request.content.iter_chunked(_CHUNK):
                    await asyncio.to_thread(file.write, chunk)
            # With `0` in this header Google Cloud Storage stores the file only if it does not exist yet.
            replace = request.headers.get("x-goog-if-generation-match") != "0"
            await asyncio.to_thread(self._stages.put, transfer.stage, transfer.path, incoming, replace)
        except FileExistsError:
            raise web.HTTPPreconditionFailed(text=f"{transfer.path} exists already.") from None
        except OSError as error:
            raise web.HTTPConflict(text=f"{transfer.path} cannot be stored: {error.strerror}.") from None
        finally:
            incoming.unlink(missing_ok=True)
        return web.Response()

    async def download(self, request: web.Request) -> web.StreamResponse:
        """Send a file's bytes; HEAD gives their number."""
        transfer = self._permitted(request, upload=False)
        try:
            with self._stages.open(transfer.stage, transfer.path) as descriptor:
                return await self._send(request, descriptor)
        except FileNotFoundError:
            raise web.HTTPNotFound(text=f"{transfer.path} is not on the stage any more.") from None

    async def _send(self, request: web.Request, descriptor: int) -> web.StreamResponse:
        size = os.fstat(descriptor).st_size
        headers: dict[str, Any] = {"Content-Type": "application/octet-stream", "Content-Length": str(size)}
        response = web.StreamResponse(headers=headers)
        await response.prepare(request)
        if request.method == "HEAD":
            return response
        # A file that grows while it is sent must not exceed the announced length.
        while size and (chunk := await asyncio.to_thread(os.read, descriptor, min(_CHUNK, size))):
            size -= len(chunk)
            await response.write(chunk)
        await response.write_eof()
        return response

    def _permitted(self, request: web.Request, upload: bool) -> Transfer:
        transfer = self._stages.transfer(request.match_info["token"], upload)
        if transfer is None:
            # Drivers ask for a new URL when storage answers 400.
            raise web.HTTPBadRequest(text="This URL is unknown or has expired.")
        return transfer
