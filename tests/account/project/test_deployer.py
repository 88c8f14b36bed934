"""`make bootstrap` and `make rotate-key` on the account: who deploys, with which rights, with which key."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from types import SimpleNamespace

import pulumi
import pytest
import snowflake.connector
from snowflake.connector.errors import DatabaseError, ProgrammingError

from components.account.account import KEY_PAIR, Account, AccountError
from machine.errors import UserError
from operations.deployer import bootstrap, keys, rotate_key
from settings import Settings
from tests.account.conftest import RunningAccount

PREFIX = "ID"
DEPLOYER = f"{PREFIX}_MILVUS_DEPLOYER"
ALL = Settings(prefix=PREFIX, egress_hosts=("example.com:443",))
# Privilege on the account → statements of `up` that fail without it; none of them works by another one.
NEEDED = {
    "CREATE ROLE": ["CREATE ROLE ID_R"],
    "CREATE USER": ["CREATE USER ID_U"],
    "CREATE WAREHOUSE": ["CREATE WAREHOUSE ID_W INITIALLY_SUSPENDED = TRUE"],
    "CREATE DATABASE": ["CREATE DATABASE ID_D"],
    "CREATE COMPUTE POOL": [
        "CREATE COMPUTE POOL ID_P INSTANCE_FAMILY = CPU_X64_XS MIN_NODES = 1 MAX_NODES = 1 "
        "INITIALLY_SUSPENDED = TRUE"
    ],
    "CREATE INTEGRATION": [
        "CREATE EXTERNAL ACCESS INTEGRATION ID_I ALLOWED_NETWORK_RULES = (ID_BASE.PUBLIC.ID_N) ENABLED = TRUE"
    ],
    "BIND SERVICE ENDPOINT": ["GRANT BIND SERVICE ENDPOINT ON ACCOUNT TO ROLE ID_BASE_R"],
}
UNDO = [
    "DROP ROLE IF EXISTS ID_R",
    "DROP USER IF EXISTS ID_U",
    "DROP WAREHOUSE IF EXISTS ID_W",
    "DROP DATABASE IF EXISTS ID_D",
    "DROP COMPUTE POOL IF EXISTS ID_P",
    "DROP INTEGRATION IF EXISTS ID_I",
]


PROVIDER = {
    "type": "pulumi:providers:snowflake",
    "urn": "urn:pulumi:id::p::pulumi:providers:snowflake::deployer",
}


class Stack:
    """Remembers what it is told instead of running Pulumi."""

    name = "id"

    def __init__(self) -> None:
        self.config: dict[str, str] = {}
        self.recorded = False

    def tell(self, text: str, *arguments: str) -> None:
        assert arguments[:3] == ("config", "set", "--secret")
        self.config[arguments[3]] = text

    def ask(self, *arguments: str) -> None:
        assert arguments == ("up", "--yes", "--skip-preview", f"--target={PROVIDER['urn']}")
        self.recorded = True


@pytest.fixture
def target(
    account: RunningAccount, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[SimpleNamespace]:
    """A stack whose own connection is the administrator's; nothing of it is left afterwards."""
    monkeypatch.setenv("SNOWFLAKE_HOME", str(tmp_path))
    pulumi.runtime.set_all_config({})
    administrator = account.credentials()
    found = SimpleNamespace(
        settings=ALL,
        stack=Stack(),
        resources=[PROVIDER, {"type": "snowflake:index/database:Database", "urn": "urn:other"}],
        account=Account(
            organization=account.settings.organization, name=account.settings.name,
            user=administrator["user"], role="ACCOUNTADMIN",
            password=administrator["password"], host="localhost", port=account.settings.port, protocol="http",
        ),
        configured=lambda key: key == "snowflake:privateKey",
    )  # fmt: skip
    yield found
    account.run(*UNDO)
    for statement in ("DROP USER", "DROP ROLE"):
        account.run(f"{statement} IF EXISTS {DEPLOYER}")
    account.run(f"DROP NETWORK POLICY IF EXISTS {DEPLOYER}")


def as_deployer(target: SimpleNamespace, key: str | None = None) -> SimpleNamespace:
    """The same stack after the printed settings are set."""
    private = key or keys.key_file(Stack.name, DEPLOYER).read_text()
    account = replace(
        target.account,
        user=DEPLOYER,
        role=DEPLOYER,
        authenticator=KEY_PAIR,
        password=None,
        private_key=private,
    )
    return SimpleNamespace(**{**vars(target), "account": account})


def signs_in(target: SimpleNamespace, key: str) -> bool:
    try:
        as_deployer(target, key).account.connect().close()
    except DatabaseError as error:
        assert error.errno == 394304, error
        return False
    return True


def grants(account: RunningAccount) -> set[tuple[str, str, str]]:
    rows = account.run(f"SHOW GRANTS TO ROLE {DEPLOYER}")
    return {(row["privilege"], row["granted_on"], str(row["grant_option"]).lower()) for row in rows}


