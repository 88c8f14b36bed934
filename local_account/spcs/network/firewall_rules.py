"""Packet-filter rules of one instance as commands for nft. It decides nothing."""

from __future__ import annotations

from typing import NamedTuple

from local_account.spcs.network.egress import Reach
from local_account.spcs.network.network import Network
from local_account.spcs.network.outside import CLOSED, PRIVATE

_TABLE = "inet spcs"
# Docker passes the rules as one argument, which Linux limits to 128 KiB.
_MAX_ELEMENTS = 2000


class Machine(NamedTuple):
    """Ports and addresses of this machine.

    Attributes:
        account_port: port of the account.
        names_port: port of the name server; an instance's questions to port 53 are sent there.
        addresses: all IPv4 addresses of this machine.
    """

    account_port: int
    names_port: int
    addresses: tuple[str, ...] = ()


def ruleset(
    network: Network,
    machine: Machine,
    machine_ports: list[int],
    allowed: list[tuple[str, list[str]]],
    reach: Reach,
) -> str:
    """Commands that replace all rules of an instance at once.

    A connection lives only while both ends permit it. When the rule is gone, the end that opened the
    connection can send no more and gets a reset.

    Args:
        machine_ports: ports that this machine may reach.
        allowed: each port (or range) with the addresses of other instances that may reach it.
        reach: addresses and ports outside that the instance may reach.
    """
    lines = [f"add table {_TABLE}", f"delete table {_TABLE}", f"add table {_TABLE}"]
    for name, pairs in (("current", reach.current), ("former", reach.former)):
        lines.append(f"add set {_TABLE} {name} {{ type ipv4_addr . inet_service ; }}")
        if pairs:
            elements = ", ".join(f"{address} . {port}" for address, port in sorted(pairs)[:_MAX_ELEMENTS])
            lines.append(f"add element {_TABLE} {name} {{ {elements} }}")
    lines += _chain("names", "nat hook output priority -110 ; policy accept", _names(network, machine))
    incoming = _incoming(network, machine_ports, allowed)
    lines += _chain("input", "filter hook input priority 0 ; policy drop", incoming)
    outgoing = _outgoing(network, machine, reach)
    return "\n".join(lines + _chain("output", "filter hook output priority 0 ; policy drop", outgoing))


def _chain(name: str, hook: str, rules: list[str]) -> list[str]:
    first = f"add chain {_TABLE} {name} {{ type {hook} ; }}"
    return [first, *(f"add rule {_TABLE} {name} {rule}" for rule in rules)]


def _names(network: Network, machine: Machine) -> list[str]:
    to = f"dnat ip to {network.gateway}:{machine.names_port}"
    return [f"ip daddr {network.gateway} {protocol} dport 53 {to}" for protocol in ("udp", "tcp")]


def _incoming(network: Network, machine_ports: list[int], allowed: list[tuple[str, list[str]]]) -> list[str]:
    rules = ["iif lo accept"]
    if machine_ports:
        ports = ", ".join(map(str, machine_ports))
        rules.append(f"ip saddr {network.gateway} tcp dport {{ {ports} }} accept")
    rules += [
        f"ip saddr {{ {', '.join(peers)} }} tcp dport {port} accept" for port, peers in allowed if peers
    ]
    return [
        *rules,
        "ct direction reply ct state established,related accept",
        "ct state established meta l4proto tcp reject with tcp reset",
    ]


def _outgoing(network: Network, machine: Machine, reach: Reach) -> list[str]:
    rules = [
        "oif lo accept",
        "ct direction reply ct state established,related accept",
        f"ip daddr {network.gateway} tcp dport {{ {machine.account_port}, {machine.names_port} }} accept",
        f"ip daddr {network.gateway} udp dport {machine.names_port} accept",
        f"ip daddr != {network.gateway} ip daddr {network.subnet} meta l4proto tcp accept",
        "ip daddr . tcp dport @current accept",
        "ct state established ip daddr . tcp dport @former accept",
    ]
    if reach.anywhere:
        # nft sets reject overlapping prefixes, so a separate match excludes this machine's addresses.
        closed = ", ".join((*CLOSED, *PRIVATE))
        ports = ", ".join(map(str, sorted(reach.anywhere)))
        own = f"ip daddr != {{ {', '.join(machine.addresses)} }} " if machine.addresses else ""
        rules.append(f"{own}ip daddr != {{ {closed} }} tcp dport {{ {ports} }} accept")
    return [*rules, "meta l4proto tcp reject with tcp reset", "reject"]
