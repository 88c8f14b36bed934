"""Types of users: what each may have, and with what each may sign in."""

from __future__ import annotations

import pytest
from snowflake.connector.errors import DatabaseError, ProgrammingError

from tests.account.conftest import RunningAccount

PASSWORD = "Sesame-opens-1"
PERSONAL = (
    ("FIRST_NAME", "FIRST_NAME = 'F'"),
    ("MIDDLE_NAME", "MIDDLE_NAME = 'M'"),
    ("LAST_NAME", "LAST_NAME = 'L'"),
    ("MINS_TO_BYPASS_MFA", "MINS_TO_BYPASS_MFA = 5"),
)
OF_PASSWORDS = (("PASSWORD", "PASSWORD = 'x'"), ("MUST_CHANGE_PASSWORD", "MUST_CHANGE_PASSWORD = FALSE"))
REFUSED = [
    *(("SERVICE", name, setting) for name, setting in (*PERSONAL, *OF_PASSWORDS)),
    *(("LEGACY_SERVICE", name, setting) for name, setting in PERSONAL),
]


def described(account: RunningAccount, user: str) -> dict[str, str]:
    return {row["property"]: row["value"] for row in account.run(f"DESCRIBE USER {user}")}


@pytest.fixture(scope="module")
def users(account: RunningAccount) -> RunningAccount:
    account.run(
        "CREATE USER UT_SERVICE TYPE = SERVICE EMAIL = 'a@b.c' COMMENT = 'c' DISPLAY_NAME = 'Robot'",
        f"CREATE USER UT_LEGACY_SERVICE TYPE = LEGACY_SERVICE PASSWORD = '{PASSWORD}'",
    )
    return account


def test_what_types_of_users_cannot_have(users: RunningAccount) -> None:
    with users.connect() as session:
        cursor = session.cursor()
        for kind, name, setting in REFUSED:
            message = f"Cannot set {name} on users with TYPE={kind}\\."
            for statement in (
                f"CREATE USER UT_NEW TYPE = {kind} {setting}",
                f"ALTER USER UT_{kind} SET {setting}",
            ):
                with pytest.raises(ProgrammingError, match=message) as failure:
                    cursor.execute(statement)
                assert (failure.value.errno, failure.value.sqlstate) == (511503, "23001")
        cursor.execute("ALTER USER UT_SERVICE UNSET FIRST_NAME, PASSWORD, MINS_TO_BYPASS_MFA")
        for kind in ("SERVICE", "LEGACY_SERVICE"):
            with pytest.raises(ProgrammingError, match="Cannot set DISABLE_MFA"):
                cursor.execute(f"ALTER USER UT_{kind} SET DISABLE_MFA = TRUE")
        with pytest.raises(ProgrammingError, match="Cannot set MUST_CHANGE_PASSWORD"):
            cursor.execute("ALTER USER UT_SERVICE UNSET MUST_CHANGE_PASSWORD")
        with pytest.raises(ProgrammingError, match="Cannot set FIRST_NAME"):
            cursor.execute("ALTER USER UT_LEGACY_SERVICE SET TYPE = SERVICE FIRST_NAME = 'F'")
    shown = users.run("SHOW USERS LIKE 'UT_SERVICE'")[0]
    assert (shown["type"], shown["email"], shown["display_name"]) == ("SERVICE", "a@b.c", "Robot")
    users.connect(user="UT_LEGACY_SERVICE", password=PASSWORD).close()


