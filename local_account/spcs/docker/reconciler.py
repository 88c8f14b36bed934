"""The thread that makes Docker follow the catalog: it compares the two and hands services to workers."""

from __future__ import annotations

import contextlib
import logging
import threading
import time

import docker
import requests
from docker import DockerClient
from docker.errors import DockerException

from local_account.base.waiting import poll
from local_account.catalog.catalog import Object
from local_account.identity.account import Account
from local_account.spcs.docker import idle, meter, session_token, snapshot_taker, volume_work, volumes
from local_account.spcs.docker.instance import InstanceNotes
from local_account.spcs.docker.runtime import DockerRuntime
from local_account.spcs.docker.service_pass import PassInput, ServicePass
from local_account.spcs.network import network
from local_account.spcs.network.firewall import Firewall, FirewallError
from local_account.spcs.state import scaling, snapshots, threads
from local_account.spcs.state.logs import LogReader, LogRequest
from local_account.spcs.state.measures import INTERVAL, Measures
from local_account.spcs.state.observed import POOL, SERVICE, Machine, Observed
from local_account.spcs.state.status import placement

_CONNECTIONS = 32
_EVENT_SECONDS = 3600
_LOOK_SECONDS = 60.0
_RETRY_SECONDS = 2.0
_SETTLE_SECONDS = 0.03
_FAILED_PASS_SECONDS = 2.0
_END_SECONDS = 8.0
_log = logging.getLogger(__name__)
DOCKER_ERRORS = (DockerException, requests.RequestException, OSError)


