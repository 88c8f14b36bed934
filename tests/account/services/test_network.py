"""Who may reach whom: declared endpoints, owner roles, service roles, and the account itself."""

from __future__ import annotations

import subprocess

import pytest

from tests.account.conftest import RunningAccount
from tests.account.services.prober import echoing, probing, told
from tests.account.spcs_world import POOL, READY, SERVER, World

pytestmark = pytest.mark.docker
WEB = [{"name": "web", "port": 8000}]


def test_network_is_closed_but_for_declared_endpoints(world: World, account: RunningAccount) -> None:
    two = (
        "import threading; from http.server import BaseHTTPRequestHandler as Handler, ThreadingHTTPServer; "
        "hidden = ThreadingHTTPServer(('', 8009), Handler); "
        "threading.Thread(target=hidden.serve_forever, daemon=True).start(); "
    ) + SERVER
    with world.service("TARGET_WEB", world.spec(two, container=READY, endpoints=WEB)) as target:
        dns_name = world.run(f"SHOW SERVICES LIKE '{target}'")[0]["dns_name"]
        urls = [
            "http://target-web:8000",
            f"http://{dns_name}:8000",
            "http://target-web:8009",
            "http://1.1.1.1",
            f"http://{{h}}:{account.settings.port}/healthz",
            f"http://{{h}}:{account.settings.registry_port}/v2/",
        ]
        code = f"""
import os, urllib.request
for url in {urls!r}:
    try:
        print(urllib.request.urlopen(url.replace('{{h}}', os.environ['SNOWFLAKE_HOST']), timeout=2).status)
    except OSError as error:
        print('closed')
"""
        world.run(f"EXECUTE JOB SERVICE IN COMPUTE POOL {POOL} NAME = PROBING {world.spec(code)}")
        assert world.logs("PROBING").split() == ["200", "200", "closed", "closed", "200", "closed"]
        world.run("DROP SERVICE PROBING")


@pytest.fixture(scope="module")
def other(world: World, account: RunningAccount) -> str:
    """A second role that owns services in the same schema."""
    role = "SPCS_OTHER"
    account.run(
        f"CREATE ROLE IF NOT EXISTS {role}",
        f"GRANT ROLE {role} TO ROLE SYSADMIN",
        f"GRANT USAGE ON DATABASE SPCS_DB TO ROLE {role}",
        f"GRANT USAGE, CREATE SERVICE ON SCHEMA SPCS_DB.PUBLIC TO ROLE {role}",
        f"GRANT USAGE ON COMPUTE POOL {POOL} TO ROLE {role}",
        f"GRANT READ ON IMAGE REPOSITORY SPCS_DB.PUBLIC.IMAGES TO ROLE {role}",
    )
    return role


def test_other_owners_need_a_service_role(world: World, other: str) -> None:
    code = "import urllib.request; print(urllib.request.urlopen('http://guarded:8000', timeout=2).status)"
    job = f"EXECUTE JOB SERVICE IN COMPUTE POOL {POOL} NAME = VISIT {world.spec(code)}"
    with world.service("GUARDED", world.spec(SERVER, container=READY, endpoints=WEB)) as name:
        assert "ended with status: FAILED" in str(world.refused(job, role=other))
        world.run("DROP SERVICE VISIT", role=other)
        world.run(f"GRANT SERVICE ROLE {name}!ALL_ENDPOINTS_USAGE TO ROLE {other}")
        world.run(job, "DROP SERVICE VISIT", role=other)


