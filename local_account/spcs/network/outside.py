"""Hosts outside the account: their addresses, and addresses that no service can ever reach."""

from __future__ import annotations

import ipaddress
import re
import socket
from pathlib import Path

HOSTS_FILE = "hosts"
# Loopback, link-local (with the clouds' metadata services), and other addresses that do not belong to a host.
CLOSED = (
    "0.0.0.0/8",
    "127.0.0.0/8",
    "169.254.0.0/16",
    "192.0.0.0/24",
    "224.0.0.0/3",
    # Metadata services that have an ordinary address (Alibaba, Azure).
    "100.100.100.200/32",
    "168.63.129.16/32",
)
# A rule for every host opens none of these either.
PRIVATE = ("10.0.0.0/8", "100.64.0.0/10", "172.16.0.0/12", "192.168.0.0/16", "198.18.0.0/15")
_LOCAL = re.compile(r"\|-- ([0-9.]+)\n\s+/32 host LOCAL")


def own_addresses() -> set[str]:
    """All IPv4 addresses of this machine, including those on Docker's networks."""
    try:
        return set(_LOCAL.findall(Path("/proc/net/fib_trie").read_text()))
    except OSError:
        return set()


def resolve(hosts: Path, name: str) -> list[str]:
    """IPv4 addresses of a host as this machine resolves it, without addresses closed to services.

    Args:
        hosts: file in the form of /etc/hosts, which may be missing. Its entries come before this machine's
            resolver. It gives names to containers that stand in for hosts outside.
    """
    found = _from_file(hosts, name)
    if not found:
        try:
            entries = socket.getaddrinfo(name, None, socket.AF_INET, socket.SOCK_STREAM)
        except (OSError, UnicodeError):
            return []
        found = [str(entry[4][0]) for entry in entries]
    own = own_addresses()
    return [address for address in dict.fromkeys(found) if is_open(address) and address not in own]


def is_open(address: str) -> bool:
    """Whether a rule that names a host with this address opens it."""
    try:
        number = ipaddress.IPv4Address(address)
    except ValueError:
        return False
    return not any(number in ipaddress.IPv4Network(network) for network in CLOSED)


def _from_file(hosts: Path, name: str) -> list[str]:
    try:
        lines = hosts.read_text().splitlines()
    except (OSError, UnicodeError):
        return []
    rows = (line.partition("#")[0].split() for line in lines)
    return [row[0] for row in rows if name in (word.lower() for word in row[1:])]
