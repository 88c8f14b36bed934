"""Network policies: who may set them, and from where users may come."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
import requests
from snowflake.connector.errors import DatabaseError, ProgrammingError

from tests.account.conftest import Place, RunningAccount, run

PASSWORD = "Sesame-opens-1"
AWAY = "ALLOWED_IP_LIST = ('10.0.0.0/8')"


@pytest.fixture
def alice(place: Place) -> Iterator[str]:
    """A user without a policy."""
    place.run(f"CREATE OR REPLACE USER NP_ALICE PASSWORD = '{PASSWORD}'")
    yield "NP_ALICE"
    place.run("DROP USER NP_ALICE")


def test_policies_are_shown_with_what_they_list(place: Place) -> None:
    place.run(
        "CREATE NETWORK RULE NP_HOME TYPE = IPV4 MODE = INGRESS VALUE_LIST = ('127.0.0.0/8')",
        "CREATE NETWORK RULE NP_BAD TYPE = IPV4 MODE = INGRESS VALUE_LIST = ('127.0.0.9')",
        "CREATE NETWORK POLICY NP_SHOWN ALLOWED_NETWORK_RULE_LIST = ('NP_HOME', np_home) "
        "ALLOWED_IP_LIST = ('10.1.1.1', '10.2.0.0/16') COMMENT = 'two ways'",
        "ALTER NETWORK POLICY NP_SHOWN ADD BLOCKED_NETWORK_RULE_LIST = 'NP_BAD'",
    )
    row = place.run("SHOW NETWORK POLICIES LIKE 'NP_SHOWN'")[0]
    assert list(row)[1:] == [
        "name",
        "comment",
        "entries_in_allowed_ip_list",
        "entries_in_blocked_ip_list",
        "entries_in_allowed_network_rules",
        "entries_in_blocked_network_rules",
    ]
    assert list(row.values())[1:] == ["NP_SHOWN", "two ways", 2, 0, 1, 1]
    found = {row["name"]: row["value"] for row in place.run("DESCRIBE NETWORK POLICY NP_SHOWN")}
    assert found.pop("ALLOWED_IP_LIST") == "10.1.1.1,10.2.0.0/16"
    schema = f"{place.database}.PUBLIC"
    assert {key: json.loads(value) for key, value in found.items()} == {
        "ALLOWED_NETWORK_RULE_LIST": [{"fullyQualifiedRuleName": f"{schema}.NP_HOME"}],
        "BLOCKED_NETWORK_RULE_LIST": [{"fullyQualifiedRuleName": f"{schema}.NP_BAD"}],
    }
    place.run("ALTER NETWORK POLICY NP_SHOWN REMOVE BLOCKED_NETWORK_RULE_LIST = ('NP_BAD')")
    place.run("DROP NETWORK RULE NP_BAD")
    with pytest.raises(ProgrammingError, match="associated with network policy NP_SHOWN"):
        place.run("DROP NETWORK RULE NP_HOME")
    place.run("DROP NETWORK POLICY NP_SHOWN", "DROP NETWORK RULE NP_HOME")


@pytest.mark.parametrize(
    ("statement", "message"),
    [
        ("CREATE NETWORK POLICY NP_X ALLOWED_IP_LIST = ('300.1.1.1')", "300.1.1.1"),
        ("CREATE NETWORK POLICY NP_X ALLOWED_NETWORK_RULE_LIST = ('NP_NONE')", "does not exist"),
        ("CREATE NETWORK POLICY NP_X ALLOWED_NETWORK_RULE_LIST = ('NP_OUT')", "egress network rule NP_OUT"),
        ("ALTER ACCOUNT SET NETWORK_POLICY = NP_NONE", "'NP_NONE' does not exist"),
        ("ALTER ACCOUNT SET NETWORK_POLICY = NP_EMPTY", "Empty network policy NP_EMPTY cannot be active"),
        ("ALTER ACCOUNT SET NETWORK_POLICY = NP_AWAY", "Requestor IP address, 127.0.0.1, must be included"),
        ("ALTER USER ADMIN SET NETWORK_POLICY = NP_AWAY", "Requestor IP address, 127.0.0.1, must be"),
        ("ALTER SESSION SET NETWORK_POLICY = NP_AWAY", "NETWORK_POLICY"),
    ],
)
def test_refused_policies(place: Place, statement: str, message: str) -> None:
    place.run(
        "CREATE OR REPLACE NETWORK RULE NP_OUT TYPE = HOST_PORT MODE = EGRESS VALUE_LIST = ('a.example')",
        f"CREATE OR REPLACE NETWORK POLICY NP_AWAY {AWAY}",
        "CREATE OR REPLACE NETWORK POLICY NP_EMPTY",
    )
    with pytest.raises(ProgrammingError, match=message):
        place.run(statement)
    assert place.run("SHOW PARAMETERS LIKE 'NETWORK_POLICY' IN ACCOUNT")[0]["value"] == ""


def test_active_policy_cannot_be_changed_into_one_that_locks_out(place: Place) -> None:
    place.run(
        "CREATE NETWORK RULE NP_OWN TYPE = IPV4 MODE = INGRESS VALUE_LIST = ('127.0.0.1')",
        "CREATE NETWORK POLICY NP_OWN ALLOWED_NETWORK_RULE_LIST = (NP_OWN)",
        "ALTER USER ADMIN SET NETWORK_POLICY = NP_OWN",
    )
    try:
        for statement in (
            "ALTER NETWORK POLICY NP_OWN SET BLOCKED_IP_LIST = ('127.0.0.1')",
            "ALTER NETWORK RULE NP_OWN SET VALUE_LIST = ('10.0.0.1')",
            f"CREATE OR REPLACE NETWORK POLICY NP_OWN {AWAY}",
        ):
            with pytest.raises(ProgrammingError, match="Requestor IP address"):
                place.run(statement)
        with pytest.raises(ProgrammingError, match="is attached to USER with name ADMIN"):
            place.run("DROP NETWORK POLICY NP_OWN")
        place.run("ALTER NETWORK POLICY NP_OWN RENAME TO NP_RENAMED")
        assert place.run("SHOW PARAMETERS LIKE 'NETWORK_POLICY' FOR USER ADMIN")[0]["value"] == "NP_RENAMED"
    finally:
        place.run("ALTER USER ADMIN UNSET NETWORK_POLICY")
    place.run("DROP NETWORK POLICY NP_RENAMED", "DROP NETWORK RULE NP_OWN")


def test_user_is_kept_out_at_sign_in_and_in_open_sessions(place: Place, alice: str) -> None:
    place.run("CREATE OR REPLACE NETWORK POLICY NP_ALICE_AWAY ALLOWED_IP_LIST = ('10.0.0.0/8')")
    message = "Incoming request with IP/Token 127.0.0.1 is not allowed to access Snowflake"
    with place.account.connect(user=alice, password=PASSWORD) as session:
        place.run(f"ALTER USER {alice} SET NETWORK_POLICY = NP_ALICE_AWAY")
        with pytest.raises(DatabaseError, match=message) as failure:
            run(session, "SELECT 1")
        assert failure.value.errno == 390422
        for _ in range(6):
            with pytest.raises(DatabaseError, match=message):
                place.account.connect(user=alice, password="wrong")
        with pytest.raises(DatabaseError, match=message):
            place.account.connect(user=alice, password=PASSWORD)
        place.run("ALTER NETWORK POLICY NP_ALICE_AWAY SET ALLOWED_IP_LIST = ('127.0.0.1')")
        assert run(session, "SELECT 1 AS ONE") == [{"ONE": 1}]
    place.account.connect(user=alice, password=PASSWORD).close()


def _sign_in(account: RunningAccount, address: str, user: str, password: str) -> dict[str, Any]:
    """The answer to a sign-in from one of this machine's loopback addresses."""
    adapter = requests.adapters.HTTPAdapter()
    adapter.init_poolmanager(1, 1, source_address=(address, 0))
    with requests.Session() as session:
        session.mount("http://", adapter)
        data = {"LOGIN_NAME": user, "PASSWORD": password, "ACCOUNT_NAME": account.settings.locator}
        url = f"http://127.0.0.1:{account.settings.port}/session/v1/login-request"
        return session.post(url, json={"data": data}, timeout=20).json()


