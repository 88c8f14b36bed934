"""Statements per second of many sessions at once, against fakesnow's server.

The official connector takes longer for a statement than either server does, so this module sends the requests
itself.
"""

from __future__ import annotations

import asyncio
import gzip
import json
import statistics
import time
import uuid

import aiohttp

from bench.measure import Figure
from bench.servers import Server, fakesnow, local_account

SESSIONS = (1, 10, 100)
_ROUNDS = 3
_SECONDS = 1.5
_BODY = gzip.compress(json.dumps({"sqlText": "SELECT 1", "asyncExec": False}).encode())


def figures() -> list[Figure]:
    """SELECT 1 with 1, 10 and 100 sessions."""
    with local_account() as ours, fakesnow() as reference:
        return asyncio.run(_compare([ours, reference]))


async def _compare(servers: list[Server]) -> list[Figure]:
    connector = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(connector=connector) as client:
        tokens = [[await _sign_in(client, server) for _ in range(max(SESSIONS))] for server in servers]
        found = []
        for count in SESSIONS:
            rates: list[list[float]] = [[], []]
            # In turns, so that other work of the machine slows both.
            for _ in range(_ROUNDS):
                for server, known, rate in zip(servers, tokens, rates, strict=True):
                    rate.append(await _rate(client, server, known[:count]))
            name = f"local account: SELECT 1 with {count} session{'s' if count > 1 else ''}"
            ours, theirs = (statistics.median(rate) for rate in rates)
            found.append(Figure(name, ours, "/s", theirs, least=0.67))
        return found


async def _sign_in(client: aiohttp.ClientSession, server: Server) -> str:
    body = {
        "data": {
            "LOGIN_NAME": server.credentials["user"],
            "PASSWORD": server.credentials["password"],
            "SESSION_PARAMETERS": {},
        }
    }
    packed = gzip.compress(json.dumps(body).encode())
    headers = {"Content-Encoding": "gzip", "Content-Type": "application/json"}
    url = f"http://127.0.0.1:{server.port}/session/v1/login-request"
    async with client.post(url, data=packed, headers=headers) as answer:
        return (await answer.json(content_type=None))["data"]["token"]


async def _rate(client: aiohttp.ClientSession, server: Server, tokens: list[str]) -> float:
    """Statements per second."""
    end = time.perf_counter() + _SECONDS

    async def run(token: str) -> int:
        headers = {
            "Authorization": f'Snowflake Token="{token}"',
            "Content-Encoding": "gzip",
            "Content-Type": "application/json",
        }
        done = 0
        while time.perf_counter() < end:
            url = f"http://127.0.0.1:{server.port}/queries/v1/query-request?requestId={uuid.uuid4()}"
            async with client.post(url, data=_BODY, headers=headers) as answer:
                content = await answer.json(content_type=None)
            if not content["success"]:
                raise RuntimeError(f"SELECT 1 failed: {content}")
            done += 1
        return done

    started = time.perf_counter()
    counts = await asyncio.gather(*(run(token) for token in tokens))
    return sum(counts) / (time.perf_counter() - started)
