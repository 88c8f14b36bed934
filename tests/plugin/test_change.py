"""What an update sends, what replaces a resource, and what is no change at all."""

from __future__ import annotations

from typing import Any

import pytest

from standins.snowflake_plugin.errors import SnowflakeError
from standins.snowflake_plugin.wire import UNKNOWN
from tests.plugin import rows
from tests.plugin.account import Answer, ScriptedAccount, checked, kind

PLACE = {"database": "D", "schema": "S", "name": "N"}
FULL = '"D"."S"."N"'
POOL = {"name": "P", "minNodes": 1, "maxNodes": 1, "instanceFamily": "CPU_X64_XS"}
SERVICE = {**PLACE, "computePool": "P", "fromSpecification": {"text": "a"}}
READ_POOL: dict[str, Answer] = {
    "SHOW COMPUTE POOLS LIKE 'P'": rows.pool(),
    'DESCRIBE COMPUTE POOL "P"': rows.pool(),
}
READ_SERVICE: dict[str, Answer] = {
    'SHOW SERVICES LIKE \'N\' IN SCHEMA "D"."S"': rows.service(),
    f"DESCRIBE SERVICE {FULL}": rows.service(),
}
READ_USER: dict[str, Answer] = {
    "SHOW USERS LIKE 'U'": rows.user(),
    'DESCRIBE USER "U"': [],
    'SHOW PARAMETERS IN USER "U"': [],
}

