"""Every privilege that the program grants is needed: without it `up`, or the notebook, ends with an error."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
import snowflake.connector
from snowflake.connector import SnowflakeConnection
from snowflake.connector.errors import DatabaseError, ProgrammingError

from tests.account.conftest import wait_until
from tests.stack.conftest import Deployment
from tests.stack.program_copy import PREFIX, STACK, Copy, copied

pytestmark = pytest.mark.docker

# Grant (resource, privilege) → what `up` says without it.
NEEDED_BY_UP = {
    ("identity-owner-sysadmin", "ROLE"): "Insufficient privileges|not granted to this user",
    ("identity-notebook-owner", "ROLE"): "Insufficient privileges|not granted to this user|not authorized",
    # The owner role has these two from the notebook's.
    ("database-notebook", "USAGE"): "does not exist or not authorized",
    ("database-schema-notebook", "USAGE"): "must have USAGE granted on SCHEMA",
    ("database-schema-owner", "CREATE STAGE"): "Insufficient privileges to operate on schema 'PUBLIC'",
    ("database-schema-owner", "CREATE SECRET"): "Insufficient privileges to operate on schema 'PUBLIC'",
    ("database-schema-owner", "CREATE IMAGE REPOSITORY"): "Insufficient privileges to operate on schema",
    ("database-schema-notebook", "CREATE SERVICE"): "Insufficient privileges to operate on schema 'PUBLIC'",
    ("milvus-pool-owner", "USAGE"): f"'{PREFIX}_MILVUS_COMPUTE_POOL' does not exist or not authorized",
    ("jupyter-pool-notebook", "USAGE"): f"'{PREFIX}_JUPYTER_COMPUTE_POOL' does not exist or not authorized",
    ("warehouse-notebook", "USAGE"): f"'{PREFIX}_MILVUS_WAREHOUSE' does not exist or not authorized",
    ("egress-notebook", "USAGE"): f"'{PREFIX}_MILVUS_EGRESS_EAI' does not exist or not authorized",
    ("identity-notebook-endpoints", "BIND SERVICE ENDPOINT"): "BIND SERVICE ENDPOINT",
}
# Grants that the notebook, or who uses it, needs.
NEEDED_BY_NOTEBOOK = {
    ("identity-people-user", "ROLE"),
    ("database-people", "USAGE"),
    ("database-schema-people", "USAGE"),
    ("notebook-service-people", "SERVICE ROLE"),
    ("milvus-service-notebook", "SERVICE ROLE"),
    ("milvus-notebook-reader", "READ"),
    ("storage-repository-notebook", "READ"),
    ("storage-files-notebook", "READ"),
    ("storage-files-notebook", "WRITE"),
    ("storage-files-people", "READ"),
    ("storage-files-people", "WRITE"),
    ("warehouse-people", "USAGE"),
    ("database-schema-notebook", "CREATE TABLE"),
}
# The program, but one grant goes to a role that nobody has.
WITHOUT_ONE = """
import os, runpy
import pulumi

NAME, PRIVILEGE = os.environ["WITHOUT"].split("|")


def without(args):
    if args.name != NAME:
        return None
    props = dict(args.props)
    if PRIVILEGE == "ROLE":
        props["parent_role_name"] = "NOBODY"
    elif len(props["privileges"]) > 1:
        props["privileges"] = [one for one in props["privileges"] if one != PRIVILEGE]
    else:
        props["account_role_name"] = "NOBODY"
    return pulumi.ResourceTransformationResult(props, args.opts)


pulumi.runtime.register_stack_transformation(without)
runpy.run_path("program.py", run_name="__main__")
"""
MAKE_TABLE = """
import os, snowflake.connector
place = {"database": os.environ["SNOWFLAKE_DATABASE"], "schema": os.environ["SNOWFLAKE_SCHEMA"]}
with snowflake.connector.connect(connection_name="default", **place) as session:
    session.cursor().execute("CREATE TABLE IF NOT EXISTS LEAST_PRIVILEGE (ID INTEGER)")
"""


ANOTHER = """
spec:
  containers:
  - name: another
    image: /{image}
    secrets:
    - snowflakeSecret:
        objectName: MILVUS_DEMO.PUBLIC.MILVUS_NOTEBOOK
      directoryPath: /secrets
    volumeMounts:
    - name: files
      mountPath: /files
  volumes:
  - name: files
    source: stage
    stageConfig:
      name: "@MILVUS_DEMO.PUBLIC.FILES"
