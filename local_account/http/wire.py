"""Reading requests of official clients: bodies and tokens; and errors as the JSON that drivers read."""

from __future__ import annotations

import asyncio
import json
import logging
import zlib
from typing import Any

from aiohttp import web

from local_account.base.errors import SnowflakeError
from local_account.http import answers

MIB = 1024 * 1024
# A statement's body has its bindings too; the bodies of other requests are small.
MAX_QUERY_BODY = 64 * MIB
MAX_BODY = MIB
BODY_SECONDS = 120.0
_LARGE = MIB // 4
_log = logging.getLogger(__name__)


@web.middleware
async def errors_as_json(request: web.Request, handler: Any) -> web.StreamResponse:
    """Middleware that answers errors with the JSON that drivers read and HTTP 200.

    This includes failures of the account itself: after a 5xx drivers repeat a request up to eight times.
    """
    try:
        return await handler(request)
    except SnowflakeError as error:
        return answers.failure(error)
    except (web.HTTPException, ConnectionError, asyncio.CancelledError):
        raise
    except Exception:
        _log.exception("request failed inside the account: %s %s", request.method, request.path)
        message = f"Internal error at {request.path}; see the account's log."
        return answers.failure(SnowflakeError("000603", "XX000", message))


async def body(request: web.Request, limit: int = MAX_BODY) -> dict[str, Any]:
    """The JSON object in a request's body, which may be packed with gzip.

    Args:
        limit: bytes that the body may have, packed and unpacked.

    Raises:
        SnowflakeError: 390999 when it is not a JSON object.
        web.HTTPException: 408 when it comes too slowly, 413 when it is too large, 415 when it is packed in
            another way than gzip.
    """
    try:
        async with asyncio.timeout(BODY_SECONDS):
            raw = await _read(request, limit)
    except TimeoutError:
        raise web.HTTPRequestTimeout from None
    encoding = request.headers.get("Content-Encoding", "identity").lower()
    if encoding not in ("identity", "gzip"):
        raise web.HTTPUnsupportedMediaType(text=f"Content-Encoding {encoding} is not supported.\n")
    if len(raw) > _LARGE:
        return await asyncio.to_thread(_parsed, raw, encoding == "gzip", limit)
    return _parsed(raw, encoding == "gzip", limit)


async def _read(request: web.Request, limit: int) -> bytes:
    if (request.content_length or 0) > limit:
        raise web.HTTPRequestEntityTooLarge(limit, request.content_length or 0)
    received = bytearray()
    async for chunk in request.content.iter_any():
        received += chunk
        if len(received) > limit:
            raise web.HTTPRequestEntityTooLarge(limit, len(received))
    return bytes(received)


def _parsed(raw: bytes, packed: bool, limit: int) -> dict[str, Any]:
    try:
        content = json.loads((_unpacked(raw, limit) if packed else raw) or b"{}")
    except (ValueError, zlib.error, RecursionError):
        raise SnowflakeError("390999", "08001", "The request body is not JSON.") from None
    if not isinstance(content, dict):
        raise SnowflakeError("390999", "08001", "The request body is not a JSON object.")
    return content


def _unpacked(raw: bytes, limit: int) -> bytes:
    unpacker = zlib.decompressobj(wbits=31)
    unpacked = unpacker.decompress(raw, limit)
    if unpacker.unconsumed_tail:
        raise web.HTTPRequestEntityTooLarge(limit, limit + 1)
    if not unpacker.eof:
        raise zlib.error("truncated")
    return unpacked


def text(content: dict[str, Any], name: str) -> str:
    """A text in a body; '' when it is absent or null.

    Raises:
        SnowflakeError: 390999 when the value has another type.
    """
    return _typed(content, name, str) or ""


def mapping(content: dict[str, Any], name: str) -> dict[str, Any]:
    """An object in a body; empty when it is absent or null.

    Raises:
        SnowflakeError: 390999 when the value has another type.
    """
    return _typed(content, name, dict) or {}


def _typed(content: dict[str, Any], name: str, kind: type) -> Any:
    value = content.get(name)
    if value is not None and not isinstance(value, kind):
        wanted = {str: "a text", dict: "an object"}[kind]
        raise SnowflakeError("390999", "08001", f"Field '{name}' of the request body is not {wanted}.")
    return value


def bindings(content: dict[str, Any]) -> list[dict[str, Any]]:
    """The values of each `?`, in order.

    Raises:
        SnowflakeError: 390999 when they do not have the form in which drivers send them.
    """
    values = mapping(content, "bindings")
    if not all(name.isdecimal() and isinstance(entry, dict) for name, entry in values.items()):
        raise SnowflakeError("390999", "08001", "Field 'bindings' of the request body is malformed.")
    return [entry for _, entry in sorted(values.items(), key=lambda item: int(item[0]))]


def statement_count(content: dict[str, Any]) -> int | None:
    """The number of statements that a request says it has, 0 for any number; None if it does not say.

    Raises:
        SnowflakeError: 390999 when it is not a number.
    """
    found = str(mapping(content, "parameters").get("MULTI_STATEMENT_COUNT", ""))
    if not found:
        return None
    if not found.isdecimal():
        raise SnowflakeError("390999", "08001", "Parameter 'MULTI_STATEMENT_COUNT' is malformed.")
    return int(found)


def bearer(request: web.Request) -> str:
    """The Snowflake token of a request.

    Raises:
        SnowflakeError: 390104 when the request has no token.
    """
    scheme, _, rest = request.headers.get("Authorization", "").partition(" ")
    if scheme != "Snowflake" or not rest.startswith("Token="):
        raise SnowflakeError("390104", "08001", "The request has no Snowflake token.")
    return rest.removeprefix("Token=").strip('"')