UPDATES: list[tuple[str, dict[str, Any], dict[str, Any], list[str], dict[str, Answer]]] = [
    (
        "ComputePool",
        {**POOL, "autoResume": "false", "autoSuspendSecs": 60, "comment": "c"},
        {**POOL, "maxNodes": 2},
        [
            'ALTER COMPUTE POOL "P" SET MAX_NODES = 2',
            'ALTER COMPUTE POOL "P" UNSET AUTO_RESUME, AUTO_SUSPEND_SECS, COMMENT',
        ],
        READ_POOL,
    ),
    (
        "Service",
        {**SERVICE, "comment": "c"},
        {
            **SERVICE,
            "fromSpecification": {"text": "b"},
            "maxInstances": 2,
            "minInstances": 2,
            "externalAccessIntegrations": ["I"],
        },
        [
            f"ALTER SERVICE {FULL} FROM SPECIFICATION $$b$$",
            f"ALTER SERVICE {FULL} SET MIN_INSTANCES = 2 MAX_INSTANCES = 2"
            ' EXTERNAL_ACCESS_INTEGRATIONS = ("I")',
            f"ALTER SERVICE {FULL} UNSET COMMENT",
        ],
        READ_SERVICE,
    ),
    (
        "AccountRole",
        {"name": "R", "comment": "c"},
        {"name": "R2"},
        ['ALTER ROLE "R" RENAME TO "R2"', 'ALTER ROLE "R2" UNSET COMMENT'],
        {"SHOW ROLES LIKE 'R2'": [{"name": "R2", "comment": ""}]},
    ),
    (
        "NetworkRule",
        {**PLACE, "type": "HOST_PORT", "mode": "EGRESS", "valueLists": ["a"]},
        {**PLACE, "type": "HOST_PORT", "mode": "EGRESS", "valueLists": ["a", "b"], "comment": "c"},
        [f"ALTER NETWORK RULE {FULL} SET VALUE_LIST = ('a', 'b'), COMMENT = 'c'"],
        {
            'SHOW NETWORK RULES LIKE \'N\' IN SCHEMA "D"."S"': [{"name": "N"}],
            f"DESCRIBE NETWORK RULE {FULL}": [{"name": "N", "value_list": "a,b"}],
        },
    ),
    (
        "SecretWithBasicAuthentication",
        {**PLACE, "username": "u", "password": "p", "comment": "c"},
        {**PLACE, "username": "v", "password": "q"},
        [f"ALTER SECRET {FULL} SET USERNAME = 'v' PASSWORD = 'q'", f"ALTER SECRET {FULL} SET COMMENT = NULL"],
        {
            'SHOW SECRETS LIKE \'N\' IN SCHEMA "D"."S"': rows.secret(),
            f"DESCRIBE SECRET {FULL}": rows.secret(username="v"),
        },
    ),
    (
        "StageInternal",
        {**PLACE, "directory": {"enable": True}, "comment": "c"},
        {**PLACE, "directory": {"enable": False}},
        [f"ALTER STAGE {FULL} SET DIRECTORY = (ENABLE = false)", f"ALTER STAGE {FULL} SET COMMENT = ''"],
        {'SHOW STAGES LIKE \'N\' IN SCHEMA "D"."S"': rows.stage(), f"DESCRIBE STAGE {FULL}": rows.DIRECTORY},
    ),
    (
        "ImageRepository",
        {**PLACE, "comment": "c"},
        PLACE,
        [f"ALTER IMAGE REPOSITORY {FULL} SET COMMENT = ''"],
        {'SHOW IMAGE REPOSITORIES LIKE \'N\' IN SCHEMA "D"."S"': [{"name": "N", "comment": ""}]},
    ),
    (
        "ExternalAccessIntegration",
        {
            "name": "I",
            "allowedNetworkRules": ["D.S.N"],
            "enabled": True,
            "allowedAuthenticationSecrets": {"all": True},
        },
        {"name": "I", "allowedNetworkRules": ["D.S.M"], "enabled": False},
        [
            'ALTER EXTERNAL ACCESS INTEGRATION "I" SET ALLOWED_NETWORK_RULES = ("D"."S"."M") ENABLED = false',
            'ALTER EXTERNAL ACCESS INTEGRATION "I" UNSET ALLOWED_AUTHENTICATION_SECRETS',
        ],
        {
            "SHOW EXTERNAL ACCESS INTEGRATIONS LIKE 'I'": [{"name": "I", "enabled": "false"}],
            'DESCRIBE EXTERNAL ACCESS INTEGRATION "I"': [],
        },
    ),
    (
        "Warehouse",
        {"name": "W", "warehouseSize": "XSMALL", "autoSuspend": 60},
        {"name": "W", "warehouseSize": "SMALL"},
        ["ALTER WAREHOUSE \"W\" SET WAREHOUSE_SIZE = 'SMALL' WAIT_FOR_COMPLETION = true AUTO_SUSPEND = 600"],
        {"SHOW WAREHOUSES LIKE 'W'": rows.warehouse(), 'SHOW PARAMETERS IN WAREHOUSE "W"': []},
    ),
    (
        "Schema",
        {"name": "S", "database": "D", "withManagedAccess": "true", "comment": "c"},
        {"name": "S", "database": "D", "dataRetentionTimeInDays": 2, "comment": "d"},
        [
            'ALTER SCHEMA "D"."S" DISABLE MANAGED ACCESS',
            'ALTER SCHEMA "D"."S" SET DATA_RETENTION_TIME_IN_DAYS = 2, COMMENT = \'d\'',
            'ALTER SCHEMA "D"."S" UNSET LOG_LEVEL',
        ],
        {
            "SHOW SCHEMAS LIKE 'S' IN DATABASE \"D\"": [{"name": "S", "options": ""}],
            'DESCRIBE SCHEMA "D"."S"': [{"name": "S"}],
            'SHOW PARAMETERS IN SCHEMA "D"."S"': [
                rows.parameter("LOG_LEVEL", "INFO", "SCHEMA"),
                rows.parameter("TRACE_LEVEL", "ALWAYS", "ACCOUNT"),
            ],
        },
    ),
    (
        "User",
        {"name": "U", "password": "p", "defaultRole": "R", "defaultSecondaryRolesOption": "ALL"},
        {
            "name": "U",
            "password": "q",
            "email": "u@x",
            "defaultSecondaryRolesOption": "NONE",
            "disableMfa": "true",
            "timezone": "UTC",
        },
        [
            "ALTER USER \"U\" SET EMAIL = 'u@x'",
            'ALTER USER "U" UNSET DEFAULT_ROLE',
            'ALTER USER "U" SET DEFAULT_SECONDARY_ROLES = ()',
            'ALTER USER "U" SET DISABLE_MFA = true',
            "ALTER USER \"U\" SET PASSWORD = 'q'",
            "ALTER USER \"U\" SET TIMEZONE = 'UTC'",
        ],
        READ_USER,
    ),
]


@pytest.mark.parametrize(
    ("name", "before", "after", "statements", "answers"), UPDATES, ids=[case[0] for case in UPDATES]
)
def test_update_sends_what_changed(
    name: str,
    before: dict[str, Any],
    after: dict[str, Any],
    statements: list[str],
    answers: dict[str, Answer],
) -> None:
    account, resource = ScriptedAccount(answers), kind(name)
    old_name = before["name"] if name != "AccountRole" else "R"
    resource_id = old_name if "schema" not in before else FULL

    if name == "Schema":
        resource_id = '"D"."S"'
    resource.update(account, resource_id, checked(name, **before), checked(name, **after))

    assert account.written() == statements


