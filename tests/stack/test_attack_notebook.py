"""What code in the notebook can do to the rest of the stack: nothing but use it.

Everyone who may enter the notebook may run any program in it, with the session of the service.
"""

from __future__ import annotations

import json
from urllib.parse import urlsplit

import pytest
import requests
import snowflake.connector

from tests.stack.conftest import Deployment

pytestmark = pytest.mark.docker

PLACE = "MILVUS_DEMO.PUBLIC"
THIEF = """
spec:
  containers:
  - name: thief
    image: /milvus_demo/public/milvus_repo/{image}
    command: [sleep, "60"]
    secrets:
    - snowflakeSecret:
        objectName: MILVUS_DEMO.PUBLIC.{secret}
      directoryPath: /secrets
"""
NOT_FOUND, INSUFFICIENT = "does not exist or not authorized", "Insufficient privileges"
REFUSED = NOT_FOUND, INSUFFICIENT, "is not assigned to the executing user", "Requested role", "must have"
# What the session of the notebook's service is refused.
STATEMENTS = [
    # Milvus, its data and its root password
    f"DROP SERVICE {PLACE}.MILVUS",
    f"ALTER SERVICE {PLACE}.MILVUS SUSPEND",
    f"ALTER SERVICE {PLACE}.MILVUS SET MIN_INSTANCES = 0",
    f"ALTER SERVICE {PLACE}.MILVUS FROM SPECIFICATION $${THIEF}$$",
    f'ALTER SERVICE {PLACE}.MILVUS RESTORE VOLUME "data" INSTANCES 0 FROM SNAPSHOT {PLACE}.S',
    f'CREATE SNAPSHOT {PLACE}.STOLEN FROM SERVICE {PLACE}.MILVUS VOLUME "data" INSTANCE 0',
    f"SELECT SYSTEM$GET_SERVICE_LOGS('{PLACE}.MILVUS', '0', 'milvus', 10)",
    f"CREATE SERVICE {PLACE}.THIEF IN COMPUTE POOL JUPYTER_COMPUTE_POOL FROM SPECIFICATION $${THIEF}$$",
    f"EXECUTE JOB SERVICE IN COMPUTE POOL JUPYTER_COMPUTE_POOL NAME = {PLACE}.THIEF "
    f"FROM SPECIFICATION $${THIEF}$$",
    f"CREATE SERVICE {PLACE}.THIEF IN COMPUTE POOL MILVUS_COMPUTE_POOL FROM SPECIFICATION $${THIEF}$$",
    f"ALTER SECRET {PLACE}.MILVUS_ROOT SET PASSWORD = 'known'",
    f"ALTER SECRET {PLACE}.MILVUS_NOTEBOOK SET PASSWORD = 'known'",
    f"DESCRIBE SECRET {PLACE}.MILVUS_ROOT",
    f"DROP SECRET {PLACE}.MILVUS_NOTEBOOK",
    f"GRANT SERVICE ROLE {PLACE}.MILVUS!ALL_ENDPOINTS_USAGE TO ROLE PUBLIC",
    # Images, files, other objects of the stack
    f"DROP IMAGE REPOSITORY {PLACE}.MILVUS_REPO",
    f"GRANT WRITE ON IMAGE REPOSITORY {PLACE}.MILVUS_REPO TO ROLE MILVUS_NOTEBOOK_ROLE",
    f"DROP STAGE {PLACE}.FILES",
    f"LIST @{PLACE}.DATA",
    f"LIST @{PLACE}.YAML_STAGE",
    f"CREATE STAGE {PLACE}.MINE",
    f"CREATE SECRET {PLACE}.MINE TYPE = GENERIC_STRING SECRET_STRING = 'x'",
    "ALTER COMPUTE POOL MILVUS_COMPUTE_POOL STOP ALL",
    "ALTER COMPUTE POOL JUPYTER_COMPUTE_POOL SET MAX_NODES = 10",
    "DROP COMPUTE POOL JUPYTER_COMPUTE_POOL",
    "ALTER WAREHOUSE MILVUS_WAREHOUSE SET WAREHOUSE_SIZE = 'X6LARGE'",
    "DROP DATABASE MILVUS_DEMO",
    f"DROP SCHEMA {PLACE}",
    "CREATE DATABASE LOOT",
    # A way out of the account
    f"CREATE NETWORK RULE {PLACE}.OUT TYPE = HOST_PORT MODE = EGRESS VALUE_LIST = ('example.com')",
    "CREATE EXTERNAL ACCESS INTEGRATION OUT ALLOWED_NETWORK_RULES = () ENABLED = TRUE",
    # More rights
    "USE ROLE MILVUS_OWNER_ROLE",
    "USE ROLE ACCOUNTADMIN",
    "USE ROLE MILVUS_ROLE",
    "GRANT ROLE MILVUS_OWNER_ROLE TO ROLE MILVUS_NOTEBOOK_ROLE",
    "GRANT ROLE MILVUS_ROLE TO ROLE PUBLIC",
    f"GRANT READ ON SECRET {PLACE}.MILVUS_ROOT TO ROLE MILVUS_NOTEBOOK_ROLE",
    f"GRANT OWNERSHIP ON STAGE {PLACE}.DATA TO ROLE MILVUS_NOTEBOOK_ROLE",
    "GRANT BIND SERVICE ENDPOINT ON ACCOUNT TO ROLE PUBLIC",
    "CREATE ROLE MINE",
    "CREATE USER MINE PASSWORD = 'Known-password-1'",
    "ALTER USER MILVUS_USER SET PASSWORD = 'Known-password-1'",
    "ALTER USER ADMIN SET DISABLED = TRUE",
    "ALTER USER MILVUS_USER ADD PROGRAMMATIC ACCESS TOKEN MINE",
    "ALTER ACCOUNT SET NETWORK_POLICY = NOBODY",
]
RUN = """
import json, sys, snowflake.connector
place = {"database": "MILVUS_DEMO", "schema": "PUBLIC"}
found = {}
with snowflake.connector.connect(connection_name="default", **place) as session:
    for statement in json.loads(STATEMENTS):
        try:
            session.cursor().execute(statement)
            found[statement] = ["done", ""]
        except snowflake.connector.errors.Error as error:
            found[statement] = ["refused", str(error)]
print(json.dumps(found))
"""


