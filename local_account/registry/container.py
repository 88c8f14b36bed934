"""Runs the registry's container while image repositories exist, and makes its storage follow the catalog."""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import logging
import tarfile
import threading
import time
from typing import TYPE_CHECKING, Any

import docker
import requests
from docker.errors import APIError, DockerException, NotFound
from docker.types import LogConfig

from local_account.base.waiting import answers_http, poll
from local_account.identity.account import Account
from local_account.registry.images import folder, with_images
from local_account.registry.registry import READY, Registry
from local_account.registry.storage import CONFIG, StorageError

if TYPE_CHECKING:
    from docker import DockerClient
    from docker.models.containers import Container

_CERTIFICATE = "/etc/docker/registry/tokens.pem"
_LOOK_SECONDS = 5.0
_START_SECONDS = 20.0
_log = logging.getLogger(__name__)


class RegistryReconciler:
    """A thread that makes the registry follow the catalog, also after crashes."""

    def __init__(self, account: Account) -> None:
        self._account = account
        self._registry = account.part(Registry)
        self._labels = account.settings.labels
        self._config_key = self._labels.key("config")
        self._client: DockerClient | None = None
        self._stopping = False
        self._garbage = True
        self._settled: frozenset[tuple[int, str]] | None = None
        self._swept = 0.0
        self._thread = threading.Thread(target=self._run, name="registry", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """End the thread. The container stays, and the next server finds it."""
        self._stopping = True
        self._registry.wake.set()
        self._thread.join(2.0)

    def _run(self) -> None:
        watcher = threading.Thread(target=self._watch, name="registry-watch", daemon=True)
        watcher.start()
        while not self._stopping:
            self._registry.wake.clear()
            problem = self._try()
            if problem != (self._registry.problem or "") and problem:
                _log.warning("image registry: %s", problem)
            self._registry.problem = problem
            self._registry.wake.wait(_LOOK_SECONDS)

    def _watch(self) -> None:
        version = self._account.catalog.version
        while not self._stopping:
            version = self._account.catalog.wait(version, _LOOK_SECONDS)
            if not self._stopping and self._wanted() != self._settled:
                self._registry.wake.set()

    def _try(self) -> str:
        """Make the registry follow the catalog once; return why that is impossible now, or ''."""
        wanted = self._wanted()
        if not wanted and self._settled == wanted:
            return ""
        try:
            self._client = self._client or docker.from_env()
            if wanted:
                self._ensure_running(self._client)
                self._settle(self._client, wanted)
            else:
                self._remove(self._client)
                self._settled, self._garbage = wanted, False
        except NotFound as error:
            reason = error.explanation or error
            return f"The image registry cannot start: {reason}. Start the account again; that makes images."
        except APIError as error:
            return f"The image registry cannot start: {error.explanation or error}"
        # Docker's client turns lost connections into its own errors only while the client is made.
        except (DockerException, requests.ConnectionError) as error:
            self._client = None
            reason = f"The image registry needs Docker, which does not answer: {error}. Start Docker."
            return reason if wanted else ""
        except (StorageError, OSError) as error:
            return f"The image registry does not work: {error}"
        except Exception:
            _log.exception("image registry")
            return "The image registry failed inside the account; see the account's log."
        return ""

    # The container

    def _ensure_running(self, client: DockerClient) -> None:
        container = self._find(client)
        if container and container.labels.get(self._config_key) != self._config_digest():
            container.remove(force=True)
            container = None
        if container is None:
            container = self._create(client)
        if container.status != "running":
            container.start()
            self._settled = None
            self._wait_for_answer(container)

    def _remove(self, client: DockerClient) -> None:
        """Remove the container and the volume, because there are no repositories."""
        container = self._find(client)
        if container:
            container.remove(force=True, v=True)
        with contextlib.suppress(NotFound):
            client.volumes.get(self._registry.storage.container).remove(force=True)

    def _find(self, client: DockerClient) -> Container | None:
        try:
            return client.containers.get(self._registry.storage.container)
        except NotFound:
            return None

    def _create(self, client: DockerClient) -> Container:
        name, marks = self._registry.storage.container, self._labels.for_registry()
        client.volumes.create(name, labels=marks)
        container = client.containers.create(
            self._labels.registry_image,
            name=name,
            labels={**marks, self._config_key: self._config_digest()},
            ports={"5000/tcp": ("127.0.0.1", self._account.settings.registry_port)},
            volumes={name: {"bind": "/var/lib/registry", "mode": "rw"}},
            # By default newer registries send reports to a trace collector.
            environment={"OTEL_TRACES_EXPORTER": "none"},
            cap_drop=["ALL"],
            security_opt=["no-new-privileges"],
            log_config=LogConfig(type=LogConfig.types.JSON, config={"max-size": "5m", "max-file": "2"}),
        )
        container.put_archive("/", _archive({CONFIG: self._config(), _CERTIFICATE: self._certificate()}))
        return container

    def _config(self) -> bytes:
        settings = self._account.settings
        content: dict[str, Any] = {
            "version": "0.1",
            "log": {"accesslog": {"disabled": True}, "level": "warn"},
            # No cache, because the storage is also changed by commands run in the container.
            "storage": {
                "filesystem": {"rootdirectory": "/var/lib/registry"},
                "delete": {"enabled": True},
            },
            "http": {"addr": ":5000", "headers": {"X-Content-Type-Options": ["nosniff"]}},
            "auth": {
                "token": {
                    "realm": f"{settings.account_url}/registry/token",
                    "service": self._registry.tokens.service,
                    "issuer": self._registry.tokens.issuer,
                    "rootcertbundle": _CERTIFICATE,
                }
            },
        }
        return json.dumps(content, indent=1).encode()

    def _certificate(self) -> bytes:
        return self._registry.tokens.certificate

    def _config_digest(self) -> str:
        return hashlib.sha256(self._config() + self._certificate()).hexdigest()[:16]

    def _wait_for_answer(self, container: Container) -> None:
        url = f"http://127.0.0.1:{self._account.settings.registry_port}/v2/"

        def settled() -> str:
            if answers_http(url):
                return "answers"
            container.reload()
            return "ended" if self._stopping or container.status == "exited" else ""

        if poll(settled, _START_SECONDS) == "answers":
            return
        lines = container.logs(tail=5).decode(errors="replace")
        raise StorageError(f"no answer on port {self._account.settings.registry_port}: {lines}")

    # The storage

    def _wanted(self) -> frozenset[tuple[int, str]]:
        return frozenset((item.id, folder(item)) for item in with_images(self._account.catalog))

    def _settle(self, client: DockerClient, wanted: frozenset[tuple[int, str]]) -> None:
        """Remove images without a repository in the catalog, then mark new repositories as ready."""
        tokens = self._registry.tokens
        idle = not tokens.pushing
        late = idle and (self._garbage or tokens.pushing_until > self._swept)
        if wanted == self._settled and not late:
            return
        self._remove_strays(client)
        if late:
            if self._garbage:
                self._registry.storage.collect_garbage(client)
            self._garbage, self._swept = False, time.monotonic()
        self._settled = wanted

    def _remove_strays(self, client: DockerClient) -> None:
        storage, catalog = self._registry.storage, self._account.catalog
        items = with_images(catalog)
        known = {folder(item): item for item in items}
        present = storage.repositories(client)
        for name in present:
            item = known.get(name)
            if item is None or not item.properties.get(READY):
                storage.remove(client, name)
                self._garbage = True
        for item in items:
            if not item.properties.get(READY):
                catalog.set_properties(item.id, {READY: True})


def _archive(files: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        for path, content in files.items():
            entry = tarfile.TarInfo(path.lstrip("/"))
            entry.size, entry.mode = len(content), 0o644
            tar.addfile(entry, io.BytesIO(content))
    return buffer.getvalue()