def test_service_role_opens_its_ports_while_it_is_granted(world: World, other: str) -> None:
    endpoints = [
        {"name": "many", "portRange": "8100-8101", "protocol": "TCP"},
        {"name": "one", "port": 8200, "protocol": "TCP"},
    ]
    roles = [{"name": "ranged", "endpoints": ["many"]}]
    echo = world.spec(echoing(8101, 8200, 8300), endpoints=endpoints, serviceRoles=roles)
    targets = [("instances.echo", 8101), ("echo", 8200), ("echo", 8300)]
    ranged, one, hidden = (f"{host}:{port}" for host, port in targets)
    prober = world.spec(probing(targets, held=one))

    def found() -> list[str]:
        state = told(world, "PROBER", other)
        return [state.get(name, "") for name in (ranged, one, hidden, "held")]

    with world.service("ECHO", echo) as name:
        world.run(f"CREATE SERVICE PROBER IN COMPUTE POOL {POOL} {prober}", role=other)
        world.eventually(lambda: found() == ["closed", "closed", "closed", "none"])
        world.run(f"GRANT SERVICE ROLE {name}!RANGED TO ROLE {other}")
        world.eventually(lambda: found() == ["open", "closed", "closed", "none"])
        world.run(f"GRANT SERVICE ROLE {name}!ALL_ENDPOINTS_USAGE TO ROLE {other}")
        world.eventually(lambda: found() == ["open", "open", "closed", "alive"])
        world.run(f"REVOKE SERVICE ROLE {name}!ALL_ENDPOINTS_USAGE FROM ROLE {other}")
        world.eventually(lambda: found() == ["open", "closed", "closed", "none"])
        world.run("DROP SERVICE PROBER FORCE", role=other)


def test_instances_name_has_the_address_of_every_ready_instance(world: World) -> None:
    code = """
import socket
for name in ('instances.double', 'double', 'instances.absent'):
    try:
        print(len({entry[4][0] for entry in socket.getaddrinfo(name, 0, socket.AF_INET)}))
    except OSError:
        print('unknown')
"""
    options = "MIN_INSTANCES = 2 MAX_INSTANCES = 2"
    with world.service("DOUBLE", world.spec(container=READY, endpoints=WEB), options=options):
        world.run(f"EXECUTE JOB SERVICE IN COMPUTE POOL {POOL} NAME = COUNTING {world.spec(code)}")
        assert world.logs("COUNTING").split() == ["2", "2", "unknown"]
        world.run("DROP SERVICE COUNTING")


def test_address_that_was_given_again_belongs_to_its_new_instance(
    world: World, account: RunningAccount
) -> None:
    def reachable(name: str) -> str:
        return world.run(f"SHOW SERVICE INSTANCES IN SERVICE {name}")[0]["ip_address"]

    def taken(address: str) -> bool:
        command = ["docker", "network", "inspect", account.settings.labels.network]
        told = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        return f'"{address}/' in told

    stubborn = SERVER.replace("lambda *_: sys.exit(0)", "signal.SIG_IGN")
    asking = "import socket; print(socket.gethostbyname('answerer'))"
    web = {"container": READY, "endpoints": WEB}
    with (
        world.service("LEAVING", world.spec(stubborn, **web)),
        world.service("ANSWERER", world.spec(**web)),
    ):
        given = reachable("LEAVING")
        world.run("DROP SERVICE LEAVING FORCE")
        world.eventually(lambda: not taken(given))
        # Docker gives the lowest free address: that of LEAVING, whose container takes its time to stop.
        world.run(f"EXECUTE JOB SERVICE IN COMPUTE POOL {POOL} NAME = ASKING {world.spec(asking)}")
        assert world.logs("ASKING").strip() == reachable("ANSWERER")
        world.run("DROP SERVICE ASKING")


def test_containers_have_no_power_over_their_network(world: World) -> None:
    # Capabilities: of the network, of raw packets, of modules and devices, of the system as a whole.
    code = """
import os, socket
lines = (line.partition(':') for line in open('/proc/self/status'))
words = {name: value.strip() for name, _, value in lines}
forbidden = sum(1 << bit for bit in (12, 13, 16, 17, 19, 21, 25, 27))
print(words['NoNewPrivs'], int(words['CapBnd'], 16) & forbidden)
def tried(work):
    try:
        work()
    except PermissionError:
        return 'refused'
print(tried(lambda: socket.socket(socket.AF_PACKET, socket.SOCK_RAW)))
print(tried(lambda: socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_TCP)))
print(tried(lambda: os.mknod('/tmp/memory', 0o20600, os.makedev(1, 1))))
print(os.path.exists('/var/run/docker.sock'))
"""
    world.run(f"EXECUTE JOB SERVICE IN COMPUTE POOL {POOL} NAME = CONFINED {world.spec(code)}")
    assert world.logs("CONFINED").split() == ["1", "0", "refused", "refused", "refused", "False"]
    world.run("DROP SERVICE CONFINED")
