"""What services reach: packet-filter rules, addresses behind names, answers to questions for names."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest

from local_account.ingress.headers import content_policy
from local_account.spcs.network import dns_message, outside
from local_account.spcs.network.dns_message import MessageError
from local_account.spcs.network.egress import ANYWHERE, Addresses, Reach, exact_names, names_host
from local_account.spcs.network.firewall_rules import Machine, ruleset
from local_account.spcs.network.network import Network

INNER = Network("inner", "10.9.0.1", "10.9.0.0/16")
NOTHING = Reach(frozenset(), frozenset(), frozenset())


def rules(reach: Reach = NOTHING, **settings: object) -> list[str]:
    machine = Machine(8480, 5353, ("10.9.0.1", "203.0.113.9"))
    return ruleset(INNER, machine, [8000], [("8100-8102", ["10.9.0.5"])], reach).splitlines()


def chain(lines: list[str], name: str) -> list[str]:
    head = f"add rule inet spcs {name} "
    return [line.removeprefix(head) for line in lines if line.startswith(head)]


def test_everything_is_closed_unless_a_rule_opens_it() -> None:
    lines = rules()
    for name in ("input", "output"):
        hook = f"add chain inet spcs {name} {{ type filter hook {name} priority 0 ; policy drop ; }}"
        assert hook in lines
    assert chain(lines, "output")[-2:] == ["meta l4proto tcp reject with tcp reset", "reject"]
    assert not [line for line in lines if line.startswith("add element")]


def test_established_connections_live_only_with_their_rule() -> None:
    outgoing = chain(rules(), "output")
    assert [rule for rule in outgoing if "ct state established" in rule] == [
        "ct direction reply ct state established,related accept",
        "ct state established ip daddr . tcp dport @former accept",
    ]
    incoming = chain(rules(), "input")
    assert incoming[-1] == "ct state established meta l4proto tcp reject with tcp reset"
    assert "ip saddr { 10.9.0.5 } tcp dport 8100-8102 accept" in incoming


def test_addresses_of_rules_are_elements_of_sets() -> None:
    reach = Reach(frozenset({("198.51.100.1", 443)}), frozenset({("198.51.100.2", 443)}), frozenset())
    lines = rules(reach)
    assert "add element inet spcs current { 198.51.100.1 . 443 }" in lines
    assert "add element inet spcs former { 198.51.100.2 . 443 }" in lines


def test_anywhere_is_not_this_machine_nor_a_private_network() -> None:
    found = next(
        rule
        for rule in chain(rules(NOTHING._replace(anywhere=frozenset({443}))), "output")
        if "169.254" in rule
    )
    assert found.startswith("ip daddr != { 10.9.0.1, 203.0.113.9 } ip daddr != { ")
    assert "10.0.0.0/8" in found
    assert found.endswith("tcp dport { 443 } accept")


@pytest.mark.parametrize(
    ("host", "name", "matches"),
    [
        ("example.org", "example.org", True),
        ("example.org", "files.example.org", False),
        ("*.example.org", "files.example.org", True),
        ("*.example.org", "a.files.example.org", False),
        ("*.example.org", "example.org", False),
        ("*.example.org", "filesexample.org", False),
        (ANYWHERE, "anything.example", True),
        (ANYWHERE, "192.0.2.1", False),
    ],
)
def test_hosts_of_rules(host: str, name: str, matches: bool) -> None:
    assert names_host(frozenset({(host, 443)}), name) is matches


def test_only_whole_names_are_asked_ahead() -> None:
    assert exact_names(frozenset({("a.example", 80), ("*.b.example", 443), (ANYWHERE, 443)})) == {"a.example"}


@pytest.mark.parametrize(
    "address",
    ["127.0.0.1", "169.254.169.254", "100.100.100.200", "168.63.129.16", ANYWHERE, "224.0.0.1", "::1"],
)
def test_no_name_leads_to_closed_addresses(address: str) -> None:
    assert not outside.is_open(address)


def test_file_of_hosts_comes_first_and_cannot_open_this_machine(tmp_path: Path) -> None:
    hosts = tmp_path / "hosts"
    hosts.write_text("198.51.100.7 Store.example other.example # stand-ins\n127.0.0.1 loop.example\n")
    assert outside.resolve(hosts, "store.example") == ["198.51.100.7"]
    assert outside.resolve(hosts, "loop.example") == []
    assert "127.0.0.1" in outside.own_addresses()


class World:
    """A resolver whose answers and clock the test sets."""

    def __init__(self) -> None:
        self.now, self.asked = 0.0, 0
        self.answers: dict[str, list[str]] = {}
        self.addresses = Addresses(self.resolve, lambda: self.now)

    def resolve(self, name: str) -> list[str]:
        self.asked += 1
        return self.answers.get(name, [])

    def reach(self, host: str) -> Reach:
        return self.addresses.reach(frozenset({(host, 443)}))


def test_address_that_a_name_had_stays_for_open_connections() -> None:
    world = World()
    world.answers["a.example"] = ["198.51.100.1"]
    assert world.addresses.look_up("a.example") == ["198.51.100.1"]
    assert world.addresses.look_up("a.example") == ["198.51.100.1"]
    assert world.asked == 1
    world.answers["a.example"], world.now = ["198.51.100.2"], 30.0
    world.addresses.renew({"a.example"})
    both = {("198.51.100.1", 443), ("198.51.100.2", 443)}
    assert (world.reach("a.example").current, world.reach("a.example").former) == (both, set())
    world.now = 61.0
    reach = world.reach("a.example")
    assert (reach.current, reach.former) == ({("198.51.100.2", 443)}, {("198.51.100.1", 443)})
    assert world.reach("b.example") == NOTHING
    assert world.reach("*.example").current == reach.current


def test_resolver_without_an_answer_closes_nothing() -> None:
    world = World()
    world.answers["a.example"] = ["198.51.100.1"]
    world.addresses.renew({"a.example"})
    world.answers.clear()
    world.addresses.renew(set())
    assert world.reach("a.example").current == {("198.51.100.1", 443)}


def test_names_not_wanted_for_an_hour_are_forgotten() -> None:
    world = World()
    world.answers["a.example"] = ["198.51.100.1"]
    world.addresses.look_up("a.example")
    world.now = 4000.0
    world.addresses.renew(set())
    assert world.reach("a.example") == NOTHING


def question(name: bytes, kind: int = 1) -> bytes:
    labels = b"".join(bytes([len(label)]) + label for label in name.split(b"."))
    return struct.pack("!6H", 77, 0x0100, 1, 0, 0, 0) + labels + b"\0" + struct.pack("!HH", kind, 1)


def test_question_and_answer() -> None:
    asked = dns_message.parse(question(b"One.Example", kind=28))
    assert (asked.name, asked.kind, asked.identity) == ("one.example", 28, 77)
    reply = dns_message.answer(asked, dns_message.NO_ERROR, ["198.51.100.1"], 5)
    identity, flags, questions, answers, _, _ = struct.unpack_from("!6H", reply)
    assert (identity, flags & 0x8000, questions, answers) == (77, 0x8000, 1, 1)
    assert reply.endswith(bytes([198, 51, 100, 1]))


def test_question_with_extensions_is_answered() -> None:
    plain = question(b"one.example")
    extended = plain[:10] + b"\0\1" + plain[12:] + b"\0\0\x29\x04\xd0\0\0\0\0\0\0"
    assert dns_message.parse(extended) == dns_message.parse(plain)


def test_long_answer_is_marked_as_cut_off() -> None:
    asked = dns_message.parse(question(b"one.example"))
    many = [f"198.51.100.{number}" for number in range(40)]
    short = dns_message.answer(asked, dns_message.NO_ERROR, many, 5)
    assert struct.unpack_from("!6H", short)[1] & 0x0200
    assert len(short) < 512
    whole = dns_message.answer(asked, dns_message.NO_ERROR, many, 5, size=65535)
    assert struct.unpack_from("!6H", whole)[3] == 40


@pytest.mark.parametrize(
    "message",
    [
        b"",
        b"\0" * 11,
        question(b"one.example")[:-1],
        question(b"one.example")[:20],
        question(b"one.example").replace(b"\x03one", b"\xc0\x0c\0\0"),
        b"\0\7\x80" + question(b"one.example")[3:],
        question(b"caf\xc3\xa9.example"),
    ],
)
def test_damaged_questions_are_refused(message: bytes) -> None:
    with pytest.raises(MessageError):
        dns_message.parse(message)


def test_pages_may_load_what_the_service_reaches() -> None:
    assert content_policy(()) == (
        "default-src 'self' 'unsafe-inline' 'unsafe-eval' blob: data:; object-src 'none'; "
        "connect-src 'self'; frame-ancestors 'self';"
    )
    wide = content_policy({("cdn.example", 443), ("api.example", 8080), (ANYWHERE, 80)})
    assert (
        " http://* http://api.example:8080 https://api.example:8080 https://cdn.example blob: data:; " in wide
    )
    assert " ws://* ws://api.example:8080 wss://api.example:8080 wss://cdn.example; " in wide