@pytest.mark.parametrize(
    ("name", "before", "change", "replaces"),
    [
        ("ComputePool", POOL, {"instanceFamily": "CPU_X64_S"}, ["instanceFamily"]),
        ("ComputePool", POOL, {"instanceFamily": "cpu_x64_xs"}, None),
        ("ComputePool", POOL, {"initiallySuspended": "true"}, None),
        ("ComputePool", POOL, {"maxNodes": 2}, []),
        ("Service", SERVICE, {"computePool": "Q"}, ["computePool"]),
        ("Service", SERVICE, {"computePool": '"P"', "schema": '"S"'}, None),
        ("Service", SERVICE, {"computePool": UNKNOWN}, ["computePool"]),
        ("Service", SERVICE, {"fromSpecification": {"text": "b"}}, []),
        ("JobService", SERVICE, {"fromSpecification": {"text": "b"}}, ["fromSpecification"]),
        ("JobService", SERVICE, {"comment": "c"}, ["comment"]),
        ("ImageRepository", PLACE, {"database": "E"}, ["database"]),
        ("StageInternal", {**PLACE, "directory": {"enable": True}}, {"directory": None}, ["directory"]),
        ("StageInternal", PLACE, {"encryption": {"snowflakeSse": {}}}, ["encryption"]),
        ("Execute", {"execute": "A", "revert": "B"}, {"execute": "C"}, ["execute"]),
        ("Execute", {"execute": "A", "revert": "B"}, {"revert": "C"}, []),
        ("GrantAccountRole", {"roleName": "R", "userName": "U"}, {"userName": "V"}, ["userName"]),
    ],
)
def test_what_replaces(
    name: str, before: dict[str, Any], change: dict[str, Any], replaces: list[str] | None
) -> None:
    after = {key: value for key, value in {**before, **change}.items() if value is not None}

    difference = kind(name).diff(ScriptedAccount(), "id", checked(name, **before), checked(name, **after))

    assert difference.replaces == (replaces or [])
    assert bool(difference.changes) == (replaces is not None)
    assert difference.delete_first == (bool(replaces) and "name" in before)


def test_an_input_equal_to_what_the_account_shows_is_no_change() -> None:
    state = {**checked("Service", **SERVICE), "showOutputs": [{"minInstances": 1, "autoResume": True}]}
    news = checked("Service", **SERVICE, minInstances=1, autoResume="true")

    assert kind("Service").changes(ScriptedAccount(), FULL, state, news) == {}


def test_a_type_taken_over_by_something_else_replaces() -> None:
    state = {**checked("SecretWithGenericString", **PLACE, secretString="s"), "secretType": "OAUTH2"}
    news = checked("SecretWithGenericString", **PLACE, secretString="s")

    changes = kind("SecretWithGenericString").changes(ScriptedAccount(), FULL, state, news)

    assert changes == {"secretType": True}


def test_leaving_out_a_warehouse_size_replaces() -> None:
    account = ScriptedAccount({'SHOW PARAMETERS IN WAREHOUSE "W"': []})
    olds = checked("Warehouse", name="W", warehouseSize="XSMALL")

    difference = kind("Warehouse").diff(account, "W", olds, checked("Warehouse", name="W"))

    assert difference.replaces == ["warehouseSize"]


def test_the_present_password_is_no_error() -> None:
    prior = SnowflakeError(
        3002, "28P01", "New password rejected by current password policy. Reason: 'PRIOR_USE'."
    )
    account = ScriptedAccount({**READ_USER, "ALTER USER \"U\" SET PASSWORD = 'p'": prior})

    kind("User").update(account, "U", checked("User", name="U"), checked("User", name="U", password="p"))

    assert account.written() == ["ALTER USER \"U\" SET PASSWORD = 'p'"]


def test_a_plan_with_parameters_asks_once_and_the_update_uses_the_answer() -> None:
    inherited = [rows.parameter("MAX_CONCURRENCY_LEVEL", "8", "ACCOUNT")]
    account = ScriptedAccount(
        {'SHOW PARAMETERS IN WAREHOUSE "W"': inherited, "SHOW WAREHOUSES LIKE 'W'": rows.warehouse()}
    )
    resource, olds = kind("Warehouse"), checked("Warehouse", name="W", maxConcurrencyLevel=8)

    # The value is right, but inherited: it has to be set on the warehouse itself.
    assert resource.diff(account, "W", olds, olds).changes == {"maxConcurrencyLevel": False}
    resource.update(account, "W", olds, olds)

    assert account.statements == [
        'SHOW PARAMETERS IN WAREHOUSE "W"',
        'ALTER WAREHOUSE "W" SET MAX_CONCURRENCY_LEVEL = 8',
        "SHOW WAREHOUSES LIKE 'W'",
        'SHOW PARAMETERS IN WAREHOUSE "W"',
    ]


def test_a_preview_knows_what_stays() -> None:
    olds = {**checked("ComputePool", **POOL), "fullyQualifiedName": '"P"', "showOutputs": [{"state": "IDLE"}]}
    news = checked("ComputePool", **POOL, comment="c")
    resource = kind("ComputePool")

    commented = resource.planned(olds, news, {"comment": False})
    assert (commented["showOutputs"], commented["fullyQualifiedName"]) == (UNKNOWN, '"P"')
    assert resource.planned(olds, news, {"name": False})["fullyQualifiedName"] == UNKNOWN
    assert resource.planned(olds, news, {"backupInstanceFamilies": False})["showOutputs"] == [
        {"state": "IDLE"}
    ]
    assert resource.planned({}, news, {})["fullyQualifiedName"] == UNKNOWN
