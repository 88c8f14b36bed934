"""Makes, starts, stops and reads containers of services on Docker. It decides nothing."""

from __future__ import annotations

import logging
from datetime import datetime
from typing import Any, NamedTuple

from docker import DockerClient
from docker.errors import APIError, ImageNotFound, NotFound

from local_account.base.labels import Found
from local_account.catalog.catalog import Object
from local_account.identity.account import Account
from local_account.registry.images import pull_auth
from local_account.spcs.docker import session_token, volumes
from local_account.spcs.network.network import Network
from local_account.spcs.spec import units
from local_account.spcs.state import threads
from local_account.spcs.state.lifecycle import dns_name
from local_account.spcs.state.logs import LogRequest
from local_account.spcs.state.observed import Machine

STOP_SECONDS = 30
_PROCESSES = 8192
_LOGS = {"type": "json-file", "config": {"max-size": "10m", "max-file": "3"}}
_log = logging.getLogger(__name__)


class PullError(Exception):
    """An image could not be pulled from the registry."""


class Run(NamedTuple):
    """State of one container's process.

    Attributes:
        started, finished: seconds since the epoch; None when the process did not start or finish.
        error: why Docker could not start the process; empty when it did start.
    """

    running: bool
    exit_code: int
    oom_killed: bool
    started: float | None
    finished: float | None
    error: str