def run(deployed: Deployment, statements: list[str]) -> dict[str, tuple[str, str]]:
    """What came of statements in the notebook's session: `done`, or `refused` and why."""
    output = deployed.in_notebook(f"STATEMENTS = {json.dumps(statements)!r}\n{RUN}")
    return json.loads(output.strip().splitlines()[-1])


def test_the_session_of_the_notebook_is_refused_what_is_not_the_notebooks(deployed: Deployment) -> None:
    image = deployed.outputs()["images"]["jupyter"].partition("@")[0].rpartition("/")[2]
    filled = [one.format(image=image, secret="MILVUS_ROOT") if "thief" in one else one for one in STATEMENTS]
    answers = run(deployed, filled)
    assert answers.keys() == set(filled)
    for statement, (outcome, text) in answers.items():
        assert outcome == "refused", statement
        assert any(reason in text for reason in REFUSED), (statement, text)


IN_MILVUS = """
import json
from milvus_demo import connect
milvus, found = connect(), {}
for name, call in {
    "list users": lambda: milvus.list_users(),
    "describe root": lambda: milvus.describe_user("root"),
    "drop root": lambda: milvus.drop_user("root"),
    "make a user": lambda: milvus.create_user("thief", "Known-password-1"),
    "root's password": lambda: milvus.update_password("root", "", "Known-password-1"),
    "become admin": lambda: milvus.grant_role("notebook", "admin"),
    "make a role": lambda: milvus.create_role("thieves"),
    "grant all": lambda: milvus.grant_privilege("notebook", "Global", "All", "*"),
    "drop the database": lambda: milvus.drop_database("default"),
}.items():
    try:
        found[name] = f"done {call()}"
    except Exception as error:
        found[name] = str(error)
print(json.dumps(found))
"""


def test_the_notebooks_user_of_milvus_is_no_administrator(deployed: Deployment) -> None:
    answers = json.loads(deployed.in_notebook(IN_MILVUS).strip().splitlines()[-1])
    for name, text in answers.items():
        assert "permission deny" in text.lower() or "not allow" in text, (name, text)


PLANT = """
for name in ("hostile.html", "hostile.svg"):
    with open(f"/workspace/{name}", "w") as file:
        file.write("<svg xmlns='http://www.w3.org/2000/svg'><script>fetch('/api/contents')</script></svg>")
"""


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/files/hostile.html", 200),
        ("/files/hostile.svg", 200),
        ("/nbconvert/html/TestMilvus.ipynb", 200),
        ("/files/..%2f..%2fsecrets/milvus/password", 403),
        ("/files/%2e%2e/%2e%2e/secrets/milvus/password", 403),
        ("/api/contents/..%2fsecrets", 404),
        ("/api/terminals", 404),
    ],
)
def test_hostile_files_run_in_a_sandbox_and_stay_in_their_folder(
    deployed: Deployment, path: str, status: int
) -> None:
    assert deployed.in_notebook(PLANT) == ""
    outputs = deployed.outputs()
    address = urlsplit(outputs["notebookUrl"])
    connection = snowflake.connector.connect(
        account=deployed.settings.locator, host="localhost", port=deployed.settings.port, protocol="http",
        user=outputs["userName"], password=outputs["userPassword"],
    )  # fmt: skip
    with connection:
        headers = {"Authorization": f'Snowflake Token="{connection.rest.token}"', "Host": address.netloc}
        page = {"Referer": f"http://{address.netloc}/lab"}
        url = f"http://localhost:{address.port}{path}"
        answer = requests.get(url, headers={**headers, **page}, timeout=30)
        foreign = requests.get(url, headers=headers, timeout=30)
    assert answer.status_code == status
    if path.startswith(("/files/", "/nbconvert/")):
        # A document in a sandbox without allow-same-origin has an origin of its own: no cookies, no API.
        policy = answer.headers["Content-Security-Policy"]
        assert "sandbox allow-scripts" in policy and "allow-same-origin" not in policy
        assert foreign.status_code == 403
    assert "root:" not in answer.text
