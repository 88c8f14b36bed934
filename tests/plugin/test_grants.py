"""Grants of privileges, ownership and roles: targets, ids, updates, and what SHOW GRANTS means."""

from __future__ import annotations

from typing import Any

import pytest

from standins.snowflake_plugin.errors import PluginError, SnowflakeError
from tests.plugin.account import MISSING, Answer, ScriptedAccount, checked, kind

ROLE = {"accountRoleName": "R"}
TARGETS: list[tuple[dict[str, Any], str, str, str]] = [
    ({"onAccount": True}, "ACCOUNT", "OnAccount", "SHOW GRANTS ON ACCOUNT"),
    (
        {"onAccountObject": {"objectType": "COMPUTE POOL", "objectName": "P"}},
        'COMPUTE POOL "P"',
        'OnAccountObject|COMPUTE POOL|"P"',
        'SHOW GRANTS ON COMPUTE POOL "P"',
    ),
    (
        {"onSchema": {"schemaName": "D.S"}},
        'SCHEMA "D"."S"',
        'OnSchema|OnSchema|"D"."S"',
        'SHOW GRANTS ON SCHEMA "D"."S"',
    ),
    (
        {"onSchema": {"allSchemasInDatabase": "D"}},
        'ALL SCHEMAS IN DATABASE "D"',
        'OnSchema|OnAllSchemasInDatabase|"D"',
        "",
    ),
    (
        {"onSchema": {"futureSchemasInDatabase": "D"}},
        'FUTURE SCHEMAS IN DATABASE "D"',
        'OnSchema|OnFutureSchemasInDatabase|"D"',
        'SHOW FUTURE GRANTS IN DATABASE "D"',
    ),
    (
        {"onSchemaObject": {"objectType": "image repository", "objectName": '"D"."S"."N"'}},
        'IMAGE REPOSITORY "D"."S"."N"',
        'OnSchemaObject|OnObject|IMAGE REPOSITORY|"D"."S"."N"',
        'SHOW GRANTS ON IMAGE REPOSITORY "D"."S"."N"',
    ),
    (
        {"onSchemaObject": {"all": {"objectTypePlural": "TABLES", "inDatabase": "D"}}},
        'ALL TABLES IN DATABASE "D"',
        'OnSchemaObject|OnAll|TABLES|InDatabase|"D"',
        "",
    ),
    (
        {"onSchemaObject": {"future": {"objectTypePlural": "image repositories", "inSchema": "D.S"}}},
        'FUTURE IMAGE REPOSITORIES IN SCHEMA "D"."S"',
        'OnSchemaObject|OnFuture|IMAGE REPOSITORIES|InSchema|"D"."S"',
        'SHOW FUTURE GRANTS IN SCHEMA "D"."S"',
    ),
]


@pytest.mark.parametrize(("on", "target", "key", "show"), TARGETS, ids=[case[2] for case in TARGETS])
def test_target_in_sql_in_the_id_and_back(on: dict[str, Any], target: str, key: str, show: str) -> None:
    account, resource = ScriptedAccount(), kind("GrantPrivilegesToAccountRole")
    inputs = checked("GrantPrivilegesToAccountRole", **ROLE, privileges=["USAGE"], **on)

    resource_id, _ = resource.create(account, inputs)

    assert account.statements == [f'GRANT USAGE ON {target} TO ROLE "R"']
    assert resource_id == f'"R"|false|false|USAGE|{key}'
    answers: dict[str, Answer] = {"SHOW ROLES LIKE 'R'": [{"name": "R"}], show: [grant(on, show)]}
    reader = ScriptedAccount(answers)
    state = resource.read(reader, resource_id, {})
    assert state is not None
    assert show == "" or reader.statements[-1] == show
    assert resource.diff(reader, resource_id, state, inputs).changes == {}
    resource.delete(account, resource_id, state)
    assert account.statements[-1] == f'REVOKE USAGE ON {target} FROM ROLE "R"'