"""
REACH_MILVUS = """
import os, socket
socket.create_connection((os.environ["MILVUS_HOST"], int(os.environ["MILVUS_PORT"])), 10)
"""


@pytest.fixture(scope="module")
def copy(deployed: Deployment, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Copy]:
    """The program with all that can be granted, deployed by a user without secondary roles.

    Otherwise privileges of the administrator's other roles would fill in for what the owner role lacks.
    """
    password = secrets.token_urlsafe()
    deployed.sql("CREATE ROLE NOBODY")
    deployed.sql(
        f"CREATE USER ROBOT PASSWORD = '{password}' DEFAULT_ROLE = ACCOUNTADMIN DEFAULT_SECONDARY_ROLES = ()"
    )
    deployed.sql("GRANT ROLE ACCOUNTADMIN TO USER ROBOT")
    with copied(deployed, tmp_path_factory.mktemp("without")) as found:
        (found.folder / "__main__.py").rename(found.folder / "program.py")
        (found.folder / "__main__.py").write_text(WITHOUT_ONE)
        found.configure("sharedComputePool", False)
        found.configure("egressHosts", ["example.com"])
        found.environment |= {"SNOWFLAKE_USER": "ROBOT", "SNOWFLAKE_PASSWORD": password, "WITHOUT": "|"}
        yield found
    deployed.sql("DROP USER ROBOT")
    deployed.sql("DROP ROLE NOBODY")


def test_no_grant_is_forgotten_here(copy: Copy) -> None:
    code, output = copy.pulumi("preview", "--json")
    assert code == 0, output
    states = [step["newState"] for step in json.loads(output[output.index("{") :])["steps"]]
    assert {grant for state in states for grant in _grants(state)} == {*NEEDED_BY_UP, *NEEDED_BY_NOTEBOOK}


@pytest.mark.parametrize("grant", NEEDED_BY_UP, ids="|".join)
def test_up_fails_without(copy: Copy, grant: tuple[str, str]) -> None:
    copy.environment["WITHOUT"] = "|".join(grant)
    code, output = copy.up()
    assert code != 0, output
    assert any(text in output for text in NEEDED_BY_UP[grant].split("|")), output
    code, output = copy.pulumi("destroy", "--yes", "--skip-preview", "--stack", STACK)
    assert code == 0, output


@contextmanager
def without(deployed: Deployment, what: str, role: str = "ACCOUNTADMIN") -> Iterator[None]:
    """The deployed stack, with one thing revoked for a while."""
    deployed.sql(f"REVOKE {what}", role)
    try:
        yield
    finally:
        deployed.sql(f"GRANT {what.replace(' FROM ', ' TO ')}", role)


@pytest.mark.parametrize(
    ("revoked", "role"),
    [
        ("USAGE ON DATABASE MILVUS_DEMO FROM ROLE MILVUS_ROLE", "ACCOUNTADMIN"),
        ("USAGE ON SCHEMA MILVUS_DEMO.PUBLIC FROM ROLE MILVUS_ROLE", "ACCOUNTADMIN"),
        (
            "SERVICE ROLE MILVUS_DEMO.PUBLIC.JUPYTER!ALL_ENDPOINTS_USAGE FROM ROLE MILVUS_ROLE",
            "MILVUS_OWNER_ROLE",
        ),
    ],
)
def test_notebook_is_closed_without(deployed: Deployment, revoked: str, role: str) -> None:
    assert _enter(deployed).status_code == 200
    with without(deployed, revoked, role):
        answer = _enter(deployed)
        assert answer.status_code in (403, 404), answer.text
        assert "Access denied" in answer.text or "does not exist" in answer.text
    assert _enter(deployed).status_code == 200


def test_user_cannot_sign_in_without(deployed: Deployment) -> None:
    with (
        without(deployed, "ROLE MILVUS_ROLE FROM USER MILVUS_USER"),
        pytest.raises(DatabaseError, match="default role 'MILVUS_ROLE' is not granted to this user"),
    ):
        _as_user(deployed)
    _as_user(deployed).close()


@pytest.mark.parametrize(
    ("revoked", "statement", "expected"),
    [
        # WRITE is revoked before or together with READ.
        ("READ, WRITE ON STAGE MILVUS_DEMO.PUBLIC.FILES", "LIST @MILVUS_DEMO.PUBLIC.FILES", "not authorized"),
        ("WRITE ON STAGE MILVUS_DEMO.PUBLIC.FILES", "REMOVE @MILVUS_DEMO.PUBLIC.FILES/none", "Insufficient"),
        ("USAGE ON WAREHOUSE MILVUS_WAREHOUSE", "USE WAREHOUSE MILVUS_WAREHOUSE", "does not exist"),
    ],
)
def test_notebooks_user_cannot_go_on_without(
    deployed: Deployment, revoked: str, statement: str, expected: str
) -> None:
    with _as_user(deployed) as session:
        session.cursor().execute(statement)
        revoking = without(deployed, f"{revoked} FROM ROLE MILVUS_ROLE")
        with revoking, pytest.raises(ProgrammingError, match=expected):
            session.cursor().execute(statement)
        session.cursor().execute(statement)


def test_notebook_cannot_make_its_table_without(deployed: Deployment) -> None:
    assert _in_notebook(deployed, MAKE_TABLE) == ""
    deployed.sql("DROP TABLE MILVUS_DEMO.PUBLIC.LEAST_PRIVILEGE")
    with without(deployed, "CREATE TABLE ON SCHEMA MILVUS_DEMO.PUBLIC FROM ROLE MILVUS_NOTEBOOK_ROLE"):
        assert "Insufficient privileges to operate on schema" in _in_notebook(deployed, MAKE_TABLE)


@pytest.mark.parametrize(
    ("revoked", "missing"),
    [
        ("READ ON SECRET MILVUS_DEMO.PUBLIC.MILVUS_NOTEBOOK", "secret"),
        ("READ ON IMAGE REPOSITORY MILVUS_DEMO.PUBLIC.MILVUS_REPO", "image_repository"),
        ("READ, WRITE ON STAGE MILVUS_DEMO.PUBLIC.FILES", "stage"),
    ],
)
def test_notebook_cannot_be_made_without(deployed: Deployment, revoked: str, missing: str) -> None:
    image = deployed.outputs()["images"]["jupyter"].partition("@")[0].partition("/")[2]
    statement = (
        "CREATE SERVICE MILVUS_DEMO.PUBLIC.ANOTHER IN COMPUTE POOL JUPYTER_COMPUTE_POOL "
        f"FROM SPECIFICATION $${ANOTHER.format(image=image)}$$"
    )
    role = "MILVUS_NOTEBOOK_ROLE"
    refused = pytest.raises(ProgrammingError, match=f"Insufficient privileges to operate on {missing}")
    with without(deployed, f"{revoked} FROM ROLE {role}", "MILVUS_OWNER_ROLE"), refused:
        deployed.sql(statement, role)
    deployed.sql(statement, role)
    deployed.sql("DROP SERVICE MILVUS_DEMO.PUBLIC.ANOTHER FORCE", role)


def test_notebook_cannot_reach_milvus_without(deployed: Deployment) -> None:
    assert _in_notebook(deployed, REACH_MILVUS) == ""
    role = "SERVICE ROLE MILVUS_DEMO.PUBLIC.MILVUS!ALL_ENDPOINTS_USAGE FROM ROLE MILVUS_NOTEBOOK_ROLE"
    with without(deployed, role, "MILVUS_OWNER_ROLE"):
        assert wait_until(lambda: "Error" in _in_notebook(deployed, REACH_MILVUS))
    assert wait_until(lambda: _in_notebook(deployed, REACH_MILVUS) == "")


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


def _as_user(deployed: Deployment) -> SnowflakeConnection:
    return snowflake.connector.connect(
        account=deployed.settings.locator,
        host="localhost",
        port=deployed.settings.port,
        protocol="http",
        user="MILVUS_USER",
        password=deployed.outputs()["userPassword"],
    )


def _enter(deployed: Deployment) -> requests.Response:
    """The notebook's first page, asked for with a session token of its user."""
    address = urlsplit(deployed.outputs()["notebookUrl"])
    with _as_user(deployed) as session:
        headers = {"Authorization": f'Snowflake Token="{session.rest.token}"', "Host": address.netloc}
        # Browsers know that names under localhost are this machine; Python's resolver may not.
        return requests.get(f"http://localhost:{address.port}", headers=headers, timeout=30)


def _in_notebook(deployed: Deployment, code: str) -> str:
    """Last line of what went wrong in a program that prints nothing by itself; '' when all went well."""
    lines = deployed.in_notebook(code).strip().splitlines()
    return lines[-1] if lines else ""
