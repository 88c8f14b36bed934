"""What official drivers send, sent by hand: to repeat, damage or cut off a request."""

from __future__ import annotations

import contextlib
import gzip
import json
import socket
import uuid
from http.client import HTTPConnection
from typing import Any

from snowflake.connector import SnowflakeConnection

from local_account.base.settings import LocalSettings

QUERY = "/queries/v1/query-request"
SECONDS = 90


class Wire:
    """Requests in the session of a connection, or without one."""

    def __init__(self, settings: LocalSettings, connection: SnowflakeConnection | None = None) -> None:
        self._port = settings.port
        self.token = connection.rest.token if connection and connection.rest else ""

    def headers(self, **more: str) -> dict[str, str]:
        found = {"Content-Type": "application/json", "Accept": "application/snowflake"}
        if self.token:
            found["Authorization"] = f'Snowflake Token="{self.token}"'
        return found | {name.replace("_", "-"): value for name, value in more.items()}

    def post(self, path: str, body: Any, **headers: str) -> tuple[int, dict[str, Any]]:
        """Status and JSON answer; a body that is not bytes is sent as JSON."""
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        with contextlib.closing(HTTPConnection("127.0.0.1", self._port, timeout=SECONDS)) as http:
            http.request("POST", path, content, self.headers(**headers))
            answer = http.getresponse()
            raw = answer.read()
        is_json = "json" in (answer.getheader("Content-Type") or "")
        return answer.status, json.loads(raw) if is_json else {"text": raw.decode()}

    def run(self, text: str, request: str = "", **body: Any) -> dict[str, Any]:
        """The answer to a statement."""
        request = request or str(uuid.uuid4())
        status, answer = self.post(f"{QUERY}?requestId={request}", {"sqlText": text, **body})
        assert status == 200, answer
        return answer

    def send_only(self, text: str, request: str) -> None:
        """Send a statement and break the connection off before the answer comes."""
        body = gzip.compress(json.dumps({"sqlText": text}).encode())
        lines = [f"POST {QUERY}?requestId={request} HTTP/1.1", f"Host: localhost:{self._port}"]
        lines += [f"{name}: {value}" for name, value in self.headers().items()]
        lines += ["Content-Encoding: gzip", f"Content-Length: {len(body)}", "", ""]
        with socket.create_connection(("127.0.0.1", self._port), timeout=SECONDS) as connection:
            connection.sendall("\r\n".join(lines).encode() + body)