def test_users_policy_comes_before_the_accounts(place: Place, alice: str) -> None:
    place.run(
        "CREATE OR REPLACE NETWORK POLICY NP_ALL ALLOWED_IP_LIST = ('127.0.0.1', '127.0.0.5')",
        "CREATE OR REPLACE NETWORK POLICY NP_NOT_5 ALLOWED_IP_LIST = ('0.0.0.0/0') "
        "BLOCKED_IP_LIST = ('127.0.0.5')",
        "ALTER ACCOUNT SET NETWORK_POLICY = NP_ALL",
    )
    try:
        with pytest.raises(ProgrammingError, match="is attached to ACCOUNT"):
            place.run("DROP NETWORK POLICY NP_ALL")
        answers = [_sign_in(place.account, f"127.0.0.{end}", alice, PASSWORD) for end in (1, 5, 6)]
        assert [answer["success"] for answer in answers] == [True, True, False]
        assert answers[2]["code"] == "390422"
        place.run(f"ALTER USER {alice} SET NETWORK_POLICY = NP_NOT_5")
        answers = [_sign_in(place.account, f"127.0.0.{end}", alice, PASSWORD) for end in (1, 5, 6)]
        assert [answer["success"] for answer in answers] == [True, False, True]
    finally:
        place.run("ALTER ACCOUNT UNSET NETWORK_POLICY")
    place.run("DROP NETWORK POLICY NP_ALL")


