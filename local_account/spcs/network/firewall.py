"""Who may reach an instance, and what it may reach: nftables rules inside its network namespace.

An instance can be reached only at its declared endpoints, by services whose owner role may use them and by
this machine (probes and the ingress). An instance can reach other services, the account, and what external
access integrations open. Only the account's name server answers its questions for names.
"""

from __future__ import annotations

import logging
import threading
from typing import Any

from docker import DockerClient
from docker.errors import APIError

from local_account.catalog.catalog import Object
from local_account.identity import access
from local_account.identity.account import Account
from local_account.spcs.network import egress, network, outside, service_names
from local_account.spcs.network.egress import Addresses, Rules
from local_account.spcs.network.endpoints import opens
from local_account.spcs.network.firewall_rules import Machine, ruleset
from local_account.spcs.network.name_server import NameServer
from local_account.spcs.network.network import Network
from local_account.spcs.state.lifecycle import dns_name
from local_account.spcs.state.observed import SERVICE

_log = logging.getLogger(__name__)
# The second name server is Docker's: it knows the services' names while the account does not run.
_RESOLVER = (
    "nameserver {gateway}\nnameserver 127.0.0.11\nsearch {domain}\noptions ndots:1 timeout:3 attempts:2\n"
)
_SET = 'nft "$1" && printf %s "$2" > /etc/resolv.conf'


class FirewallError(Exception):
    """The rules of an instance could not be set, so the instance must not run."""


class Firewall:
    """Keeps the rules of all instances up to date and answers the instances' questions for names.

    Raises:
        OSError: this machine has no address on the network.
    """

    def __init__(self, account: Account, client: DockerClient, inner: Network) -> None:
        self._account, self._client, self._network = account, client, inner
        self._lock = threading.RLock()
        self._holders: dict[str, tuple[int, str]] = {}
        self._applied: dict[str, str] = {}
        self._outside: set[str] = set()
        hosts = account.settings.state / outside.HOSTS_FILE
        self._addresses = Addresses(lambda name: outside.resolve(hosts, name))
        self._names = NameServer(inner.gateway, self.find)
        self._closed = threading.Event()
        threading.Thread(target=self._renew, name="services-names", daemon=True).start()

    def close(self) -> None:
        """Stop answering questions for names; the rules stay."""
        self._closed.set()
        self._names.close()

    def add(self, holder: str, service: int, address: str) -> None:
        """Set the rules of a new instance and open the way to other instances; returns when all are in place.

        Raises:
            FirewallError: the instance's own rules could not be set.
        """
        item = self._account.catalog.by_id(service)
        if item is not None:
            self._addresses.renew(egress.exact_names(egress.allowed(self._account.catalog, item)))
        with self._lock:
            # Docker may have given the new instance an address that is still noted for an ended one.
            for other in [known for known, (_, its) in self._holders.items() if its == address]:
                self.forget(other)
            self._holders[holder] = (service, address)
        self.refresh()
        if holder not in self._applied:
            raise FirewallError("the network rules of the instance could not be set")

    def forget(self, holder: str) -> None:
        with self._lock:
            self._holders.pop(holder, None)
            self._applied.pop(holder, None)
            self._outside.discard(holder)

    def refresh(self, only: int | None = None) -> None:
        """Set the rules of every instance whose rules changed, or of one service's instances only."""
        with self._lock:
            services = {item.id: item for item in self._account.catalog.objects(SERVICE)}
            for holder, (service, _) in self._holders.items():
                if service in services and only in (None, service):
                    self._settle(holder, services[service], services)

    def find(self, asker: str, name: str) -> list[str] | None:
        """Addresses of a name, for the instance at address `asker`; None when it may not look up the name.

        The firewall lets packets to these addresses pass before the answer is sent.
        """
        with self._lock:
            found = [service for service, address in self._holders.values() if address == asker]
        item = self._account.catalog.by_id(found[0]) if found else None
        if item is None:
            return None
        inside = service_names.addresses(self._account, item, name)
        if inside is not None:
            return inside or None
        if not egress.names_host(egress.allowed(self._account.catalog, item), name):
            return None
        addresses = self._addresses.look_up(name)
        self.refresh(item.id)
        return addresses or None

    def _renew(self) -> None:
        """Ask again for the names that rules open, and update the rules of running services."""
        while not self._closed.wait(egress.RENEW_SECONDS):
            try:
                with self._lock:
                    ids = {service for service, _ in self._holders.values()}
                catalog = self._account.catalog
                items = [item for item in map(catalog.by_id, ids) if item]
                names = {name for item in items for name in egress.exact_names(egress.allowed(catalog, item))}
                self._addresses.renew(names)
                self.refresh()
            except Exception:
                _log.exception("names could not be renewed")

    def _settle(self, holder: str, item: Object, services: dict[int, Object]) -> None:
        rules = egress.allowed(self._account.catalog, item)
        text = self._rules(item, services, rules)
        if self._applied.get(holder) == text:
            return
        try:
            if rules and holder not in self._outside:
                network.join_egress(self._client, self._account.settings.labels, holder)
                self._outside.add(holder)
            names = _RESOLVER.format(gateway=self._network.gateway, domain=dns_name(item).partition(".")[2])
            run = self._client.api.exec_create(
                holder, ["sh", "-c", _SET, "sh", text, names], privileged=False
            )
            output = self._client.api.exec_start(run["Id"])
            code = self._client.api.exec_inspect(run["Id"])["ExitCode"]
        except APIError as error:
            output, code = str(error).encode(), 1
        if code:
            self._applied.pop(holder, None)
            _log.error("rules of %s: %s", holder[:12], output.decode(errors="replace"))
            return
        self._applied[holder] = text

    def _rules(self, item: Object, services: dict[int, Object], rules: Rules) -> str:
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
        reach = self._addresses.reach(rules)
        own = tuple(sorted(outside.own_addresses())) if reach.anywhere else ()
        machine = Machine(self._account.settings.port, self._names.port, own)
        return ruleset(self._network, machine, own_ports(item.properties["SPEC"]), allowed, reach)


def own_ports(document: dict[str, Any]) -> list[int]:
    """Ports that this machine must reach: endpoints (for the ingress) and probes."""
    ports = {endpoint["port"] for endpoint in document["spec"].get("endpoints", ()) if "port" in endpoint}
    for container in document["spec"]["containers"]:
        for probe in ("readinessProbe", "livenessProbe"):
            if probe in container:
                ports.add(container[probe]["port"])
    return sorted(ports)
