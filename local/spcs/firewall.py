"""Who may reach an instance, and what it may reach: nftables rules inside its network namespace.

Only declared endpoints are reachable, and only for services whose owner role may use them; probes and the
ingress come from this machine. Out of it an instance reaches other services and the account, nothing else.
"""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING, Any

from docker import DockerClient
from docker.errors import APIError

from local.account import access
from local.account.catalog import Object
from local.spcs.endpoints import opens
from local.spcs.network import Network
from local.spcs.observed import SERVICE

if TYPE_CHECKING:
    from local.account.account import Account

_log = logging.getLogger(__name__)


class FirewallError(Exception):
    """The rules of an instance could not be set, so it must not run."""


class Firewall:
    """Keeps the rules of all instances up to date."""

    def __init__(self, account: Account, client: DockerClient, network: Network) -> None:
        self._account, self._client, self._network = account, client, network
        self._lock = threading.Lock()
        self._holders: dict[str, tuple[int, str]] = {}
        self._applied: dict[str, str] = {}

    def add(self, holder: str, service: int, address: str) -> None:
        """Guard a new instance, and let it in where it may go; returns when all rules are in place.

        Raises:
            FirewallError: its own rules could not be set.
        """
        with self._lock:
            self._holders[holder] = (service, address)
        self.refresh()
        if holder not in self._applied:
            raise FirewallError("the network rules of the instance could not be set")

    def forget(self, holder: str) -> None:
        with self._lock:
            self._holders.pop(holder, None)
            self._applied.pop(holder, None)

    def refresh(self) -> None:
        """Set the rules of every instance for which they changed."""
        with self._lock:
            services = {item.id: item for item in self._account.catalog.objects(SERVICE)}
            for holder, (service, _) in self._holders.items():
                if service not in services:
                    continue
                text = self._rules(services[service], services)
                if self._applied.get(holder) != text:
                    self._apply(holder, text)

    def _apply(self, holder: str, text: str) -> None:
        try:
            run = self._client.api.exec_create(holder, ["nft", text], privileged=False)
            output = self._client.api.exec_start(run["Id"])
            code = self._client.api.exec_inspect(run["Id"])["ExitCode"]
        except APIError as error:
            output, code = str(error).encode(), 1
        if code:
            self._applied.pop(holder, None)
            _log.error("nft in %s: %s", holder[:12], output.decode(errors="replace"))
            return
        self._applied[holder] = text

    def _rules(self, item: Object, services: dict[int, Object]) -> str:
        catalog = self._account.catalog
        allowed: list[tuple[str, list[str]]] = []
        roles = {other.owner: access.closure(catalog, [other.owner]) for other in services.values()}
        for endpoint in item.properties["SPEC"]["spec"].get("endpoints", ()):
            peers = sorted(
                address
                for service, address in self._holders.values()
                if service in services
                and opens(catalog, item, endpoint["name"], roles[services[service].owner])
            )
            allowed.append((str(endpoint.get("port") or endpoint["portRange"]), peers))
        return ruleset(
            self._network, self._account.settings.port, own_ports(item.properties["SPEC"]), allowed
        )


def own_ports(document: dict[str, Any]) -> list[int]:
    """Ports that this machine itself must reach: endpoints for the ingress, and probes."""
    ports = {endpoint["port"] for endpoint in document["spec"].get("endpoints", ()) if "port" in endpoint}
    for container in document["spec"]["containers"]:
        for probe in ("readinessProbe", "livenessProbe"):
            if probe in container:
                ports.add(container[probe]["port"])
    return sorted(ports)


def ruleset(
    network: Network, account_port: int, machine_ports: list[int], allowed: list[tuple[str, list[str]]]
) -> str:
    """Commands for nft that put these rules in place of the ones before.

    Args:
        machine_ports: open to this machine.
        allowed: port (or range) with the addresses of other instances that may reach it.
    """
    incoming = ["iif lo accept", "ct state established,related accept"]
    if machine_ports:
        ports = ", ".join(map(str, machine_ports))
        incoming.append(f"ip saddr {network.gateway} tcp dport {{ {ports} }} accept")
    incoming += [
        f"ip saddr {{ {', '.join(peers)} }} tcp dport {port} accept" for port, peers in allowed if peers
    ]
    outgoing = [
        "oif lo accept",
        "ct state established,related accept",
        f"ip daddr {network.gateway} tcp dport {account_port} accept",
        f"ip daddr != {network.gateway} ip daddr {network.subnet} accept",
        "reject",
    ]
    lines = ["add table inet spcs", "delete table inet spcs", "add table inet spcs"]
    for chain, rules in (("input", incoming), ("output", outgoing)):
        policy = "drop" if chain == "input" else "accept"
        hook = f"{{ type filter hook {chain} priority 0 ; policy {policy} ; }}"
        lines.append(f"add chain inet spcs {chain} {hook}")
        lines += [f"add rule inet spcs {chain} {rule}" for rule in rules]
    return "\n".join(lines)
