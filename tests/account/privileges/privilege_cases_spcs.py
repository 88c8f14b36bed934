"""The table of statements about services, jobs and images with their privileges.

Privileges as on the page of each statement, under "Access control requirements"; see for example
https://docs.snowflake.com/en/sql-reference/sql/create-service
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from tests.account.privileges.privilege_table import ABSENT, EMPTY, FORBIDDEN, OWNER, Case
from tests.account.spcs_world import DATABASE as SHARED

DB, S = "PS", "PS.S"
POOL, SV = "PS_POOL", f"{S}.SV"
USE_DB, USE_S = f"USAGE ON DATABASE {DB}", f"USAGE ON SCHEMA {S}"
PLACE = {USE_DB: ABSENT, USE_S: ABSENT}
OWN = f"ROLE {OWNER}"
IMAGE = f"/{SHARED}/public/images/python:1".lower()
"""In a repository of another database than the services: where an image lies is checked of its own."""
PULL = {
    f"USAGE ON DATABASE {SHARED}": ABSENT,
    f"USAGE ON SCHEMA {SHARED}.PUBLIC": ABSENT,
    f"READ ON IMAGE REPOSITORY {SHARED}.PUBLIC.IMAGES": ABSENT,
}
MAKE = {
    USE_DB: ABSENT,
    f"CREATE SERVICE ON SCHEMA {S}": FORBIDDEN,
    f"USAGE ON COMPUTE POOL {POOL}": ABSENT,
}
ON_SERVICE = f"ON SERVICE {SV}"


def spec(container: Mapping[str, object] | None = None, **parts: Any) -> str:
    """`FROM SPECIFICATION …` of one container."""
    main = {"name": "main", "image": IMAGE, **(container or {})}
    return f"FROM SPECIFICATION $${json.dumps({'spec': {'containers': [main], **parts}})}$$"


def create(name: str, source: str, needs: dict[str, int], options: str = "", *seen: str) -> Case:
    """CREATE SERVICE and what it takes besides the pool and the image."""
    return Case(
        f"CREATE SERVICE {S}.{name} IN COMPUTE POOL {POOL} {source} {options}",
        {**MAKE, **PULL, **needs},
        tuple({USE_S, *seen} - set(needs)),
        after=(f"DROP SERVICE {S}.{name} FORCE",),
    )


_USE = {"snowflakeSecret": {"objectName": f"{S}.SEC"}, "secretKeyRef": "secret_string", "envVarName": "X"}
SECRET = {"secrets": [_USE]}
MOUNT = {"volumeMounts": [{"name": "files", "mountPath": "/files"}]}
FILES: dict[str, Any] = {
    "volumes": [{"name": "files", "source": "stage", "stageConfig": {"name": f"@{S}.ST"}}]
}
PUBLIC_ENDPOINT: dict[str, Any] = {"endpoints": [{"name": "web", "port": 8000, "public": True}]}
MAKING = [
    create("PLAIN", spec(), {}),
    create("OPEN", spec(**PUBLIC_ENDPOINT), {"BIND SERVICE ENDPOINT ON ACCOUNT": FORBIDDEN}),
    create("KNOWS", spec(SECRET), {f"READ ON SECRET {S}.SEC": ABSENT, USE_S: FORBIDDEN}),
    create("USES", spec(SECRET), {f"READ ON SECRET {S}.SEC": FORBIDDEN}, "", f"USAGE ON SECRET {S}.SEC"),
    create("MOUNTS", spec(MOUNT, **FILES), {f"READ ON STAGE {S}.ST": ABSENT}),
    create(
        "STAGED", f"FROM @{S}.SPECS SPECIFICATION_FILE = 'service.yaml'", {f"READ ON STAGE {S}.SPECS": ABSENT}
    ),
    create(
        "OUT",
        spec(),
        {"USAGE ON INTEGRATION PS_EAI": ABSENT},
        "EXTERNAL_ACCESS_INTEGRATIONS = (PS_EAI)",
    ),
    create("ASKS", spec(), {"USAGE ON WAREHOUSE PS_WH": FORBIDDEN}, "QUERY_WAREHOUSE = PS_WH",
           "MONITOR ON WAREHOUSE PS_WH"),
    Case(
        f"EXECUTE JOB SERVICE IN COMPUTE POOL {POOL} NAME = {S}.JOB ASYNC = TRUE {spec()}",
        {**MAKE, **PULL},
        (USE_S,),
        after=(f"DROP SERVICE {S}.JOB FORCE",),
    ),
]  # fmt: skip


def looks(statement: str, privilege: str) -> Case:
    """A statement that takes one privilege on the service; another one lets the service be seen."""
    other = "OPERATE" if privilege != "OPERATE" else "USAGE"
    return Case(statement, {**PLACE, f"{privilege} {ON_SERVICE}": FORBIDDEN}, (f"{other} {ON_SERVICE}",))


WATCHING = [
    Case(f"DESCRIBE SERVICE {SV}", {**PLACE, f"USAGE {ON_SERVICE}": ABSENT}),
    Case(f"SHOW SERVICES IN SCHEMA {S}", {f"USAGE {ON_SERVICE}": EMPTY}, (USE_DB, USE_S)),
    Case("SHOW SERVICES LIKE 'SV' IN ACCOUNT", {USE_DB: EMPTY, USE_S: EMPTY}, (f"USAGE {ON_SERVICE}",)),
    Case(f"SHOW ROLES IN SERVICE {SV}", {**PLACE, f"USAGE {ON_SERVICE}": ABSENT}),
    Case(f"SHOW GRANTS ON SERVICE {SV}", {**PLACE, f"USAGE {ON_SERVICE}": ABSENT}),
    Case(f"CALL {SV}!SPCS_WAIT_FOR('SUSPENDED', 1)", {**PLACE, f"OPERATE {ON_SERVICE}": ABSENT}),
    looks(f"SHOW SERVICE CONTAINERS IN SERVICE {SV}", "MONITOR"),
    looks(f"SHOW SERVICE INSTANCES IN SERVICE {SV}", "MONITOR"),
    looks(f"SHOW SERVICE VOLUMES IN SERVICE {SV}", "MONITOR"),
    looks(f"SELECT SYSTEM$GET_SERVICE_STATUS('{SV}')", "MONITOR"),
    looks(f"SELECT SYSTEM$GET_SERVICE_LOGS('{SV}', 0, 'main', 5)", "MONITOR"),
    Case(f"SHOW IMAGES IN IMAGE REPOSITORY {SHARED}.PUBLIC.IMAGES", PULL),
]
OPERATING = [
    looks(f"ALTER SERVICE {SV} SUSPEND", "OPERATE"),
    looks(f"ALTER SERVICE {SV} {spec()}", "OPERATE"),
    *(
        Case(statement, {**PLACE, OWN: FORBIDDEN}, (f"OPERATE {ON_SERVICE}",))
        for statement in (
            f"ALTER SERVICE {SV} SET COMMENT = 'x'",
            f"ALTER SERVICE {SV} UNSET COMMENT",
            f"GRANT SERVICE ROLE {SV}!ALL_ENDPOINTS_USAGE TO ROLE PUBLIC",
            f"REVOKE SERVICE ROLE {SV}!ALL_ENDPOINTS_USAGE FROM ROLE PUBLIC",
        )
    ),
]
SERVED, FN = f"SERVICE = {S}.SERVED ENDPOINT = web AS '/'", f"FUNCTION {S}.FN(VARCHAR)"
"""A service function calls an endpoint of a service of its own, whose specification nothing changes."""
FUNCTIONS = [
    Case(
        f"CREATE FUNCTION {S}.NEW(A VARCHAR) RETURNS VARCHAR {SERVED}",
        {
            USE_DB: ABSENT,
            f"CREATE FUNCTION ON SCHEMA {S}": FORBIDDEN,
            f"SERVICE ROLE {S}.SERVED!ALL_ENDPOINTS_USAGE": ABSENT,
        },
        (USE_S, f"USAGE ON SERVICE {S}.SERVED"),
        after=(f"DROP FUNCTION {S}.NEW(VARCHAR)",),
    ),
    Case(f"DESCRIBE {FN}", {**PLACE, f"USAGE ON {FN}": ABSENT}),
    Case(f"SHOW USER FUNCTIONS IN SCHEMA {S}", {f"USAGE ON {FN}": EMPTY}, (USE_DB, USE_S)),
    Case(f"SHOW GRANTS ON {FN}", {**PLACE, f"USAGE ON {FN}": ABSENT}),
    *(
        Case(f"ALTER {FN} {change}", {**PLACE, OWN: FORBIDDEN}, (f"USAGE ON {FN}",))
        for change in ("SET MAX_BATCH_ROWS = 5", "UNSET MAX_BATCH_ROWS")
    ),
    Case(
        f"DROP FUNCTION {S}.GOES()",
        {**PLACE, OWN: ABSENT},
        before=(
            f"CREATE FUNCTION IF NOT EXISTS {S}.GOES() RETURNS VARCHAR {SERVED}",
            f"GRANT OWNERSHIP ON FUNCTION {S}.GOES() TO ROLE {OWNER} COPY CURRENT GRANTS",
        ),
    ),
]
WEB: dict[str, Any] = {"endpoints": [{"name": "web", "port": 8000}]}
_TARGET = f"{{type: endpoint, value: {S}.WEB!web, weight: 100}}"
TO_WEB = f"FROM SPECIFICATION $${{spec: {{type: traffic_split, split_type: custom, targets: [{_TARGET}]}}}}$$"
ON_GATEWAY = f"ON GATEWAY {S}.GW"
_BIND = {"BIND SERVICE ENDPOINT ON ACCOUNT": FORBIDDEN, f"SERVICE ROLE {S}.WEB!ALL_ENDPOINTS_USAGE": ABSENT}
GATEWAYS = [
    Case(
        f"CREATE GATEWAY {S}.NEW {TO_WEB}",
        {USE_DB: ABSENT, f"CREATE GATEWAY ON SCHEMA {S}": FORBIDDEN, **_BIND},
        (USE_S,),
        after=(f"DROP GATEWAY {S}.NEW",),
    ),
    Case(
        f"ALTER GATEWAY {S}.GW {TO_WEB}",
        {**PLACE, f"MODIFY {ON_GATEWAY}": FORBIDDEN, **_BIND},
        (f"USAGE {ON_GATEWAY}",),
    ),
    Case(f"DESCRIBE GATEWAY {S}.GW", {**PLACE, f"USAGE {ON_GATEWAY}": ABSENT}),
    Case(f"SHOW GATEWAYS IN SCHEMA {S}", {f"MODIFY {ON_GATEWAY}": EMPTY}, (USE_DB, USE_S)),
    Case(
        f"DROP GATEWAY {S}.GW",
        {**PLACE, OWN: FORBIDDEN},
        (f"USAGE {ON_GATEWAY}",),
        before=(f"CREATE OR REPLACE GATEWAY {S}.GW {TO_WEB}",
                f"GRANT OWNERSHIP {ON_GATEWAY} TO ROLE {OWNER} COPY CURRENT GRANTS",
                f"GRANT USAGE {ON_GATEWAY} TO ROLE PV_ACTOR"),
        after=(f"CREATE GATEWAY {S}.GW {TO_WEB}",
               f"GRANT OWNERSHIP {ON_GATEWAY} TO ROLE {OWNER} COPY CURRENT GRANTS"),
    ),
]  # fmt: skip
CASES = [*MAKING, *WATCHING, *OPERATING, *FUNCTIONS, *GATEWAYS]
OWNER_HAS = (USE_DB, f"CREATE SERVICE ON SCHEMA {S}", f"USAGE ON COMPUTE POOL {POOL}", *PULL)
"""What the owner of the service had when it made it, and must have for a new specification."""
SETUP = (
    f"CREATE DATABASE {DB}",
    f"CREATE SCHEMA {S}",
    f"CREATE STAGE {S}.ST",
    f"CREATE STAGE {S}.SPECS",
    f"CREATE SECRET {S}.SEC TYPE = GENERIC_STRING SECRET_STRING = 'x'",
    f"CREATE NETWORK RULE {S}.RU TYPE = HOST_PORT MODE = EGRESS VALUE_LIST = ('example.com')",
    f"CREATE EXTERNAL ACCESS INTEGRATION PS_EAI ALLOWED_NETWORK_RULES = ({S}.RU) ENABLED = TRUE",
    "CREATE WAREHOUSE PS_WH INITIALLY_SUSPENDED = TRUE",
    f"CREATE COMPUTE POOL {POOL} MIN_NODES = 1 MAX_NODES = 1 INSTANCE_FAMILY = CPU_X64_XS"
    " INITIALLY_SUSPENDED = TRUE AUTO_RESUME = FALSE",
    *(f"GRANT {grant} TO ROLE {OWNER}" for grant in OWNER_HAS),
)
MAKE_SERVICE = (
    f"CREATE SERVICE {SV} IN COMPUTE POOL {POOL} {spec()}",
    f"ALTER SERVICE {SV} SUSPEND",
    f"CREATE SERVICE {S}.SERVED IN COMPUTE POOL {POOL} {spec(endpoints=[{'name': 'web', 'port': 8000}])}",
)
MAKE_FUNCTION = (
    f"CREATE {FN.replace('(', '(A ')} RETURNS VARCHAR {SERVED}",
    f"GRANT OWNERSHIP ON {FN} TO ROLE {OWNER}",
    f"CREATE SERVICE {S}.WEB IN COMPUTE POOL {POOL} {spec(**WEB)}",
)
MAKE_GATEWAY = (
    f"CREATE GATEWAY {S}.GW {TO_WEB}",
    f"GRANT OWNERSHIP {ON_GATEWAY} TO ROLE {OWNER}",
)
CLEANUP = (
    "DROP INTEGRATION PS_EAI",
    f"DROP DATABASE {DB}",
    "DROP WAREHOUSE PS_WH",
    f"DROP COMPUTE POOL {POOL}",
)
