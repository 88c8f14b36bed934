"""A service that tells, in its log, which hosts and ports it reaches and whether a connection still lives."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterable

from tests.account.spcs_world import World

_PROBE = """
import json, socket, time
targets, held_target = {targets!r}, {held!r}
held, seen = None, None

def probe(host, port):
    try:
        socket.create_connection((host, port), timeout=1).close()
        return "open"
    except socket.gaierror:
        return "unknown"
    except OSError:
        return "closed"

def echoed(connection):
    try:
        connection.sendall(b"x")
        return connection.recv(1) == b"x"
    except OSError:
        return False

while True:
    state = {{f"{{host}}:{{port}}": probe(host, port) for host, port in targets}}
    if held is None and held_target and state[held_target] == "open":
        held = socket.create_connection(held_target.rsplit(":", 1), timeout=3)
    alive = held is not None and echoed(held)
    if held is not None and not alive:
        held.close()
        held = None
    state["held"] = "alive" if alive else "none"
    if state != seen:
        print(json.dumps(state), flush=True)
        seen = state
    time.sleep(0.2)
"""
ECHO = """
import socketserver, threading, signal, sys
class Echo(socketserver.BaseRequestHandler):
    def handle(self):
        while data := self.request.recv(100):
            self.request.sendall(data)
class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = daemon_threads = True
signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
for port in {ports!r}:
    threading.Thread(target=Server(("", port), Echo).serve_forever, daemon=True).start()
threading.Event().wait()
"""


def probing(targets: Iterable[tuple[str, int]], held: str = "") -> str:
    """Code of a service that goes on trying targets.

    Args:
        held: `host:port` of a target to which it keeps one connection.
    """
    return _PROBE.format(targets=list(targets), held=held)


def echoing(*ports: int) -> str:
    """Code of a server that sends back what it gets."""
    return ECHO.format(ports=ports)


def told(world: World, service: str, role: str) -> dict[str, str]:
    """What the prober found last; empty before it found anything."""
    rows = world.run(f"SELECT SYSTEM$GET_SERVICE_LOGS('{service}', 0, 'main', 1) AS LOGS", role=role)
    with contextlib.suppress(json.JSONDecodeError):
        return json.loads(rows[0]["LOGS"])
    return {}
