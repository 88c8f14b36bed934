"""A container runtime that goes away, with all containers, and comes back."""

from __future__ import annotations

import contextlib
import select
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from socketserver import BaseRequestHandler, ThreadingUnixStreamServer

import docker
import pytest

from tests.account.conftest import RunningAccount, running_account, wait_until
from tests.account.spcs_world import BLOCK, COUNT, MOUNT, POOL, READY, SERVER, World, make_world

ENGINE = "/var/run/docker.sock"
pytestmark = [
    pytest.mark.docker,
    pytest.mark.skipif(not Path(ENGINE).exists(), reason=f"Docker Engine does not listen at {ENGINE}"),
]


class _Forward(BaseRequestHandler):
    def handle(self) -> None:
        with socket.socket(socket.AF_UNIX) as engine:
            engine.connect(ENGINE)
            self.server.open |= {self.request, engine}  # type: ignore[attr-defined]
            pairs = {self.request: engine, engine: self.request}
            while True:
                for ready in select.select(list(pairs), [], [])[0]:
                    data = ready.recv(65536)
                    if not data:
                        return
                    pairs[ready].sendall(data)

    def finish(self) -> None:
        self.server.open -= {self.request}  # type: ignore[attr-defined]


class Engine:
    """Docker Engine as the account sees it, behind a socket that can be taken away."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._server: ThreadingUnixStreamServer | None = None

    def start(self) -> None:
        self._server = ThreadingUnixStreamServer(str(self.path), _Forward)
        self._server.daemon_threads = True
        self._server.open = set()  # type: ignore[attr-defined]
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def stop(self) -> None:
        """Refuse new connections and end those that there are."""
        assert self._server
        self._server.shutdown()
        self._server.server_close()
        self.path.unlink()
        for connection in list(self._server.open):  # type: ignore[attr-defined]
            with contextlib.suppress(OSError):  # it ended by itself
                connection.shutdown(socket.SHUT_RDWR)


@pytest.fixture
def engine(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Engine:
    found = Engine(tmp_path_factory.mktemp("engine") / "docker.sock")
    found.start()
    monkeypatch.setenv("DOCKER_HOST", f"unix://{found.path}")
    return found


@pytest.fixture
def account(engine: Engine, tmp_path: Path) -> Iterator[RunningAccount]:
    with running_account(tmp_path / "account") as found:
        yield found


def stop_containers(account: RunningAccount) -> None:
    """What the end of the engine does to them."""
    mine = {"label": account.settings.labels.of_account}
    for container in docker.DockerClient(base_url=f"unix://{ENGINE}").containers.list(filters=mine):
        container.kill()


def test_services_come_back_with_their_data(account: RunningAccount, engine: Engine) -> None:
    world = make_world(account)
    keeping, asleep = world.spec(COUNT + SERVER, container=MOUNT, **BLOCK), world.spec(container=READY)
    with world.service("KEEPER", keeping), world.service("ASLEEP", asleep):
        world.run("ALTER SERVICE ASLEEP SUSPEND")
        world.wait_for("ASLEEP", "SUSPENDED")
        engine.stop()
        stop_containers(account)
        assert world.run("SELECT 1 AS ONE") == [{"ONE": 1}]
        # What needs no image goes on; its containers follow when there is an engine again.
        world.run("ALTER SERVICE ASLEEP RESUME")
        assert world.status("ASLEEP") == "PENDING"
        new = f"CREATE SERVICE NEW IN COMPUTE POOL {POOL} {asleep}"
        wait_until(lambda: "needs Docker, which does not answer" in str(world.refused(new)))
        engine.start()
        for name in ("KEEPER", "ASLEEP"):
            wait_until(lambda name=name: _ready(world, name), 90, f"{name} runs again")
        assert world.logs("KEEPER").startswith("xx\n"), "the second start found the data of the first"


def _ready(world: World, name: str) -> bool:
    return [row["status"] for row in world.containers(name)] == ["READY"]