class Reconciler(LogReader):
    """Compares pools, services and jobs with Docker and removes the differences, also after a crash."""

    def __init__(self, account: Account) -> None:
        self._account = account
        self._observed = account.part(Observed)
        self._labels = account.settings.labels
        self._client: DockerClient | None = None
        self._runtime: DockerRuntime | None = None
        self._firewall: Firewall | None = None
        self._wake = threading.Event()
        self._stopping = False
        self._ended = threading.Event()
        self._busy: set[int] = set()
        self._due: dict[int, float] = {}
        self._signatures: dict[int, object] = {}
        self._notes: dict[int, dict[int, InstanceNotes]] = {}
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        self._thread = threads.start(self._run, "services")
        threads.start(self._watch_catalog, "services-catalog")
        threads.start(self._measure, "services-meter")

    def stop(self) -> None:
        """End the threads. Services go on running; dropped services are removed first."""
        self._observed.close()

        def removed() -> bool:
            self._wake.set()
            return not self._observed.dropped

        poll(removed, _END_SECONDS)
        self._stopping = True
        self._ended.set()
        self._wake.set()
        if self._thread:
            self._thread.join(2.0)
        with contextlib.suppress(*DOCKER_ERRORS):
            self._kill_dropped()
            if self._client:
                volume_work.thaw_all(self._client, self._labels)

    def _run(self) -> None:
        while not self._stopping:
            self._wake.clear()
            try:
                delay = self._round()
                self._observed.set_problem("")
            except DOCKER_ERRORS as error:
                self._lost(error)
                delay = _RETRY_SECONDS
            except Exception:
                _log.exception("services: a round failed")
                delay = _RETRY_SECONDS
            self._wake.wait(delay)
            # Wait a moment, so that several changes are handled in one round.
            time.sleep(_SETTLE_SECONDS)

    def _watch_catalog(self) -> None:
        version = self._account.catalog.version
        while not self._stopping:
            version = self._account.catalog.wait(version, _LOOK_SECONDS)
            self._wake.set()

    def _measure(self) -> None:
        """Measure containers at intervals, as long as somebody needs it, and scale services."""
        while not self._ended.wait(INTERVAL):
            runtime = self._runtime
            wanted = {item.id for item in self._account.catalog.objects(SERVICE) if meter.is_measured(item)}
            if runtime is None or not wanted:
                self._account.part(Measures).keep(set())
                continue
            try:
                meter.measure(runtime, self._account.part(Measures), wanted)
                scaling.scale_all(self._account)
            except DOCKER_ERRORS:
                continue
            except Exception:
                _log.exception("services: measuring and scaling failed")

    # Docker

    def _connect(self) -> DockerClient:
        if self._client is None:
            client = docker.from_env(timeout=120, max_pool_size=_CONNECTIONS)
            client.ping()
            volume_work.thaw_all(client, self._labels)
            self._client = client
            threads.start(self._watch_docker, "services-docker")
        return self._client

    def _watch_docker(self) -> None:
        filters = {
            "label": self._labels.of_account,
            "type": "container",
            "event": ["die", "oom", "destroy"],
        }
        client = self._client
        while self._client is client and not self._stopping:
            with contextlib.suppress(*DOCKER_ERRORS):
                for event in docker.from_env(timeout=_EVENT_SECONDS).events(decode=True, filters=filters):
                    service = self._labels.service_of(event["Actor"]["Attributes"])
                    if service is not None:
                        # Docker's container list may still show the state before.
                        self._due[service] = 0.0
                    self._wake.set()
            # The stream ends when Docker ends, or when nothing happens for a long time.
            self._wake.set()
            time.sleep(_RETRY_SECONDS)

    def _lost(self, error: Exception) -> None:
        text = f"Docker does not answer: {error}. Start Docker."
        if self._observed.problem != text:
            _log.warning("services: %s", text)
        self._client = None
        self._forget_network()
        self._signatures.clear()
        self._observed.forget_all()
        self._observed.set_problem(text)

    def _prepare(self, client: DockerClient) -> tuple[DockerRuntime, Firewall]:
        """Make the network and the firewall and read the machine's size when the first pool needs them."""
        if self._runtime is None or self._firewall is None:
            self._forget_network()
            made = network.ensure(client, self._labels)
            info = client.api.info()
            machine = Machine(info["NCPU"], info["MemTotal"])
            self._runtime = DockerRuntime(self._account, client, made, machine)
            self._firewall = Firewall(self._account, client, made)
            self._observed.machine = machine
            self._observed.set_gateway(made.gateway)
        return self._runtime, self._firewall

    def _forget_network(self) -> None:
        if self._firewall is not None:
            self._firewall.close()
        self._runtime = self._firewall = None

    # Rounds

    def _round(self) -> float:
        """Look at everything once; return the seconds until the next look."""
        client = self._connect()
        # This comes first, so that a service that is dropped from now on still counts as having containers.
        waiting, with_volumes = self._look_at_volumes(client)
        services = {item.id: item for item in self._account.catalog.objects(SERVICE)}
        pools = self._account.catalog.objects(POOL)
        if not services and not pools and not with_volumes and not waiting and not self._leftovers(client):
            network.remove(client, self._labels)
            session_token.forget_all(self._account)
            self._forget_network()
            self._observed.set_gateway("")
            return _LOOK_SECONDS
        runtime, firewall = self._prepare(client)
        found = runtime.list()
        firewall.refresh()
        placed = self._placements(pools)
        known = {part.service for part in found} | set(self._observed.services())
        known |= {*with_volumes, *waiting}
        self._observed.dropped = known - set(services)
        for service in sorted({*services, *known}):
            item = services.get(service)
            mine = [part for part in found if part.service == service]
            given = PassInput(service, item, placed.get(service, frozenset()), mine, waiting.get(service, []))
            given.volumes = () if item else with_volumes.get(service, ())
            given.notes = self._notes.setdefault(service, {})
            self._consider(runtime, firewall, given)
        for service in set(self._notes) - known - set(services):
            self._forget(service)
        soonest = min(list(self._due.values()), default=time.monotonic() + _LOOK_SECONDS)
        idle_delay = idle.suspend_idle(self._account, pools)
        return max(0.0, min(soonest - time.monotonic(), idle_delay, _LOOK_SECONDS))

    def _look_at_volumes(
        self, client: DockerClient
    ) -> tuple[dict[int, list[Object]], dict[int, tuple[str, ...]]]:
        """Snapshots that must be made and volumes that belong to services, each by service."""
        catalog = self._account.catalog
        snapshots.drop_expired(catalog)
        # List the volumes before reading `kept`: a volume made in between must not count as left over.
        found = volumes.listed(client, self._labels)
        kept = snapshots.kept(catalog, self._labels)
        snapshot_taker.sweep(client, catalog, self._labels, kept, found)
        return snapshots.pending(catalog), volumes.by_service(found, self._labels, kept)

    def _leftovers(self, client: DockerClient) -> bool:
        if self._busy or self._observed.services():
            return True
        entries = client.api.containers(all=True, filters={"label": self._labels.of_account})
        return any(self._labels.found(entry) for entry in entries)

    def _placements(self, pools: list[Object]) -> dict[int, frozenset[int]]:
        """Instances that have a node, by service. Records the nodes."""
        nodes: dict[tuple[int, int], tuple[str, int]] = {}
        for pool in pools:
            for key, node in placement(self._account, pool).nodes.items():
                nodes[key] = (pool.name, node)
        started = {
            pool.id: (pool.properties["RESUMED_ON"], pool.properties["MIN_NODES"])
            for pool in pools
            if not pool.properties["SUSPENDED"]
        }
        self._observed.set_nodes(nodes, started)
        placed: dict[int, set[int]] = {}
        for service, number in nodes:
            placed.setdefault(service, set()).add(number)
        return {service: frozenset(numbers) for service, numbers in placed.items()}

    def _consider(self, runtime: DockerRuntime, firewall: Firewall, given: PassInput) -> None:
        """Hand a service to a worker when the service changed or its time has come."""
        if given.service in self._busy:
            return
        properties = given.item.properties if given.item else None
        waiting = tuple(snapshot.id for snapshot in given.snapshots)
        signature = (repr(properties), given.placed, tuple(sorted(given.found)), waiting, given.volumes)
        is_due = self._due.get(given.service, float("inf")) <= time.monotonic()
        if not is_due and self._signatures.get(given.service) == signature:
            return
        self._signatures[given.service] = signature
        self._due.pop(given.service, None)
        self._busy.add(given.service)
        work = ServicePass(self._account, runtime, firewall, given)
        threads.start(lambda: self._pass(work, given.service), "service")

    def _pass(self, work: ServicePass, service: int) -> None:
        delay: float | None = _FAILED_PASS_SECONDS
        try:
            delay = work.run()
        except (*DOCKER_ERRORS, FirewallError) as error:
            _log.warning("service %d: %s", service, error)
            work.show_problem(str(error))
        except Exception as error:
            _log.exception("service %d: a pass failed", service)
            work.show_problem(f"{type(error).__name__}, see the account's log")
        if delay is not None:
            self._due[service] = time.monotonic() + delay
        self._busy.discard(service)
        self._wake.set()

    def _forget(self, service: int) -> None:
        if service not in self._busy:
            for store in (self._notes, self._signatures, self._due):
                store.pop(service, None)

    def _kill_dropped(self) -> None:
        """Kill containers of dropped services, because the server ends and waits no longer."""
        runtime, dropped = self._runtime, self._observed.dropped
        if runtime is None or not dropped:
            return
        runtime.remove([part.id for part in runtime.list() if part.service in dropped], grace=0)
        keep = snapshots.kept(self._account.catalog, self._labels)
        for service in dropped:
            volumes.remove(runtime.client, self._labels, service, None, block=True, keep=keep)

    # Logs

    def read_logs(self, item: Object, request: LogRequest) -> str:
        runtime = self._runtime
        if runtime is None:
            return ""
        try:
            runs = sorted(
                (part.restart, part.id)
                for part in runtime.list()
                if (part.service, part.instance, part.name) == (item.id, request.instance, request.container)
            )
            if request.all_runs:
                return "\n".join(filter(None, (runtime.logs(run, request) for _, run in runs)))
            chosen = runs[:-1] if request.previous else runs
            return runtime.logs(chosen[-1][1], request) if chosen else ""
        except DOCKER_ERRORS:
            return ""