def grant(on: dict[str, Any], show: str, **columns: Any) -> dict[str, Any]:
    """A row of SHOW GRANTS, or of SHOW FUTURE GRANTS."""
    block = next(iter(on.values()))
    kinds = {"onAccount": "ACCOUNT", "onSchema": "SCHEMA"}
    found = kinds.get(next(iter(on))) or (
        "IMAGE_REPOSITORY" if "image" in str(block) else str(block.get("objectType", "")).replace(" ", "_")
    )
    names = ("grant_on", "grant_to") if "FUTURE" in show else ("granted_on", "granted_to")
    row = {
        "privilege": "USAGE",
        names[0]: found,
        names[1]: "ROLE",
        "grantee_name": "R",
        "grant_option": "false",
    }
    return {**row, **({} if "FUTURE" in show else {"granted_by": "SYSADMIN"}), **columns}


POOL = {"onAccountObject": {"objectType": "COMPUTE POOL", "objectName": "P"}}
SHOW = 'SHOW GRANTS ON COMPUTE POOL "P"'


@pytest.mark.parametrize(
    "columns",
    [
        {"grantee_name": "r"},
        {"granted_to": "USER"},
        {"granted_on": "WAREHOUSE"},
        {"grant_option": "true"},
        {"granted_by": ""},
        {"privilege": "MONITOR"},
    ],
)
def test_rows_of_others_do_not_count(columns: dict[str, Any]) -> None:
    account = ScriptedAccount(
        {"SHOW ROLES LIKE 'R'": [{"name": "R"}], SHOW: [{**grant(POOL, SHOW), **columns}]}
    )
    state = checked("GrantPrivilegesToAccountRole", **ROLE, privileges=["USAGE"], **POOL)

    read = kind("GrantPrivilegesToAccountRole").read(account, "id", state)

    assert read is not None
    assert read["privileges"] == []


@pytest.mark.parametrize(
    "answers", [{"SHOW ROLES LIKE 'R'": []}, {"SHOW ROLES LIKE 'R'": [{"name": "R"}], SHOW: MISSING}]
)
def test_grants_go_with_their_role_and_their_target(answers: dict[str, Answer]) -> None:
    state = checked("GrantPrivilegesToAccountRole", **ROLE, privileges=["USAGE"], **POOL)

    assert kind("GrantPrivilegesToAccountRole").read(ScriptedAccount(answers), "id", state) is None


@pytest.mark.parametrize(
    ("before", "after", "statements"),
    [
        (
            ["USAGE"],
            ["USAGE", "MONITOR"],
            [
                'REVOKE GRANT OPTION FOR MONITOR ON COMPUTE POOL "P" FROM ROLE "R"',
                'GRANT MONITOR ON COMPUTE POOL "P" TO ROLE "R"',
            ],
        ),
        (["USAGE", "MONITOR"], ["USAGE"], ['REVOKE MONITOR ON COMPUTE POOL "P" FROM ROLE "R"']),
        (
            None,
            ["USAGE"],
            [
                'REVOKE ALL PRIVILEGES ON COMPUTE POOL "P" FROM ROLE "R"',
                'REVOKE GRANT OPTION FOR USAGE ON COMPUTE POOL "P" FROM ROLE "R"',
                'GRANT USAGE ON COMPUTE POOL "P" TO ROLE "R"',
            ],
        ),
        (["USAGE"], None, ['GRANT ALL PRIVILEGES ON COMPUTE POOL "P" TO ROLE "R"']),
    ],
)
def test_changed_privileges(before: list[str] | None, after: list[str] | None, statements: list[str]) -> None:
    def inputs(privileges: list[str] | None) -> dict[str, Any]:
        given = {"privileges": privileges} if privileges else {"allPrivileges": True}
        return checked("GrantPrivilegesToAccountRole", **ROLE, **given, **POOL)

    account = ScriptedAccount()
    kind("GrantPrivilegesToAccountRole").update(account, "id", inputs(before), inputs(after))

    assert account.statements == statements


def test_all_privileges_may_be_granted_in_part() -> None:
    partly = SnowflakeError(3011, "42501", "Grant partially executed: privileges [X] not granted.")
    account = ScriptedAccount({'GRANT ALL PRIVILEGES ON COMPUTE POOL "P" TO ROLE "R"': partly})

    kind("GrantPrivilegesToAccountRole").create(
        account, checked("GrantPrivilegesToAccountRole", **ROLE, allPrivileges=True, **POOL)
    )


