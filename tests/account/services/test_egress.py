"""What services reach outside: nothing but what external access integrations open, as they are now."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from local_account.base.settings import LocalSettings
from local_account.spcs.network.outside import HOSTS_FILE
from tests.account import service_image
from tests.account.services.prober import echoing, probing, told
from tests.account.spcs_world import DATABASE, OWNER, POOL, World

pytestmark = pytest.mark.docker
SERVICE, RULE, INTEGRATION = "OUTBOUND", f"{DATABASE}.PUBLIC.OUTBOUND_RULE", "OUTBOUND_ACCESS"
ONE, TWO, WILD, DEEP = "one.example", "two.example", "a.wild.example", "a.b.wild.example"
ATTACH = f"ALTER SERVICE {SERVICE} SET EXTERNAL_ACCESS_INTEGRATIONS = ({INTEGRATION})"
DETACH = f"ALTER SERVICE {SERVICE} UNSET EXTERNAL_ACCESS_INTEGRATIONS"


@dataclass
class Outside:
    """Two servers on a network of the test, each with ports 8080 and 8081, and the names they go by."""

    settings: LocalSettings
    one: str
    two: str

    def name(self, **addresses: str) -> None:
        lines = [f"{address} {name.replace('_', '.')}" for name, address in addresses.items()]
        (self.settings.state / HOSTS_FILE).write_text("\n".join(lines))

    def name_all(self) -> None:
        self.name(
            one_example=self.one, two_example=self.two, a_wild_example=self.two, a_b_wild_example=self.two
        )


def docker(*words: str) -> str:
    return subprocess.run(["docker", *words], check=True, capture_output=True, text=True).stdout.strip()


@pytest.fixture(scope="module")
def outside(world: World) -> Iterator[Outside]:
    """Servers where the account's services leave: the test makes that network before the account does."""
    settings = world.account.settings
    name = settings.labels.egress_network
    docker("network", "create", "--label", settings.labels.of_account, name)
    command = (service_image.NAME, "python3", "-c", echoing(8080, 8081))
    ids = [docker("run", "--detach", "--rm", "--network", name, *command) for _ in range(2)]
    template = "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}"
    made = Outside(settings, *(docker("inspect", "--format", template, identity) for identity in ids))
    made.name_all()
    yield made
    docker("rm", "--force", *ids)
    (settings.state / HOSTS_FILE).unlink()


@pytest.fixture(scope="module")
def prober(world: World, outside: Outside) -> Iterator[World]:
    """A service that tries all servers, and keeps a connection to the first as long as it can."""
    world.run(
        f"CREATE NETWORK RULE {RULE} TYPE = HOST_PORT MODE = EGRESS VALUE_LIST = ('{ONE}:8080')",
        f"CREATE EXTERNAL ACCESS INTEGRATION {INTEGRATION} ALLOWED_NETWORK_RULES = ({RULE}) ENABLED = TRUE",
        f"GRANT USAGE ON INTEGRATION {INTEGRATION} TO ROLE {OWNER}",
        role="ACCOUNTADMIN",
    )
    targets = [(host, 8080) for host in (ONE, TWO, WILD, DEEP, outside.one, outside.two)]
    code = probing([*targets, (ONE, 8081)], held=f"{ONE}:8080")
    with world.service(SERVICE, world.spec(code)):
        yield world
    world.run(f"DROP INTEGRATION {INTEGRATION}", f"DROP NETWORK RULE {RULE}", role="ACCOUNTADMIN")


@pytest.fixture
def attached(prober: World, outside: Outside) -> Iterator[World]:
    """The integration opens the first server's port 8080, and the service holds a connection to it."""
    administer(prober, f"ALTER NETWORK RULE {RULE} SET VALUE_LIST = ('{ONE}:8080')")
    prober.run(ATTACH)
    prober.eventually(lambda: state(prober) == ({f"{ONE}:8080", f"{outside.one}:8080"}, "alive"))
    yield prober
    prober.run(DETACH)


def administer(world: World, *statements: str) -> None:
    world.run(*statements, role="ACCOUNTADMIN")


def state(world: World) -> tuple[set[str], str]:
    """What the service reaches now, and whether its connection lives."""
    found = told(world, SERVICE, OWNER)
    return {name for name, word in found.items() if word == "open"}, found.get("held", "")


def closed(world: World) -> bool:
    return state(world) == (set(), "none")


def test_nothing_is_open_or_known_without_an_integration(prober: World, outside: Outside) -> None:
    prober.eventually(lambda: closed(prober))
    found = told(prober, SERVICE, OWNER)
    assert found[f"{ONE}:8080"] == found[f"{TWO}:8080"] == "unknown"
    assert found[f"{outside.one}:8080"] == "closed"


