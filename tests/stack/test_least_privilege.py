"""Every privilege that the program grants is needed: without it `up` ends with an error.

Those that the notebook needs later are in test_notebook_privileges.py.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator
from typing import Any

import pytest

from tests.stack.conftest import Deployment
from tests.stack.program_copy import PREFIX, Copy, copied
from tests.stack.test_notebook_privileges import NEEDED_BY_NOTEBOOK

pytestmark = pytest.mark.docker

ON_SCHEMA = "Insufficient privileges to operate on schema 'PUBLIC'"
UNKNOWN = "does not exist or not authorized"
ROLE_REFUSED = "Insufficient privileges|not granted to this user"
# By the line of the program before which all is deployed: for each grant (resource, privilege) that the rest
# of the program needs, what `up` says without it.
NEEDED_BY_UP = {
    "storage = ": {
        ("identity-owner-sysadmin", "ROLE"): ROLE_REFUSED,
        (
            "identity-notebook-owner",
            "ROLE",
        ): f"{ROLE_REFUSED}|not authorized",
        # The owner role has these two from the notebook's.
        ("database-notebook", "USAGE"): UNKNOWN,
        ("database-schema-notebook", "USAGE"): "must have USAGE granted on SCHEMA",
        ("database-schema-owner", "CREATE STAGE"): ON_SCHEMA,
        ("database-schema-owner", "CREATE SECRET"): ON_SCHEMA,
        ("database-schema-owner", "CREATE IMAGE REPOSITORY"): "Insufficient privileges to operate on schema",
    },
    "milvus = ": {
        ("database-schema-notebook", "CREATE SERVICE"): ON_SCHEMA,
        ("milvus-pool-owner", "USAGE"): f"'{PREFIX}_MILVUS_COMPUTE_POOL' {UNKNOWN}",
    },
    "guest = ": {
        ("jupyter-pool-notebook", "USAGE"): f"'{PREFIX}_JUPYTER_COMPUTE_POOL' {UNKNOWN}",
        ("warehouse-notebook", "USAGE"): f"'{PREFIX}_MILVUS_WAREHOUSE' {UNKNOWN}",
        ("egress-notebook", "USAGE"): f"'{PREFIX}_MILVUS_EGRESS_EAI' {UNKNOWN}",
        ("identity-notebook-endpoints", "BIND SERVICE ENDPOINT"): "BIND SERVICE ENDPOINT",
    },
}
CASES = {grant: line for line, grants in NEEDED_BY_UP.items() for grant in grants}


@pytest.fixture(scope="module")
def copy(deployed: Deployment, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Copy]:
    """The program with all that can be granted, deployed by a user without secondary roles.

    Otherwise privileges of the administrator's other roles would fill in for what the owner role lacks.
    """
    password = secrets.token_urlsafe()
    deployed.sql(
        f"CREATE USER ROBOT PASSWORD = '{password}' DEFAULT_ROLE = ACCOUNTADMIN DEFAULT_SECONDARY_ROLES = ()"
    )
    deployed.sql("GRANT ROLE ACCOUNTADMIN TO USER ROBOT")
    with copied(deployed, tmp_path_factory.mktemp("without")) as found:
        found.configure("sharedComputePool", False)
        found.configure("egressHosts", ["example.com"])
        found.environment |= {"SNOWFLAKE_USER": "ROBOT", "SNOWFLAKE_PASSWORD": password}
        yield found
    deployed.sql("DROP USER ROBOT")


def test_no_grant_is_forgotten_here(copy: Copy) -> None:
    code, output = copy.pulumi("preview", "--json", "--show-sames")
    assert code == 0, output
    states = [step["newState"] for step in json.loads(output[output.index("{") :])["steps"]]
    assert {grant for state in states for grant in _grants(state)} == {*CASES, *NEEDED_BY_NOTEBOOK}


@pytest.mark.parametrize("grant", CASES, ids="|".join)
def test_up_fails_without(copy: Copy, deployed: Deployment, grant: tuple[str, str]) -> None:
    with copy.restored():
        program = copy.folder / "__main__.py"
        begin, line, _ = program.read_text().partition(f"\n{CASES[grant]}")
        assert line, f"__main__.py has no line that begins with {CASES[grant]!r}"
        program.write_text(begin)
        code, output = copy.up()
        assert code == 0, output
    with deployed.without(_what_is_granted(copy, *grant)):
        code, output = copy.up()
    assert code != 0, output
    expected = NEEDED_BY_UP[CASES[grant]][grant]
    assert any(text in output for text in expected.split("|")), output


def _what_is_granted(copy: Copy, name: str, privilege: str) -> str:
    """The statement after REVOKE that takes back one privilege of a grant that is deployed."""
    _, output = copy.pulumi("stack", "export")
    resources = json.loads(output)["deployment"]["resources"]
    (inputs,) = [item["inputs"] for item in resources if item["urn"].rpartition("::")[2] == name]
    if privilege == "ROLE":
        return f"ROLE {inputs['roleName']} FROM ROLE {inputs['parentRoleName']}"
    if "onSchema" in inputs:
        place = f"SCHEMA {inputs['onSchema']['schemaName']}"
    elif "onAccountObject" in inputs:
        place = f"{inputs['onAccountObject']['objectType']} {inputs['onAccountObject']['objectName']}"
    else:
        place = "ACCOUNT"
    return f"{privilege} ON {place} FROM ROLE {inputs['accountRoleName']}"


def _grants(state: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Each privilege that a resource grants."""
    name, inputs = state["urn"].rpartition("::")[2], state.get("inputs", {})
    for privilege in inputs.get("privileges", ()):
        yield name, privilege
    if state["type"] == "snowflake:index/grantAccountRole:GrantAccountRole":
        yield name, "ROLE"
    # The statement is known only when the service is.
    if name in ("notebook-service-people", "milvus-service-notebook"):
        yield name, "SERVICE ROLE"
