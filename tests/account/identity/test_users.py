"""Users: what describes them, how they sign in, and what they may change."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from snowflake.connector.errors import DatabaseError, ProgrammingError

from tests.account.conftest import RunningAccount

PASSWORD = "Sesame-opens-1"
BOOLEANS = ("MUST_CHANGE_PASSWORD", "DISABLED", "SNOWFLAKE_LOCK", "SNOWFLAKE_SUPPORT", "EXT_AUTHN_DUO")


def described(account: RunningAccount, user: str) -> dict[str, str]:
    return {row["property"]: row["value"] for row in account.run(f"DESCRIBE USER {user}")}


def test_description_has_no_secret_and_no_null(account: RunningAccount) -> None:
    account.run(f"CREATE USER U_SHOWN PASSWORD = '{PASSWORD}' EMAIL = 'a@b.c' DEFAULT_NAMESPACE = D.S")
    rows = account.run("DESCRIBE USER U_SHOWN")
    assert all(value is not None for row in rows for value in row.values())
    found = {row["property"]: row for row in rows}
    assert {found[name]["value"] for name in BOOLEANS} == {"false"}
    assert {found[name]["default"] for name in BOOLEANS} == {"false"}
    assert found["PASSWORD"]["value"] == "********"
    assert (found["EMAIL"]["value"], found["DEFAULT_ROLE"]["value"]) == ("a@b.c", "null")
    row = account.run("SHOW USERS LIKE 'U_SHOWN'")[0]
    assert (row["login_name"], row["default_namespace"], row["has_password"]) == ("U_SHOWN", "D.S", True)
    assert row["default_secondary_roles"] == '["ALL"]'


def test_state_folder_holds_no_password_in_plain(account: RunningAccount) -> None:
    account.run(f"CREATE USER U_PLAIN PASSWORD = '{PASSWORD}-plain'")
    for path in Path(account.settings.state).rglob("*"):
        if path.is_file():
            assert f"{PASSWORD}-plain".encode() not in path.read_bytes(), path


@pytest.mark.parametrize("disabling", ["DISABLED = TRUE", "DAYS_TO_EXPIRY = -1", "MINS_TO_UNLOCK = 5"])
def test_users_can_be_kept_out(account: RunningAccount, disabling: str) -> None:
    account.run(f"CREATE OR REPLACE USER U_OUT PASSWORD = '{PASSWORD}'")
    account.connect(user="U_OUT", password=PASSWORD).close()
    account.run(f"ALTER USER U_OUT SET {disabling}")
    with pytest.raises(DatabaseError) as failure:
        account.connect(user="U_OUT", password=PASSWORD)
    assert failure.value.errno in (390101, 390102, 390103)
    account.run(f"ALTER USER U_OUT UNSET {disabling.partition(' ')[0]}")
    account.connect(user="U_OUT", password=PASSWORD).close()


def test_password_must_be_changed_first(account: RunningAccount) -> None:
    account.run(f"CREATE USER U_NEW PASSWORD = '{PASSWORD}' MUST_CHANGE_PASSWORD = TRUE")
    with pytest.raises(DatabaseError, match="must be changed before the first sign-in"):
        account.connect(user="U_NEW", password=PASSWORD)
    account.run(f"ALTER USER U_NEW SET PASSWORD = '{PASSWORD}2' MUST_CHANGE_PASSWORD = FALSE")
    account.connect(user="U_NEW", password=f"{PASSWORD}2").close()


def test_key_pair(account: RunningAccount) -> None:
    key = rsa.generate_private_key(65537, 2048)
    public = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    private = key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    account.run("CREATE USER U_KEY TYPE = SERVICE")
    account.run(f"ALTER USER U_KEY SET RSA_PUBLIC_KEY = '{base64.b64encode(public).decode()}'")
    settings = account.connection_settings(user="U_KEY", private_key=private)
    del settings["password"]
    assert account.run("SELECT CURRENT_USER() AS U", user="U_KEY", private_key=private) == [{"U": "U_KEY"}]
    assert described(account, "U_KEY")["RSA_PUBLIC_KEY_FP"].startswith("SHA256:")
    account.run("ALTER USER U_KEY UNSET RSA_PUBLIC_KEY", "ALTER USER U_KEY UNSET RSA_PUBLIC_KEY_2")
    with pytest.raises(DatabaseError, match="JWT token is invalid"):
        account.connect(user="U_KEY", private_key=private, authenticator="SNOWFLAKE_JWT")
    described_after = described(account, "U_KEY")
    assert (described_after["RSA_PUBLIC_KEY"], described_after["RSA_PUBLIC_KEY_FP"]) == ("null", "null")
    assert described_after["RSA_PUBLIC_KEY_LAST_SET_TIME"] != "null"


def test_what_is_shown_of_a_user_without_a_type(account: RunningAccount) -> None:
    account.run("CREATE OR REPLACE USER U_PLAIN_ONE MINS_TO_UNLOCK = 15 MINS_TO_BYPASS_MFA = 1")
    row = account.run("SHOW USERS LIKE 'U_PLAIN_ONE'")[0]
    assert (row["type"], row["mins_to_unlock"], row["mins_to_bypass_mfa"]) == ("PERSON", "14", "0")
    found = described(account, "U_PLAIN_ONE")
    assert (found["MINS_TO_UNLOCK"], found["MINS_TO_BYPASS_MFA"]) == ("14", "0")
    assert found["DISPLAY_NAME"] == "U_PLAIN_ONE"
    account.run("ALTER USER U_PLAIN_ONE UNSET DISPLAY_NAME, LOGIN_NAME, MINS_TO_UNLOCK, MINS_TO_BYPASS_MFA")
    row = account.run("SHOW USERS LIKE 'U_PLAIN_ONE'")[0]
    assert (row["display_name"], row["login_name"]) == ("", "U_PLAIN_ONE")
    assert (row["mins_to_unlock"], row["mins_to_bypass_mfa"]) == ("", "")
    assert described(account, "U_PLAIN_ONE")["DISPLAY_NAME"] == "null"
    account.run("ALTER USER U_PLAIN_ONE SET TYPE = SERVICE", "ALTER USER U_PLAIN_ONE UNSET TYPE")
    assert account.run("SHOW USERS LIKE 'U_PLAIN_ONE'")[0]["type"] == "PERSON"


def test_token_without_a_comment_has_none(account: RunningAccount) -> None:
    account.run("CREATE OR REPLACE USER U_TOKENS", "ALTER USER U_TOKENS ADD PAT PLAIN")
    account.run("ALTER USER U_TOKENS ADD PAT TOLD COMMENT = 'c'")
    shown = "SHOW USER PATS FOR USER U_TOKENS"
    assert [row["comment"] for row in account.run(shown)] == [None, "c"]
    assert account.run("ALTER USER U_TOKENS MODIFY PAT TOLD UNSET COMMENT", shown)[1]["comment"] is None


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ("DAYS_TO_EXPIRY = 1.5", "invalid value [1.5] for parameter 'DAYS_TO_EXPIRY'"),
        ("DAYS_TO_EXPIRY = -1.5", "invalid value [-1.5] for parameter 'DAYS_TO_EXPIRY'"),
        ("MINS_TO_UNLOCK = 1.5", "invalid value [1.5] for parameter 'MINS_TO_UNLOCK'"),
        ("DISABLE_MFA = TRUE", "invalid property 'DISABLE_MFA' for 'USER'"),
    ],
)
def test_values_that_a_new_user_cannot_have(account: RunningAccount, options: str, message: str) -> None:
    with pytest.raises(ProgrammingError) as failure:
        account.run(f"CREATE USER U_BAD {options}")
    assert message in str(failure.value.msg)
    account.run("CREATE OR REPLACE USER U_FINE")
    if "MFA" not in options:
        with pytest.raises(ProgrammingError) as failure:
            account.run(f"ALTER USER U_FINE SET {options}")
        assert message in str(failure.value.msg)


def test_access_token_keeps_to_its_role(account: RunningAccount) -> None:
    account.run(
        "CREATE NETWORK POLICY U_PAT_HERE ALLOWED_IP_LIST = ('127.0.0.1')",
        "CREATE USER U_PAT TYPE = SERVICE NETWORK_POLICY = U_PAT_HERE",
        "CREATE ROLE U_PAT_ONE",
        "CREATE ROLE U_PAT_TWO",
        "GRANT ROLE U_PAT_ONE TO USER U_PAT",
        "GRANT ROLE U_PAT_TWO TO USER U_PAT",
    )
    with pytest.raises(ProgrammingError, match="ROLE_RESTRICTION"):
        account.run("ALTER USER U_PAT ADD PAT T")
    add = 'ALTER USER U_PAT ADD PROGRAMMATIC ACCESS TOKEN "T" ROLE_RESTRICTION = "U_PAT_ONE"'
    secret = account.run(add)[0]["token_secret"]
    for settings in ({"password": secret}, {"token": secret, "authenticator": "PROGRAMMATIC_ACCESS_TOKEN"}):
        with account.connect(user="U_PAT", **settings) as session:
            cursor = session.cursor()
            assert cursor.execute("SELECT CURRENT_ROLE()").fetchone() == ("U_PAT_ONE",)
            with pytest.raises(ProgrammingError, match="is not assigned"):
                cursor.execute("USE ROLE U_PAT_TWO")
    row = account.run("SHOW USER PROGRAMMATIC ACCESS TOKENS FOR USER U_PAT")[0]
    assert (row["name"], row["status"], row["role_restriction"]) == ("T", "ACTIVE", "U_PAT_ONE")


def test_access_token_ends(account: RunningAccount) -> None:
    account.run(
        "CREATE NETWORK POLICY U_END_HERE ALLOWED_IP_LIST = ('127.0.0.1')",
        f"CREATE USER U_END PASSWORD = '{PASSWORD}' NETWORK_POLICY = U_END_HERE",
    )
    first = account.run("ALTER USER U_END ADD PROGRAMMATIC ACCESS TOKEN T")[0]["token_secret"]
    rotate = "ALTER USER U_END ROTATE PROGRAMMATIC ACCESS TOKEN T EXPIRE_ROTATED_TOKEN_AFTER_HOURS = 0"
    rotated = account.run(rotate)[0]
    with pytest.raises(DatabaseError):
        account.connect(user="U_END", password=first)
    account.connect(user="U_END", password=rotated["token_secret"]).close()
    states = account.run("SHOW USER PATS FOR USER U_END")
    assert {row["name"]: row["status"] for row in states} == {
        "T": "ACTIVE",
        rotated["rotated_token_name"]: "EXPIRED",
    }
    account.run("ALTER USER U_END MODIFY PROGRAMMATIC ACCESS TOKEN T SET DISABLED = TRUE")
    with pytest.raises(DatabaseError):
        account.connect(user="U_END", password=rotated["token_secret"])
    account.run("ALTER USER U_END REMOVE PROGRAMMATIC ACCESS TOKEN T")
    with pytest.raises(ProgrammingError, match="not found"):
        account.run("ALTER USER U_END REMOVE PROGRAMMATIC ACCESS TOKEN T")


def test_users_change_only_themselves_and_not_all(account: RunningAccount) -> None:
    account.run(f"CREATE USER U_SELF PASSWORD = '{PASSWORD}'", "CREATE USER U_OTHER COMMENT = 'x'")
    with account.connect(user="U_SELF", password=PASSWORD) as session:
        cursor = session.cursor()
        cursor.execute(f"ALTER USER U_SELF SET PASSWORD = '{PASSWORD}-own' DISPLAY_NAME = 'Me'")
        for statement in (
            "ALTER USER U_SELF SET DISABLED = FALSE",
            "ALTER USER U_SELF SET TYPE = SERVICE",
            "ALTER USER U_SELF RENAME TO U_MORE",
            "ALTER USER U_OTHER SET DISPLAY_NAME = 'You'",
            "ALTER USER U_OTHER ADD PROGRAMMATIC ACCESS TOKEN T",
            "SHOW USER PATS FOR USER U_OTHER",
            "DESCRIBE USER U_OTHER",
            "DROP USER U_OTHER",
        ):
            with pytest.raises(ProgrammingError, match="Insufficient privileges"):
                cursor.execute(statement)
    account.connect(user="U_SELF", password=f"{PASSWORD}-own").close()
    assert described(account, "U_SELF")["DISPLAY_NAME"] == "Me"


def test_renamed_and_dropped_users(account: RunningAccount) -> None:
    account.run(f"CREATE USER U_FIRST PASSWORD = '{PASSWORD}'", "GRANT ROLE SYSADMIN TO USER U_FIRST")
    session = account.connect(user="U_FIRST", password=PASSWORD)
    account.run("ALTER USER U_FIRST RENAME TO U_SECOND")
    assert session.cursor().execute("SELECT CURRENT_USER()").fetchone() == ("U_SECOND",)
    assert account.run("SHOW GRANTS TO USER U_SECOND")[0]["role"] == "SYSADMIN"
    account.run("DROP USER U_SECOND")
    with pytest.raises(DatabaseError):
        session.cursor().execute("SELECT 1")
    with pytest.raises(ProgrammingError, match="does not exist"):
        account.run("DESCRIBE USER U_SECOND")
