"""What hostile code in a container can do to the account: only what its own role may, from its own place."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from snowflake.connector.errors import DatabaseError

from tests.account.conftest import RunningAccount
from tests.account.spcs_world import OWNER, POOL, READY, SERVER, World

pytestmark = pytest.mark.docker

# Nothing but the standard library is in the image, so this speaks the drivers' protocol itself.
SESSION = """
import json, os, sys, urllib.error, urllib.request, uuid
BASE = f"http://{os.environ['SNOWFLAKE_HOST']}:{os.environ['SNOWFLAKE_PORT']}"

def ask(path, body, token=""):
    headers = {"Content-Type": "application/json", "Accept": "application/json"}
    if token:
        headers["Authorization"] = f'Snowflake Token="{token}"'
    request = urllib.request.Request(BASE + path, json.dumps(body).encode(), headers)
    return json.load(urllib.request.urlopen(request, timeout=60))

def sign_in(secret):
    data = {"AUTHENTICATOR": "OAUTH", "TOKEN": secret, "LOGIN_NAME": ""}
    return ask("/session/v1/login-request", {"data": data})

def run(token, statement):
    path = f"/queries/v1/query-request?requestId={uuid.uuid4()}"
    answer = ask(path, {"sqlText": statement, "sequenceId": 1}, token)
    return answer["data"]["rowset"] if answer["success"] else answer["message"]
"""
OWN_TOKEN = "open('/snowflake/session/token').read()"
# As an administrator of this name could, for themselves.
AS_NAMESAKE = [
    "ALTER USER ADD PROGRAMMATIC ACCESS TOKEN STOLEN",
    "ALTER USER ADMIN ADD PROGRAMMATIC ACCESS TOKEN STOLEN",
    "ALTER USER ADMIN SET PASSWORD = 'Known-password-1'",
    "ALTER USER ADMIN UNSET RSA_PUBLIC_KEY",
    "ALTER USER ADMIN SET DEFAULT_ROLE = PUBLIC",
    "DESCRIBE USER ADMIN",
    "SHOW USER PROGRAMMATIC ACCESS TOKENS",
    "SHOW USER PROGRAMMATIC ACCESS TOKENS FOR USER ADMIN",
    "USE ROLE ACCOUNTADMIN",
    "SHOW PARAMETERS IN USER",
]


@dataclass
class Namesake:
    """A running service with the name of the account's administrator, and what it logged."""

    token: str
    row: list[str]
    answers: dict[str, str]


@pytest.fixture(scope="module")
def namesake(world: World, account: RunningAccount) -> Iterator[Namesake]:
    assert account.credentials()["user"] == "ADMIN"
    code = f"""{SESSION}
secret = {OWN_TOKEN}
session = sign_in(secret)["data"]["token"]
row = run(session, "SELECT CURRENT_USER(), CURRENT_ROLE(), CURRENT_DATABASE()")[0]
answers = {{statement: run(session, statement) for statement in {[*AS_NAMESAKE, "SHOW GRANTS"]!r}}}
print(json.dumps([secret, row, answers]), flush=True)
{SERVER}"""
    with world.service("ADMIN", world.spec(code, container=READY)) as name:
        yield Namesake(*json.loads(world.logs(name).splitlines()[0]))


def test_session_token_signs_in_as_the_owner_role(namesake: Namesake) -> None:
    assert namesake.row == ["ADMIN", OWNER, "SPCS_DB"]


@pytest.mark.parametrize("statement", AS_NAMESAKE)
def test_service_named_like_a_user_is_not_that_user(namesake: Namesake, statement: str) -> None:
    text = namesake.answers[statement]
    assert isinstance(text, str)
    assert "not authorized" in text or "Insufficient privileges" in text or "is not assigned" in text


def test_service_named_like_a_user_has_none_of_its_roles(namesake: Namesake) -> None:
    assert namesake.answers["SHOW GRANTS"] == []


def test_token_that_left_its_container_is_worth_nothing(
    namesake: Namesake, world: World, account: RunningAccount
) -> None:
    with pytest.raises(DatabaseError, match="Invalid OAuth access token"):
        account.connect(authenticator="oauth", token=namesake.token, user=None, password=None)
    code = f"{SESSION}\nprint(sign_in({OWN_TOKEN})['success'], sign_in({namesake.token!r})['success'])"
    world.run(f"EXECUTE JOB SERVICE IN COMPUTE POOL {POOL} NAME = RECEIVER {world.spec(code)}")
    assert world.logs("RECEIVER").split() == ["True", "False"]
    world.run("DROP SERVICE RECEIVER")


def test_container_sees_nothing_of_the_machine(world: World, account: RunningAccount) -> None:
    settings = account.settings
    code = f"""
import json, os, socket
def refused(work):
    try:
        work()
    except OSError:
        return True
    return False
def closed(host, port):
    return refused(lambda: socket.create_connection((host, port), timeout=1).close())
gateway, found = os.environ["SNOWFLAKE_HOST"], {{}}
for port in (22, 2375, 2376, {settings.ingress_port}, {settings.registry_port}):
    found[f"port {{port}} of the machine"] = closed(gateway, port)
for address in ("169.254.169.254", "169.254.170.2", "100.100.100.200", "168.63.129.16"):
    found[f"metadata at {{address}}"] = closed(address, 80)
mounts = [line.split()[4] for line in open("/proc/self/mountinfo")]
system = ("/dev", "/proc", "/sys", "/etc/hosts", "/etc/hostname", "/etc/resolv.conf")
found["mounts"] = {{path for path in mounts if not path.startswith(system)}} == {{"/", "/snowflake/session"}}
for path in ("/proc/sysrq-trigger", "/proc/sys/kernel/core_pattern", "/sys/kernel/uevent_helper"):
    found[f"write {{path}}"] = refused(lambda: open(path, "w"))
found["write the token"] = refused(lambda: open("/snowflake/session/token", "w"))
found["processes of others"] = all(int(name) < 50 for name in os.listdir("/proc") if name.isdigit())
found["unshare"] = refused(lambda: os.unshare(0x10000000)) if hasattr(os, "unshare") else True
found["change the root"] = refused(lambda: os.chroot("/tmp"))
print(json.dumps(found))
"""
    world.run(f"EXECUTE JOB SERVICE IN COMPUTE POOL {POOL} NAME = LOOKING {world.spec(code)}")
    found = json.loads(world.logs("LOOKING"))
    assert [name for name, kept_out in found.items() if not kept_out] == []
    world.run("DROP SERVICE LOOKING")