def test_exactly_the_named_host_and_port_are_open(attached: World, outside: Outside) -> None:
    found = told(attached, SERVICE, OWNER)
    assert found == {
        f"{ONE}:8080": "open",
        f"{outside.one}:8080": "open",
        f"{ONE}:8081": "closed",
        f"{TWO}:8080": "unknown",
        f"{outside.two}:8080": "closed",
        f"{WILD}:8080": "unknown",
        f"{DEEP}:8080": "unknown",
        "held": "alive",
    }


def test_detached_integration_ends_connections(attached: World) -> None:
    attached.run(DETACH)
    attached.eventually(lambda: closed(attached))


def test_changed_rule_closes_one_host_and_opens_another(attached: World, outside: Outside) -> None:
    administer(attached, f"ALTER NETWORK RULE {RULE} SET VALUE_LIST = ('{TWO}:8080')")
    attached.eventually(lambda: state(attached) == ({f"{TWO}:8080", f"{outside.two}:8080"}, "none"))


def test_wildcard_opens_one_level(attached: World, outside: Outside) -> None:
    administer(attached, f"ALTER NETWORK RULE {RULE} SET VALUE_LIST = ('*.wild.example:8080')")
    attached.eventually(lambda: f"{WILD}:8080" in state(attached)[0])
    assert told(attached, SERVICE, OWNER)[f"{DEEP}:8080"] == "unknown"


def test_everywhere_is_no_private_network(attached: World) -> None:
    administer(attached, f"ALTER NETWORK RULE {RULE} SET VALUE_LIST = ('0.0.0.0:443')")
    attached.eventually(lambda: closed(attached))
    # Every name is known now, but what it leads to here is in a private network, and on another port.
    attached.eventually(lambda: told(attached, SERVICE, OWNER)[f"{TWO}:8080"] == "closed")


@pytest.mark.parametrize(
    ("taken", "given"),
    [
        (f"ALTER EXTERNAL ACCESS INTEGRATION {INTEGRATION} SET ENABLED = {{}}", ("FALSE", "TRUE")),
        (
            f"{{}} ROLE {OWNER}",
            (
                f"REVOKE USAGE ON INTEGRATION {INTEGRATION} FROM",
                f"GRANT USAGE ON INTEGRATION {INTEGRATION} TO",
            ),
        ),
    ],
    ids=["disabled", "revoked"],
)
def test_what_was_taken_away_is_closed_at_once(attached: World, taken: str, given: tuple[str, str]) -> None:
    administer(attached, taken.format(given[0]))
    attached.eventually(lambda: closed(attached))
    administer(attached, taken.format(given[1]))
    attached.eventually(lambda: state(attached)[1] == "alive")


def test_connection_outlives_a_changed_address(attached: World, outside: Outside) -> None:
    nobody = outside.one.rpartition(".")[0] + ".250"
    outside.name(one_example=nobody)
    try:
        attached.eventually(lambda: state(attached) == ({f"{outside.one}:8080"}, "alive"))
    finally:
        outside.name_all()


def test_names_tell_nothing_to_the_outside(attached: World, outside: Outside) -> None:
    """Questions go to no server but the account's, which answers only for names that are open."""
    code = f"""
import socket, struct
def asked(server, name):
    question = struct.pack('!6H', 7, 256, 1, 0, 0, 0)
    question += b''.join(bytes([len(part)]) + part.encode() for part in name.split('.')) + b'\\0\\0\\1\\0\\1'
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as connection:
        connection.settimeout(3)
        try:
            connection.sendto(question, (server, 53))
            answer = connection.recv(600)
        except OSError:
            return 'none'
        return struct.unpack_from('!6H', answer)[3] or 'empty'
gateway = next(line.split()[1] for line in open('/etc/resolv.conf') if line.startswith('nameserver'))
print(asked(gateway, '{ONE}'), asked(gateway, '{TWO}'), asked('127.0.0.11', '{ONE}'))
print(asked('{outside.one}', '{ONE}'), asked('1.1.1.1', '{ONE}'))
"""
    access = f"EXTERNAL_ACCESS_INTEGRATIONS = ({INTEGRATION})"
    job = f"EXECUTE JOB SERVICE IN COMPUTE POOL {POOL} NAME = ASKING {access} {attached.spec(code)}"
    attached.run(job)
    words = attached.logs("ASKING").split()
    attached.run("DROP SERVICE ASKING")
    assert words[:2] == ["1", "empty"]
    assert set(words[2:]) <= {"none", "empty"}


def test_restarted_account_goes_on_where_it_was(attached: World) -> None:
    attached.account.restart()
    attached.wait_for(SERVICE)
    assert state(attached)[1] == "alive"
    attached.run(DETACH)
    attached.eventually(lambda: closed(attached))
