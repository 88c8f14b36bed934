"""What services may reach outside: hosts and ports of their external access integrations, as addresses.

See https://docs.snowflake.com/en/developer-guide/snowpark-container-services/service-network-communications
"""

from __future__ import annotations

import ipaddress
import threading
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from typing import NamedTuple

from local_account.base.sql import Name
from local_account.catalog.catalog import Catalog, Object
from local_account.identity import access
from local_account.objects.external_access import allowed_hosts
from local_account.statement.references import INTEGRATION

Rules = frozenset[tuple[str, int]]
ANYWHERE = "0.0.0.0"  # noqa: S104 a word in network rules, not an address to listen on
RENEW_SECONDS = 30.0
_FRESH_SECONDS = 5.0
_KEEP_SECONDS = 3600.0
# Clients keep an answer for a while, and large hosts give other addresses each time.
_GRACE_SECONDS = 60.0
_RENEW_TIMEOUT = 5.0
_MAX_NAMES = 4096
_MAX_ADDRESSES = 256
_PORTS = (22, 80, 443)
_FIRST_FREE_PORT = 1024


def allowed(catalog: Catalog, item: Object) -> Rules:
    """Hosts and ports that a service may reach: those of every enabled integration its owner role may use.

    Services can reach ports 22, 80, 443 and those from 1024 on; a rule for another port opens nothing.
    """
    names = item.properties.get("EXTERNAL_ACCESS_INTEGRATIONS")
    if not names:
        return frozenset()
    owner = access.Access(catalog, access.closure(catalog, [item.owner]))
    found: set[tuple[str, int]] = set()
    for name in names:
        integration = catalog.find(INTEGRATION, Name("", "", name))
        if integration is not None and owner.has("USAGE", integration):
            found |= allowed_hosts(catalog, name)
    return frozenset(rule for rule in found if rule[1] in _PORTS or rule[1] >= _FIRST_FREE_PORT)


def names_host(rules: Rules, name: str) -> bool:
    """Whether a host name may be looked up: a rule names it, its domain (`*.`) or every host."""
    return any(_matches(host, name) for host, _ in rules)


def exact_names(rules: Rules) -> set[str]:
    """The hosts that rules name in full."""
    return {host for host, _ in rules if host != ANYWHERE and not host.startswith("*.")}


class Reach(NamedTuple):
    """Where packets of an instance may go.

    Attributes:
        current: addresses and ports for new connections. An address stays for a minute after the last
            answer that had it.
        former: addresses that a name had before; open connections to them go on.
        anywhere: ports open to every public address.
    """

    current: frozenset[tuple[str, int]]
    former: frozenset[tuple[str, int]]
    anywhere: frozenset[int]


@dataclass
class _Known:
    """A host name that was looked up.

    Attributes:
        latest: the last answer.
        seen: when each address was last in an answer.
        asked: when the resolver was last asked for the name.
        wanted: when a service last asked for the name.
    """

    latest: list[str] = field(default_factory=list)
    seen: dict[str, float] = field(default_factory=dict)
    asked: float = 0.0
    wanted: float = 0.0


class Addresses:
    """Addresses of host names, from a resolver's latest answers.

    Args:
        resolve: gives the IPv4 addresses of a name; an empty list when it has no address.
        clock: gives the present time in seconds.
    """

    def __init__(
        self, resolve: Callable[[str], list[str]], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._resolve, self._clock = resolve, clock
        self._known: dict[str, _Known] = {}
        self._lock = threading.Lock()

    def look_up(self, name: str) -> list[str]:
        """Addresses of a name now. An answer is used again for some seconds."""
        with self._lock:
            known = self._known.get(name)
            if known is not None:
                known.wanted = self._clock()
                if known.latest and self._clock() - known.asked < _FRESH_SECONDS:
                    return list(known.latest)
        return self._ask(name)

    def renew(self, names: Iterable[str]) -> None:
        """Ask the resolver again for these names and recently looked up ones; forget all others."""
        now = self._clock()
        wanted = set(names)
        with self._lock:
            for name, known in list(self._known.items()):
                if name not in wanted and now - known.wanted > _KEEP_SECONDS:
                    del self._known[name]
            wanted |= set(self._known)
        if not wanted:
            return
        # One name server that does not answer must not delay the other names.
        pool = ThreadPoolExecutor(8)
        wait([pool.submit(self._ask, name) for name in wanted], timeout=_RENEW_TIMEOUT)
        pool.shutdown(wait=False, cancel_futures=True)

    def reach(self, rules: Rules) -> Reach:
        """Addresses that rules open, as far as the addresses are known."""
        current: set[tuple[str, int]] = set()
        former: set[tuple[str, int]] = set()
        oldest = self._clock() - _GRACE_SECONDS
        with self._lock:
            for host, port in rules:
                for known in self._known_of(host):
                    for address, seen in known.seen.items():
                        fits = address in known.latest or seen > oldest
                        (current if fits else former).add((address, port))
        anywhere = frozenset(port for host, port in rules if host == ANYWHERE)
        return Reach(frozenset(current), frozenset(former - current), anywhere)

    def _known_of(self, host: str) -> list[_Known]:
        if host == ANYWHERE:
            return []
        if not host.startswith("*."):
            return [self._known[host]] if host in self._known else []
        return [known for name, known in self._known.items() if _matches(host, name)]

    def _ask(self, name: str) -> list[str]:
        addresses = sorted(self._resolve(name))
        now = self._clock()
        with self._lock:
            known = self._known.setdefault(name, _Known(wanted=now))
            known.asked = now
            if addresses:
                # An empty answer mostly means that a name server is away, so the last answer stays.
                known.latest = addresses
                seen = {**known.seen, **dict.fromkeys(addresses, now)}
                newest = sorted(seen, key=lambda address: -seen[address])[:_MAX_ADDRESSES]
                known.seen = {address: seen[address] for address in newest}
            if len(self._known) > _MAX_NAMES:
                del self._known[min(self._known, key=lambda other: self._known[other].wanted)]
        return addresses


def _matches(host: str, name: str) -> bool:
    if host == ANYWHERE:
        return not _is_address(name)
    if host.startswith("*."):
        label, _, domain = name.partition(".")
        return bool(label) and domain == host[2:]
    return host == name


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
