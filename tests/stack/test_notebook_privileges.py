"""Every privilege of the notebook, and of those who use it, is needed: each is taken away for a while."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest
import requests
import snowflake.connector
from snowflake.connector import SnowflakeConnection
from snowflake.connector.errors import DatabaseError, ProgrammingError

from tests.account.conftest import wait_until
from tests.stack.conftest import Deployment

pytestmark = pytest.mark.docker

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
    with deployed.without(revoked, role):
        answer = _enter(deployed)
        assert answer.status_code in (403, 404), answer.text
        assert "Access denied" in answer.text or "does not exist" in answer.text
    assert _enter(deployed).status_code == 200


def test_user_cannot_sign_in_without(deployed: Deployment) -> None:
    with (
        deployed.without("ROLE MILVUS_ROLE FROM USER MILVUS_USER"),
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
        revoking = deployed.without(f"{revoked} FROM ROLE MILVUS_ROLE")
        with revoking, pytest.raises(ProgrammingError, match=expected):
            session.cursor().execute(statement)
        session.cursor().execute(statement)


def test_notebook_cannot_make_its_table_without(deployed: Deployment) -> None:
    assert _in_notebook(deployed, MAKE_TABLE) == ""
    deployed.sql("DROP TABLE MILVUS_DEMO.PUBLIC.LEAST_PRIVILEGE")
    with deployed.without("CREATE TABLE ON SCHEMA MILVUS_DEMO.PUBLIC FROM ROLE MILVUS_NOTEBOOK_ROLE"):
        assert "Insufficient privileges to operate on schema" in _in_notebook(deployed, MAKE_TABLE)


@pytest.mark.parametrize(
    ("revoked", "missing"),
    [
        ("READ ON SECRET MILVUS_DEMO.PUBLIC.MILVUS_NOTEBOOK", "privileges to operate on secret"),
        ("READ ON IMAGE REPOSITORY MILVUS_DEMO.PUBLIC.MILVUS_REPO", "MILVUS_REPO' does not exist"),
        ("READ, WRITE ON STAGE MILVUS_DEMO.PUBLIC.FILES", "privileges to operate on stage"),
    ],
)
def test_notebook_cannot_be_made_without(deployed: Deployment, revoked: str, missing: str) -> None:
    image = deployed.outputs()["images"]["jupyter"].partition("@")[0].partition("/")[2]
    statement = (
        "CREATE SERVICE MILVUS_DEMO.PUBLIC.ANOTHER IN COMPUTE POOL JUPYTER_COMPUTE_POOL "
        f"FROM SPECIFICATION $${ANOTHER.format(image=image)}$$"
    )
    role = "MILVUS_NOTEBOOK_ROLE"
    refused = pytest.raises(ProgrammingError, match=missing)
    with deployed.without(f"{revoked} FROM ROLE {role}", "MILVUS_OWNER_ROLE"), refused:
        deployed.sql(statement, role)
    deployed.sql(statement, role)
    deployed.sql("DROP SERVICE MILVUS_DEMO.PUBLIC.ANOTHER FORCE", role)


def test_notebook_cannot_reach_milvus_without(deployed: Deployment) -> None:
    assert _in_notebook(deployed, REACH_MILVUS) == ""
    role = "SERVICE ROLE MILVUS_DEMO.PUBLIC.MILVUS!ALL_ENDPOINTS_USAGE FROM ROLE MILVUS_NOTEBOOK_ROLE"
    with deployed.without(role, "MILVUS_OWNER_ROLE"):
        assert wait_until(lambda: "Error" in _in_notebook(deployed, REACH_MILVUS))
    assert wait_until(lambda: _in_notebook(deployed, REACH_MILVUS) == "")


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