def test_bootstrap_makes_a_deployer_and_can_be_run_again(
    account: RunningAccount, target: SimpleNamespace, capsys: pytest.CaptureFixture[str]
) -> None:
    bootstrap.run(target)
    file = keys.key_file(Stack.name, DEPLOYER)
    assert file.stat().st_mode & 0o777 == 0o600
    said, private = capsys.readouterr().out, file.read_text()
    assert f"pulumi config set --stack id snowflake:user {DEPLOYER}\n" in said
    assert f"pulumi config set --stack id --secret snowflake:privateKey < {file}\n" in said
    assert not any(line in said for line in private.splitlines() if "PRIVATE KEY" not in line)
    (user,) = account.run(f"SHOW USERS LIKE '{DEPLOYER}'")
    assert (user["type"], user["default_role"], user["default_secondary_roles"], user["has_password"]) == (
        "SERVICE", DEPLOYER, "[]", False,
    )  # fmt: skip
    wanted = {(privilege, "ACCOUNT", "false") for privilege in NEEDED if privilege != "BIND SERVICE ENDPOINT"}
    assert grants(account) == {*wanted, ("BIND SERVICE ENDPOINT", "ACCOUNT", "true")}
    with as_deployer(target).account.queries() as query:
        (row,) = query("SELECT CURRENT_ROLE() AS R, CURRENT_SECONDARY_ROLES() AS S")
        assert row["R"] == DEPLOYER
        assert '"roles":""' in row["S"]
        with pytest.raises(ProgrammingError):
            query("USE ROLE ACCOUNTADMIN")
    # Again, for a stack without egress: the key stays, and what is no longer needed is taken away.
    target.settings = Settings(prefix=PREFIX)
    bootstrap.run(target)
    assert file.read_text() == private
    assert ("CREATE INTEGRATION", "ACCOUNT", "false") not in grants(account)
    bootstrap.remove(target)
    assert account.run(f"SHOW USERS LIKE '{DEPLOYER}'") == account.run(f"SHOW ROLES LIKE '{DEPLOYER}'") == []
    bootstrap.remove(target)


def test_bootstrap_lets_the_deployer_use_what_is_there_already(
    account: RunningAccount, target: SimpleNamespace
) -> None:
    target.settings = Settings(prefix=PREFIX, existing_warehouse="ID_THERE", existing_database="ID_THERE")
    account.run("CREATE WAREHOUSE ID_THERE INITIALLY_SUSPENDED = TRUE", "CREATE DATABASE ID_THERE")
    bootstrap.run(target)
    found = grants(account)
    assert {
        ("USAGE", "WAREHOUSE", "true"),
        ("USAGE", "DATABASE", "true"),
        ("CREATE SCHEMA", "DATABASE", "false"),
    } <= found
    assert not {("CREATE WAREHOUSE", "ACCOUNT", "false"), ("CREATE DATABASE", "ACCOUNT", "false")} & found
    bootstrap.remove(target)
    account.run("DROP WAREHOUSE ID_THERE", "DROP DATABASE ID_THERE")


def test_the_deployer_cannot_do_without_any_of_its_grants(
    account: RunningAccount, target: SimpleNamespace
) -> None:
    assert set(bootstrap.privileges(ALL)["ACCOUNT"]) == set(NEEDED)
    bootstrap.run(target)
    with as_deployer(target).account.queries() as query:
        query("CREATE ROLE ID_BASE_R")
        query("CREATE DATABASE ID_BASE")
        query(
            "CREATE NETWORK RULE ID_BASE.PUBLIC.ID_N TYPE = HOST_PORT MODE = EGRESS "
            "VALUE_LIST = ('example.com')"
        )
        query("GRANT ROLE ID_BASE_R TO ROLE SYSADMIN")
        for privilege, statements in NEEDED.items():
            account.run(f"REVOKE {privilege} ON ACCOUNT FROM ROLE {DEPLOYER} CASCADE")
            for statement in statements:
                with pytest.raises(ProgrammingError, match=r"(?i)insufficient privileges"):
                    query(statement)
            option = " WITH GRANT OPTION" if privilege == "BIND SERVICE ENDPOINT" else ""
            account.run(f"GRANT {privilege} ON ACCOUNT TO ROLE {DEPLOYER}{option}")
            for statement in statements:
                query(statement)
        with pytest.raises(UserError, match=f"{DEPLOYER} still owns .*DATABASE ID_BASE"):
            bootstrap.remove(target)
        for statement in (*UNDO, "DROP DATABASE ID_BASE", "DROP ROLE ID_BASE_R"):
            query(statement)


def test_the_deployer_may_come_only_from_where_it_is_allowed_to(
    account: RunningAccount, target: SimpleNamespace
) -> None:
    bootstrap.run(target, allow_from=["203.0.113.0/24"])
    with pytest.raises(DatabaseError, match="not allowed to access Snowflake"):
        as_deployer(target).account.connect()
    bootstrap.run(target, allow_from=["127.0.0.1", "203.0.113.0/24"])
    as_deployer(target).account.connect().close()
    bootstrap.run(target)
    assert [row for row in account.run("SHOW NETWORK POLICIES") if row["name"] == DEPLOYER] == []
    with pytest.raises(UserError, match="'here' is not an IPv4 address"):
        bootstrap.run(target, allow_from=["here"])