class DockerRuntime:
    """The reconciler's operations on Docker."""

    def __init__(self, account: Account, client: DockerClient, network: Network, machine: Machine) -> None:
        self._account, self.client = account, client
        self.network, self.machine = network, machine
        self._labels = account.settings.labels

    def list(self) -> list[Found]:
        """All containers of services, stopped ones included."""
        filters = {"label": self._labels.of_account}
        entries = self.client.api.containers(all=True, filters=filters)
        return [item for entry in entries if (item := self._labels.found(entry))]

    def inspect(self, identity: str) -> Run | None:
        """State of a container's process; None when the container is gone."""
        try:
            state = self.client.api.inspect_container(identity)["State"]
        except NotFound:
            return None
        return Run(
            running=state["Running"],
            exit_code=state["ExitCode"],
            oom_killed=state["OOMKilled"],
            started=_moment(state["StartedAt"]),
            finished=_moment(state["FinishedAt"]),
            error=state["Error"],
        )

    def address(self, holder: str) -> str:
        """Address of an instance on the account's network."""
        networks = self.client.api.inspect_container(holder)["NetworkSettings"]["Networks"]
        return networks.get(self.network.name, {}).get("IPAddress", "")

    def pull(self, reference: str) -> None:
        """Pull an image unless Docker has it.

        Raises:
            PullError: the registry or Docker refused.
        """
        try:
            self.client.api.inspect_image(reference)
        except ImageNotFound:
            name, _, digest = reference.partition("@")
            try:
                self.client.api.pull(name, tag=digest, auth_config=pull_auth(self._account))
                self.client.api.inspect_image(reference)
            except APIError as error:
                raise PullError(str(error.explanation or error)) from None

    def start_holder(self, item: Object, instance: int) -> str:
        """Make and start the container that owns an instance's network; return its id."""
        full_name = dns_name(item)
        label, _, domain = full_name.partition(".")
        aliases = [full_name, f"{label}.{domain.partition('.')[0]}"]
        name = self._labels.instance(item.id, instance)
        self._remove_by_name(name)
        api = self.client.api
        endpoint = api.create_endpoint_config(aliases=aliases)
        created = api.create_container(
            self._labels.instance_image,
            name=name,
            hostname=f"{label}-{instance}",
            labels=self._labels.for_holder(item.id, instance),
            networking_config=api.create_networking_config({self.network.name: endpoint}),
            host_config=api.create_host_config(
                cap_drop=["ALL"],
                cap_add=["NET_ADMIN"],
                security_opt=["no-new-privileges"],
                mem_limit=64 * 2**20,
                pids_limit=64,
                # The account's name server answers; Docker's own name server knows the services' names only.
                dns=["127.0.0.1"],
                dns_search=[domain],
                dns_opt=["ndots:1", "timeout:1", "attempts:2"],
                log_config=_LOGS,
            ),
        )
        api.start(created["Id"])
        return created["Id"]

    def start_container(self, item: Object, instance: int, name: str, holder: str, restart: int) -> str:
        """Make and start one container of an instance; return its id.

        Raises:
            VolumeError, MissingSecretError: a stage or a secret that it needs is gone.
            APIError: Docker could not start it.
        """
        document = item.properties["SPEC"]["spec"]
        container = next(part for part in document["containers"] if part["name"] == name)
        digest = item.properties["SPEC_DIGEST"]
        marks = self._labels.for_container(item.id, instance, name, digest, restart)
        full_name = f"{self._labels.instance(item.id, instance)}-{name}-{restart}"
        self._remove_by_name(full_name)
        created = self.client.api.create_container(
            item.properties["IMAGES"][name]["reference"],
            name=full_name,
            labels=marks,
            entrypoint=container.get("command"),
            command=container.get("args", [] if "command" in container else None),
            environment=self._environment(item, instance, container),
            host_config=self._host_config(item, instance, container, holder),
        )
        self.client.api.start(created["Id"])
        return created["Id"]

    def _environment(self, item: Object, instance: int, container: dict[str, Any]) -> dict[str, str]:
        return {
            **session_token.variables(self._account, item, instance, container),
            **container.get("env", {}),
            **session_token.secret_variables(self._account, item, container),
        }

    def _host_config(
        self, item: Object, instance: int, container: dict[str, Any], holder: str
    ) -> dict[str, Any]:
        limits = container["resources"]["limits"]
        memory = min(units.memory(limits["memory"]), self.machine.memory)
        binds = {}
        for folder, path in session_token.write_secrets(self._account, item, instance, container):
            binds[str(folder)] = {"bind": path, "mode": "ro"}
        if session_token.wants_token(container):
            token = session_token.issue(self._account, item)
            origin = session_token.issue_origin(self._account, item)
            written = session_token.write_tokens(self._account, item, instance, container, token, origin)
            binds |= {str(folder): {"bind": path, "mode": "ro"} for folder, path in written.items()}
        return self.client.api.create_host_config(
            network_mode=f"container:{holder}",
            mounts=volumes.mounts(self._account, self.client, item, instance, container["name"]),
            binds=binds,
            mem_limit=memory,
            memswap_limit=memory,
            nano_cpus=int(min(units.cpus(limits["cpu"]), self.machine.cpus) * 10**9),
            cap_drop=["NET_RAW", "MKNOD", "SYS_CHROOT", "SETFCAP"],
            security_opt=["no-new-privileges"],
            pids_limit=_PROCESSES,
            log_config=_LOGS,
        )

    def remove(self, identities: list[str], grace: int = STOP_SECONDS) -> None:
        """Stop containers (SIGTERM, then SIGKILL after `grace` seconds), all at once, and remove them."""
        threads.for_each(lambda identity: self._remove(identity, grace), identities)

    def leave_network(self, holders: list[str]) -> None:
        """Take instances off the network, so that their names no longer lead to them."""
        for holder in holders:
            try:
                self.client.api.disconnect_container_from_network(holder, self.network.name, force=True)
            except (NotFound, APIError):
                continue

    def stop(self, identity: str, grace: int = STOP_SECONDS) -> None:
        """Stop a container; it stays, with its logs."""
        try:
            self.client.api.stop(identity, timeout=grace)
        except NotFound:
            return

    def logs(self, identity: str, request: LogRequest) -> str:
        """Log lines that a container wrote."""
        try:
            raw = self.client.api.logs(
                identity,
                stdout=request.stream != "stderr",
                stderr=request.stream != "stdout",
                tail=request.lines or "all",
                since=request.since,
                timestamps=request.times,
            )
        except (NotFound, APIError):
            return ""
        return raw.decode(errors="replace").rstrip("\n")

    def _remove(self, identity: str, grace: int) -> None:
        self.stop(identity, grace)
        try:
            self.client.api.remove_container(identity, force=True, v=True)
        except NotFound:
            return
        except APIError as error:
            # Docker says 409 while another request removes the same container.
            if error.status_code != 409:
                raise

    def _remove_by_name(self, name: str) -> None:
        try:
            self.client.api.remove_container(name, force=True, v=True)
        except NotFound:
            return


def _moment(text: str) -> float | None:
    """Docker's time as seconds since the epoch; None for `0001-01-01…`, which means never."""
    if not text or text.startswith("0001-"):
        return None
    return datetime.fromisoformat(text[:19] + "+00:00").timestamp() + float("0" + text[19:].rstrip("Z") or 0)