def test_always_apply_always_differs() -> None:
    inputs = checked("GrantPrivilegesToAccountRole", **ROLE, allPrivileges=True, alwaysApply=True, **POOL)
    resource = kind("GrantPrivilegesToAccountRole")

    state = resource.read(ScriptedAccount(), "id", inputs)

    assert state is not None
    assert resource.diff(ScriptedAccount(), "id", state, inputs).changes == {"alwaysApplyTrigger": False}


def test_revoking_what_is_gone_is_no_error() -> None:
    account = ScriptedAccount({'REVOKE USAGE ON COMPUTE POOL "P" FROM ROLE "R"': MISSING})
    state = checked("GrantPrivilegesToAccountRole", **ROLE, privileges=["USAGE"], **POOL)

    kind("GrantPrivilegesToAccountRole").delete(account, "id", state)


def test_an_id_that_cannot_be_read() -> None:
    with pytest.raises(PluginError, match="invalid id 'R'"):
        kind("GrantPrivilegesToAccountRole").read(ScriptedAccount(), "R", {})


def test_ownership() -> None:
    on = {"on": {"objectType": "IMAGE REPOSITORY", "objectName": "D.S.N"}}
    inputs = checked("GrantOwnership", **ROLE, outboundPrivileges="COPY", **on)
    resource, show = kind("GrantOwnership"), 'SHOW GRANTS ON IMAGE REPOSITORY "D"."S"."N"'
    row = {"privilege": "OWNERSHIP", "granted_on": "IMAGE_REPOSITORY", "grantee_name": "R", "granted_by": "A"}
    account = ScriptedAccount(
        {"SELECT CURRENT_ROLE() as CURRENT_ROLE": [{"CURRENT_ROLE": "ADMIN"}], show: [row]}
    )

    resource_id, state = resource.create(account, inputs)
    assert resource_id == 'ToAccountRole|"R"|COPY|OnObject|IMAGE REPOSITORY|"D"."S"."N"'
    imported = resource.read(account, resource_id, {})
    assert imported is not None
    assert resource.diff(account, resource_id, imported, inputs).changes == {}
    resource.delete(account, resource_id, state)

    assert account.written() == [
        'GRANT OWNERSHIP ON IMAGE REPOSITORY "D"."S"."N" TO ROLE "R" COPY CURRENT GRANTS',
        "SELECT CURRENT_ROLE() as CURRENT_ROLE",
        'GRANT OWNERSHIP ON IMAGE REPOSITORY "D"."S"."N" TO ROLE "ADMIN" COPY CURRENT GRANTS',
    ]
    account.answers[show] = [{**row, "grantee_name": "OTHER"}]
    assert resource.read(account, resource_id, state) is None


def test_future_ownership_is_revoked() -> None:
    on = {"on": {"future": {"objectTypePlural": "TABLES", "inSchema": "D.S"}}}
    account, inputs = ScriptedAccount(), checked("GrantOwnership", **ROLE, **on)

    resource_id, state = kind("GrantOwnership").create(account, inputs)
    kind("GrantOwnership").delete(account, resource_id, state)

    assert resource_id == 'ToAccountRole|"R"||OnFuture|TABLES|InSchema|"D"."S"'
    assert account.written()[-1] == 'REVOKE OWNERSHIP ON FUTURE TABLES IN SCHEMA "D"."S" FROM ROLE "R"'


@pytest.mark.parametrize(
    ("inputs", "resource_id", "row"),
    [
        ({"parentRoleName": "SYSADMIN"}, '"R"|ROLE|"SYSADMIN"', ("ROLE", "SYSADMIN")),
        ({"userName": "U"}, '"R"|USER|"U"', ("USER", "U")),
    ],
)
def test_role_grants(inputs: dict[str, str], resource_id: str, row: tuple[str, str]) -> None:
    account = ScriptedAccount({'SHOW GRANTS OF ROLE "R"': [{"granted_to": row[0], "grantee_name": row[1]}]})
    resource, given = kind("GrantAccountRole"), checked("GrantAccountRole", roleName="R", **inputs)

    made, state = resource.create(account, given)

    assert (made, account.statements) == (resource_id, [f'GRANT ROLE "R" TO {row[0]} "{row[1]}"'])
    imported = resource.read(account, made, {})
    assert imported is not None
    assert resource.diff(account, made, imported, given).changes == {}
    account.answers['SHOW GRANTS OF ROLE "R"'] = []
    assert resource.read(account, made, state) is None