def test_who_may_make_and_set_policies(place: Place, alice: str) -> None:
    place.run(
        "CREATE OR REPLACE ROLE NP_PLAIN",
        "CREATE OR REPLACE ROLE NP_MAKER",
        f"GRANT ROLE NP_PLAIN TO USER {alice}",
        f"GRANT ROLE NP_MAKER TO USER {alice}",
        "GRANT CREATE NETWORK POLICY ON ACCOUNT TO ROLE NP_MAKER",
        f"ALTER USER {alice} SET DEFAULT_SECONDARY_ROLES = ()",
        "CREATE OR REPLACE NETWORK POLICY NP_ADMINS ALLOWED_IP_LIST = ('127.0.0.1')",
    )
    with place.account.connect(user=alice, password=PASSWORD, role="NP_PLAIN") as session:
        for statement, message in {
            "CREATE NETWORK POLICY NP_MINE": "Insufficient privileges to operate on account",
            "ALTER NETWORK POLICY NP_ADMINS SET COMMENT = 'x'": "does not exist or not authorized",
            "DESCRIBE NETWORK POLICY NP_ADMINS": "does not exist or not authorized",
            "DROP NETWORK POLICY NP_ADMINS": "does not exist or not authorized",
            f"ALTER USER {alice} SET NETWORK_POLICY = NP_ADMINS": "Insufficient privileges",
            "ALTER ACCOUNT SET NETWORK_POLICY = NP_ADMINS": "Insufficient privileges",
        }.items():
            with pytest.raises(ProgrammingError, match=message):
                run(session, statement)
        assert run(session, "SHOW NETWORK POLICIES") == []
        run(session, "USE ROLE NP_MAKER")
        run(session, "CREATE NETWORK POLICY NP_MINE ALLOWED_IP_LIST = ('127.0.0.1')")
        assert [row["name"] for row in run(session, "SHOW NETWORK POLICIES")] == ["NP_MINE"]
        with pytest.raises(ProgrammingError, match="Insufficient privileges"):
            run(session, "ALTER ACCOUNT SET NETWORK_POLICY = NP_MINE")
        place.run("GRANT ATTACH POLICY ON ACCOUNT TO ROLE NP_MAKER")
        run(session, "ALTER ACCOUNT SET NETWORK_POLICY = NP_MINE")
        run(session, "ALTER ACCOUNT UNSET NETWORK_POLICY")
        run(session, "DROP NETWORK POLICY NP_MINE")