def test_type_hides_what_it_cannot_have(account: RunningAccount) -> None:
    account.run(
        f"CREATE USER UT_MOVED FIRST_NAME = 'F' LAST_NAME = 'L' EMAIL = 'a@b.c' PASSWORD = '{PASSWORD}'"
    )
    account.run("ALTER USER UT_MOVED SET TYPE = SERVICE")
    found = described(account, "UT_MOVED")
    assert [found[name] for name in ("TYPE", "FIRST_NAME", "PASSWORD", "EMAIL")] == [
        "SERVICE",
        "null",
        "null",
        "a@b.c",
    ]
    assert account.run("SHOW USERS LIKE 'UT_MOVED'")[0]["has_password"] is False
    with pytest.raises(DatabaseError, match="Incorrect username or password"):
        account.connect(user="UT_MOVED", password=PASSWORD)
    account.run("ALTER USER UT_MOVED SET TYPE = LEGACY_SERVICE")
    account.connect(user="UT_MOVED", password=PASSWORD).close()
    assert described(account, "UT_MOVED")["LAST_NAME"] == "null"
    account.run("ALTER USER UT_MOVED SET TYPE = PERSON")
    assert described(account, "UT_MOVED")["LAST_NAME"] == "L"


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ("DAYS_TO_EXPIRY = 365001", "invalid value '365,001' for property 'DAYS_TO_EXPIRY'"),
        ("MINS_TO_UNLOCK = 525600001", "invalid value '525,600,001' for property 'MINS_TO_UNLOCK'"),
        ("MINS_TO_BYPASS_MFA = 1441", "invalid value '1,441' for property 'MINS_TO_BYPASS_MFA'"),
        (
            "RSA_PUBLIC_KEY = 'nonsense'",
            "New public key rejected by current policy. Reason: 'Invalid Public key'",
        ),
        ("TYPE = ROBOT", "ROBOT"),
    ],
)
def test_refused_values(account: RunningAccount, setting: str, message: str) -> None:
    with pytest.raises(ProgrammingError) as failure:
        account.run(f"CREATE USER UT_BAD {setting}")
    assert message in str(failure.value)
    assert account.run("SHOW USERS LIKE 'UT_BAD'") == []


def test_countdowns_are_shown_and_cleared(account: RunningAccount) -> None:
    account.run("CREATE USER UT_COUNT DAYS_TO_EXPIRY = 30 MINS_TO_UNLOCK = 10")
    found = described(account, "UT_COUNT")
    assert 29.9 < float(found["DAYS_TO_EXPIRY"]) <= 30
    assert found["MINS_TO_UNLOCK"] == "9"
    account.run("ALTER USER UT_COUNT SET DAYS_TO_EXPIRY = 0 MINS_TO_UNLOCK = NULL")
    found = described(account, "UT_COUNT")
    assert (found["DAYS_TO_EXPIRY"], found["MINS_TO_UNLOCK"]) == ("null", "null")


def test_five_wrong_passwords_lock_until_unlocked(account: RunningAccount) -> None:
    account.run(f"CREATE USER UT_LOCKED PASSWORD = '{PASSWORD}'")
    with account.connect(user="UT_LOCKED", password=PASSWORD) as before:
        for _ in range(4):
            with pytest.raises(DatabaseError, match="Incorrect username or password"):
                account.connect(user="UT_LOCKED", password="wrong")
        account.connect(user="UT_LOCKED", password=PASSWORD).close()
        for _ in range(5):
            with pytest.raises(DatabaseError, match="Incorrect username or password"):
                account.connect(user="UT_LOCKED", password="wrong")
        with pytest.raises(DatabaseError, match="temporarily locked") as failure:
            account.connect(user="UT_LOCKED", password=PASSWORD)
        assert failure.value.errno == 390102
        assert described(account, "UT_LOCKED")["MINS_TO_UNLOCK"] == "14"
        assert before.cursor().execute("SELECT 1").fetchone() == (1,)
    account.run("ALTER USER UT_LOCKED SET MINS_TO_UNLOCK = 0")
    account.connect(user="UT_LOCKED", password=PASSWORD).close()


def test_disabling_a_user_ends_its_sessions(account: RunningAccount) -> None:
    account.run(f"CREATE USER UT_OFF PASSWORD = '{PASSWORD}'")
    session = account.connect(user="UT_OFF", password=PASSWORD)
    account.run("ALTER USER UT_OFF SET DISABLED = TRUE")
    with pytest.raises(DatabaseError):
        session.cursor().execute("SELECT 1")
    with pytest.raises(DatabaseError, match="User access disabled") as failure:
        account.connect(user="UT_OFF", password=PASSWORD)
    assert failure.value.errno == 390101


@pytest.mark.parametrize(
    ("statement", "feature"),
    [
        ("CREATE AUTHENTICATION POLICY P", "CREATE AUTHENTICATION POLICY"),
        ("ALTER USER ADMIN SET AUTHENTICATION POLICY P", "ALTER USER SET AUTHENTICATION POLICY"),
        ("ALTER ACCOUNT SET PASSWORD POLICY P", "ALTER ACCOUNT SET PASSWORD POLICY"),
        ("ALTER USER ADMIN UNSET SESSION POLICY", "ALTER USER UNSET SESSION POLICY"),
        ("ALTER USER ADMIN RESET PASSWORD", "ALTER USER RESET PASSWORD"),
    ],
)
def test_refused_by_name(account: RunningAccount, statement: str, feature: str) -> None:
    with pytest.raises(ProgrammingError, match=f"Unsupported feature '{feature}'"):
        account.run(statement)