def test_bootstrap_leaves_alone_what_it_did_not_make(
    account: RunningAccount, target: SimpleNamespace
) -> None:
    account.run(f"CREATE ROLE {DEPLOYER}")
    for command in (bootstrap.run, bootstrap.remove):
        with pytest.raises(UserError, match=r"no bootstrap made it\. Nothing was changed"):
            command(target)
    assert grants(account) == set()
    assert account.run(f"SHOW USERS LIKE '{DEPLOYER}'") == []


def test_a_given_key_is_used_and_another_one_is_refused(target: SimpleNamespace, tmp_path: Path) -> None:
    private, file = keys.new_private_key(), tmp_path / "key.pub"
    text = keys.public_half(private).text
    file.write_text(f"-----BEGIN PUBLIC KEY-----\n{text}\n-----END PUBLIC KEY-----\n")
    bootstrap.run(target, public_key=file)
    assert not keys.key_file(Stack.name, DEPLOYER).exists()
    assert signs_in(target, private)
    with pytest.raises(UserError, match=r"with another key.*rotate-key"):
        bootstrap.run(target)


def test_a_key_is_rotated_without_a_gap(account: RunningAccount, target: SimpleNamespace) -> None:
    bootstrap.run(target, self_rotation=True)
    file = keys.key_file(Stack.name, DEPLOYER)
    for slot in ("RSA_PUBLIC_KEY_2_FP", "RSA_PUBLIC_KEY_FP"):
        old = file.read_text()
        rotate_key.run(as_deployer(target))
        new = target.stack.config["snowflake:privateKey"]
        assert (signs_in(target, old), signs_in(target, new), file.read_text()) == (False, True, new)
        found = {row["property"]: row["value"] for row in account.run(f"DESCRIBE USER {DEPLOYER}")}
        assert found[slot] == keys.public_half(new).fingerprint
        assert list(file.parent.iterdir()) == [file]
        assert target.stack.recorded


def test_a_rotation_that_was_cut_off_goes_on(
    account: RunningAccount, target: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    bootstrap.run(target, self_rotation=True)
    old = keys.key_file(Stack.name, DEPLOYER).read_text()

    def cut_off(*_: str) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as broken:
        broken.setattr(target.stack, "tell", cut_off)
        with pytest.raises(KeyboardInterrupt):
            rotate_key.run(as_deployer(target))
    pending = keys.key_file(Stack.name, DEPLOYER).with_suffix(".next.p8").read_text()
    assert signs_in(target, old)
    assert signs_in(target, pending)
    rotate_key.run(as_deployer(target))
    assert target.stack.config["snowflake:privateKey"] == pending
    assert (signs_in(target, old), signs_in(target, pending)) == (False, True)


def test_a_key_from_the_environment_is_put_there_by_hand(target: SimpleNamespace) -> None:
    bootstrap.run(target, self_rotation=True)
    target.configured = lambda _: False
    old, file = keys.key_file(Stack.name, DEPLOYER).read_text(), keys.key_file(Stack.name, DEPLOYER)
    rotate_key.run(as_deployer(target))
    new = file.with_suffix(".next.p8").read_text()
    assert target.stack.config == {}
    assert (signs_in(target, old), signs_in(target, new)) == (True, True)
    rotate_key.run(as_deployer(target, new))
    assert (signs_in(target, old), signs_in(target, new), file.read_text()) == (False, True, new)


def test_keys_of_others_are_not_overwritten(account: RunningAccount, target: SimpleNamespace) -> None:
    bootstrap.run(target, self_rotation=True)
    other = keys.public_half(keys.new_private_key())
    account.run(f"ALTER USER {DEPLOYER} SET RSA_PUBLIC_KEY_2 = '{other.text}'")
    with pytest.raises(UserError, match=r"RSA_PUBLIC_KEY_2 .* holds another key"):
        rotate_key.run(as_deployer(target))
    found = {row["property"]: row["value"] for row in account.run(f"DESCRIBE USER {DEPLOYER}")}
    assert found["RSA_PUBLIC_KEY_2_FP"] == other.fingerprint
    rotate_key.run(as_deployer(target), finish=True)
    rotate_key.run(as_deployer(target))


def test_a_deployer_may_change_its_keys_only_where_it_was_allowed_to(
    account: RunningAccount, target: SimpleNamespace, tmp_path: Path
) -> None:
    bootstrap.run(target)
    with pytest.raises(AccountError, match="Insufficient privileges"):
        rotate_key.run(as_deployer(target))
    # An administrator's connection may.
    connection = account.connection_settings(role="ACCOUNTADMIN")
    lines = [
        f"{key} = {value if isinstance(value, int) else repr(value)}" for key, value in connection.items()
    ]
    path = tmp_path / "connections.toml"
    path.write_text("\n".join(["[admin]", *lines]) + "\n")
    path.chmod(0o600)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            snowflake.connector, "connect", partial(snowflake.connector.connect, connections_file_path=path)
        )
        rotate_key.run(as_deployer(target), connection="admin")
    assert base64.b64decode(keys.public_half(target.stack.config["snowflake:privateKey"]).text)