# Programmatic access tokens


def test_person_needs_a_policy_to_use_a_token(place: Place, alice: str) -> None:
    add = f"ALTER USER {alice} ADD PAT"
    token = place.run(f"{add} T")[0]["token_secret"]
    with pytest.raises(DatabaseError, match="Network policy is required") as failure:
        place.account.connect(user=alice, password=token)
    assert failure.value.errno == 390432
    place.run(f"ALTER USER {alice} MODIFY PAT T SET MINS_TO_BYPASS_NETWORK_POLICY_REQUIREMENT = 5")
    shown = place.run(f"SHOW USER PATS FOR USER {alice}")[0]
    assert shown["mins_to_bypass_network_policy_requirement"] == 5
    place.account.connect(user=alice, password=token).close()
    place.run(f"ALTER USER {alice} MODIFY PAT T UNSET MINS_TO_BYPASS_NETWORK_POLICY_REQUIREMENT")
    place.run(
        f"CREATE OR REPLACE NETWORK POLICY NP_TOKENS {AWAY}",
        f"ALTER USER {alice} SET NETWORK_POLICY = NP_TOKENS",
    )
    with pytest.raises(DatabaseError, match="is not allowed to access Snowflake"):
        place.account.connect(user=alice, password=token)
    place.run("ALTER NETWORK POLICY NP_TOKENS SET ALLOWED_IP_LIST = ('127.0.0.1')")
    place.account.connect(user=alice, token=token, authenticator="PROGRAMMATIC_ACCESS_TOKEN").close()
    with pytest.raises(ProgrammingError, match="1441"):
        place.run(f"{add} U MINS_TO_BYPASS_NETWORK_POLICY_REQUIREMENT = 1441")


@pytest.mark.parametrize("kind", ["SERVICE", "LEGACY_SERVICE"])
def test_program_needs_a_policy_to_get_a_token(place: Place, kind: str) -> None:
    place.run(f"CREATE OR REPLACE USER NP_ROBOT TYPE = {kind}")
    add = "ALTER USER NP_ROBOT ADD PAT T ROLE_RESTRICTION = 'PUBLIC'"
    with pytest.raises(ProgrammingError, match="Network policy is required"):
        place.run(f"{add} MINS_TO_BYPASS_NETWORK_POLICY_REQUIREMENT = 5")
    place.run(
        "CREATE OR REPLACE NETWORK POLICY NP_ROBOT ALLOWED_IP_LIST = ('127.0.0.1')",
        "ALTER USER NP_ROBOT SET NETWORK_POLICY = NP_ROBOT",
    )
    token = place.run(add)[0]["token_secret"]
    place.account.connect(user="NP_ROBOT", password=token).close()
    place.run("ALTER USER NP_ROBOT UNSET NETWORK_POLICY")
    with pytest.raises(DatabaseError, match="Network policy is required"):
        place.account.connect(user="NP_ROBOT", password=token)


def test_own_tokens_and_sessions_opened_with_one(place: Place, alice: str) -> None:
    with place.account.connect(user=alice, password=PASSWORD) as session:
        added = run(session, "ALTER USER ADD PAT OWN MINS_TO_BYPASS_NETWORK_POLICY_REQUIREMENT = 5")[0]
        assert len(run(session, "ALTER USER ADD PAT IF NOT EXISTS OWN")) == 1
        run(session, "ALTER USER IF EXISTS REMOVE PAT IF EXISTS ABSENT")
    with place.account.connect(user=alice, password=added["token_secret"]) as session:
        for statement in ("MODIFY PAT OWN RENAME TO MINE", "ROTATE PAT OWN"):
            with pytest.raises(ProgrammingError, match="in a session that was opened with one"):
                run(session, f"ALTER USER {alice} {statement}")
    assert [row["name"] for row in place.run(f"SHOW USER PATS FOR USER {alice}")] == ["OWN"]
