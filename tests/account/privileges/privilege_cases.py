"""The table of statements about databases, warehouses, stages, secrets, tables … with their privileges.

Privileges as in https://docs.snowflake.com/en/user-guide/security-access-control-privileges and on the page
of each statement, under "Access control requirements".
"""

from __future__ import annotations

from pathlib import Path

from tests.account.privileges.privilege_table import ABSENT, EMPTY, FORBIDDEN, OWNER, Case

DB, S, WH = "PV", "PV.S", "PV_WH"
NOT_THERE, NO_WAREHOUSE, NOT_GRANTED, NOT_REVOKED = 2043, 606, 3102, 3103
USE_DB, USE_S = f"USAGE ON DATABASE {DB}", f"USAGE ON SCHEMA {S}"
PLACE = {USE_DB: ABSENT, USE_S: ABSENT}
"""For an object in the schema on which the role has a privilege besides."""
OWN = f"ROLE {OWNER}"
SETUP = (
    f"CREATE DATABASE {DB}",
    "CREATE DATABASE PV_OWNED",
    f"CREATE SCHEMA {DB}.OWNED",
    f"CREATE SCHEMA {S}",
    f"CREATE WAREHOUSE {WH} INITIALLY_SUSPENDED = TRUE",
    f"CREATE STAGE {S}.ST",
    f"CREATE SECRET {S}.SEC TYPE = GENERIC_STRING SECRET_STRING = 'x'",
    f"CREATE NETWORK RULE {S}.RU TYPE = HOST_PORT MODE = EGRESS VALUE_LIST = ('example.com')",
    f"CREATE IMAGE REPOSITORY {S}.REPO",
    f"CREATE EVENT TABLE {S}.EV",
    f"CREATE TABLE {S}.T (N NUMBER)",
    f"CREATE VIEW {S}.V AS SELECT N FROM {S}.T",
    f"CREATE FILE FORMAT {S}.FF TYPE = CSV",
    f"CREATE EXTERNAL ACCESS INTEGRATION PV_EAI ALLOWED_NETWORK_RULES = ({S}.RU) ENABLED = TRUE",
    "CREATE ROLE PV_THING",
    "CREATE USER PV_OTHER",
    "CREATE COMPUTE POOL PV_POOL MIN_NODES = 1 MAX_NODES = 1 INSTANCE_FAMILY = CPU_X64_XS"
    " INITIALLY_SUSPENDED = TRUE",
)
OWNED = (
    f"STAGE {S}.ST", f"SECRET {S}.SEC", f"NETWORK RULE {S}.RU", f"IMAGE REPOSITORY {S}.REPO", f"TABLE {S}.T",
    f"VIEW {S}.V", f"FILE FORMAT {S}.FF", "INTEGRATION PV_EAI", "ROLE PV_THING", "USER PV_OTHER",
    "COMPUTE POOL PV_POOL",
    f"SCHEMA {DB}.OWNED", "DATABASE PV_OWNED",
)  # fmt: skip


def create(kind: str, rest: str = "") -> Case:
    """CREATE of an object in the schema."""
    needs = {USE_DB: ABSENT, f"CREATE {kind} ON SCHEMA {S}": FORBIDDEN}
    return Case(f"CREATE {kind} {S}.NEW {rest}", needs, (USE_S,), after=(f"DROP {kind} {S}.NEW",))


def on_account(kind: str, rest: str = "", privilege: str = "") -> Case:
    """CREATE of an object of the account."""
    needs = {f"{privilege or f'CREATE {kind}'} ON ACCOUNT": FORBIDDEN}
    return Case(f"CREATE {kind} PV_NEW {rest}", needs, after=(f"DROP {kind} PV_NEW",))


def drop(kind: str, rest: str = "") -> Case:
    """DROP of an object in the schema by its owner; nobody else sees it."""
    before = (
        f"CREATE {kind} IF NOT EXISTS {S}.GOES {rest}",
        f"GRANT OWNERSHIP ON {kind} {S}.GOES TO ROLE {OWNER} COPY CURRENT GRANTS",
    )
    return Case(f"DROP {kind} {S}.GOES", {**PLACE, OWN: ABSENT}, before=before)


CREATES = [
    on_account("DATABASE"),
    on_account("WAREHOUSE"),
    on_account("ROLE"),
    on_account("USER"),
    on_account(
        "COMPUTE POOL", "MIN_NODES = 1 MAX_NODES = 1 INSTANCE_FAMILY = CPU_X64_XS INITIALLY_SUSPENDED = TRUE"
    ),
    Case(
        f"CREATE EXTERNAL ACCESS INTEGRATION PV_NEW ALLOWED_NETWORK_RULES = ({S}.RU) ENABLED = TRUE",
        {**PLACE, "CREATE EXTERNAL ACCESS INTEGRATION ON ACCOUNT": FORBIDDEN, OWN: FORBIDDEN},
        (f"USAGE ON NETWORK RULE {S}.RU",),
        after=("DROP INTEGRATION PV_NEW",),
    ),
    Case(
        f"CREATE SCHEMA {DB}.NEW",
        {f"CREATE SCHEMA ON DATABASE {DB}": FORBIDDEN},
        (USE_DB,),
        after=(f"DROP SCHEMA {DB}.NEW",),
    ),
    create("EVENT TABLE"),
    create("STAGE"),
    create("FILE FORMAT", "TYPE = CSV"),
    create("IMAGE REPOSITORY"),
    create("SECRET", "TYPE = GENERIC_STRING SECRET_STRING = 'x'"),
    create("NETWORK RULE", "TYPE = HOST_PORT MODE = EGRESS VALUE_LIST = ('example.com')"),
    create("TABLE", "(N NUMBER)"),
]
DROPS = [
    drop("EVENT TABLE"),
    drop("STAGE"),
    drop("FILE FORMAT", "TYPE = CSV"),
    drop("IMAGE REPOSITORY"),
    drop("SECRET", "TYPE = GENERIC_STRING SECRET_STRING = 'x'"),
    drop("NETWORK RULE", "TYPE = HOST_PORT MODE = EGRESS VALUE_LIST = ('example.com')"),
    drop("TABLE", "(N NUMBER)"),
    Case(
        f"DROP SCHEMA {DB}.GOES",
        {USE_DB: ABSENT, OWN: ABSENT},
        before=(
            f"CREATE SCHEMA IF NOT EXISTS {DB}.GOES",
            f"GRANT OWNERSHIP ON SCHEMA {DB}.GOES TO ROLE {OWNER} COPY CURRENT GRANTS",
        ),
    ),
    Case(
        "DROP DATABASE PV_GOES",
        {OWN: FORBIDDEN},
        before=(
            "CREATE DATABASE IF NOT EXISTS PV_GOES",
            f"GRANT OWNERSHIP ON DATABASE PV_GOES TO ROLE {OWNER} COPY CURRENT GRANTS",
            "GRANT USAGE ON DATABASE PV_GOES TO ROLE PV_ACTOR",
        ),
    ),
    Case(
        "DROP WAREHOUSE PV_GOES",
        {OWN: FORBIDDEN},
        before=(
            "CREATE WAREHOUSE IF NOT EXISTS PV_GOES INITIALLY_SUSPENDED = TRUE",
            f"GRANT OWNERSHIP ON WAREHOUSE PV_GOES TO ROLE {OWNER} COPY CURRENT GRANTS",
            "GRANT MONITOR ON WAREHOUSE PV_GOES TO ROLE PV_ACTOR",
        ),
    ),
    Case(
        "DROP ROLE PV_GOES",
        {OWN: FORBIDDEN},
        before=(
            "CREATE ROLE IF NOT EXISTS PV_GOES",
            f"GRANT OWNERSHIP ON ROLE PV_GOES TO ROLE {OWNER} COPY CURRENT GRANTS",
        ),
    ),
    Case(
        "DROP USER PV_GOES",
        {OWN: FORBIDDEN},
        before=(
            "CREATE USER IF NOT EXISTS PV_GOES",
            f"GRANT OWNERSHIP ON USER PV_GOES TO ROLE {OWNER} COPY CURRENT GRANTS",
        ),
    ),
]
DATABASES = [
    Case(f"USE DATABASE {DB}", {USE_DB: NOT_THERE}),
    Case(f"USE SCHEMA {S}", {USE_DB: NOT_THERE, USE_S: NOT_THERE}),
    Case(f"DESCRIBE DATABASE {DB}", {USE_DB: ABSENT}, (USE_S,)),
    Case(f"DESCRIBE SCHEMA {S}", {USE_DB: ABSENT, USE_S: ABSENT}, (f"READ ON STAGE {S}.ST",)),
    Case("SHOW DATABASES LIKE 'PV'", {USE_DB: EMPTY}),
    Case("SHOW SCHEMAS LIKE 'S' IN ACCOUNT", {USE_DB: EMPTY, USE_S: EMPTY}),
    Case(f"ALTER DATABASE {DB} SET COMMENT = 'x'", {f"MODIFY ON DATABASE {DB}": FORBIDDEN}, (USE_DB,)),
    Case(
        f"ALTER DATABASE {DB} SET EVENT_TABLE = {S}.EV",
        {f"MODIFY ON DATABASE {DB}": FORBIDDEN, f"INSERT ON EVENT TABLE {S}.EV": FORBIDDEN},
        (USE_DB, USE_S, f"SELECT ON EVENT TABLE {S}.EV"),
        after=(f"ALTER DATABASE {DB} UNSET EVENT_TABLE",),
    ),
    Case(
        f"ALTER DATABASE {DB} SET LOG_LEVEL = INFO",
        {f"MODIFY ON DATABASE {DB}": FORBIDDEN, "MODIFY LOG LEVEL ON ACCOUNT": FORBIDDEN},
        (USE_DB,),
    ),
    Case(
        f"ALTER SCHEMA {S} SET TRACE_LEVEL = ALWAYS",
        {f"MODIFY ON SCHEMA {S}": FORBIDDEN, "MODIFY TRACE LEVEL ON ACCOUNT": FORBIDDEN},
        (USE_DB, USE_S),
    ),
    Case(f"ALTER SCHEMA {S} SET COMMENT = 'x'", {f"MODIFY ON SCHEMA {S}": FORBIDDEN}, (USE_DB, USE_S)),
    Case(
        f"ALTER SCHEMA {DB}.OWNED DISABLE MANAGED ACCESS",
        {OWN: FORBIDDEN},
        (USE_DB, f"USAGE ON SCHEMA {DB}.OWNED"),
    ),
    Case(
        f"ALTER SCHEMA {DB}.OWNED RENAME TO {DB}.OWNED2",
        {OWN: FORBIDDEN, f"CREATE SCHEMA ON DATABASE {DB}": FORBIDDEN},
        (USE_DB, f"USAGE ON SCHEMA {DB}.OWNED"),
        after=(f"ALTER SCHEMA {DB}.OWNED2 RENAME TO {DB}.OWNED",),
    ),
    Case(
        "ALTER DATABASE PV_OWNED RENAME TO PV_OWNED2",
        {OWN: FORBIDDEN, "CREATE DATABASE ON ACCOUNT": FORBIDDEN},
        ("USAGE ON DATABASE PV_OWNED",),
        after=("ALTER DATABASE PV_OWNED2 RENAME TO PV_OWNED",),
    ),
]
WAREHOUSES = [
    Case(f"USE WAREHOUSE {WH}", {f"USAGE ON WAREHOUSE {WH}": NOT_THERE}),
    Case(f"SHOW WAREHOUSES LIKE '{WH}'", {f"MONITOR ON WAREHOUSE {WH}": EMPTY}),
    Case(
        f"ALTER WAREHOUSE {WH} RESUME IF SUSPENDED",
        {f"OPERATE ON WAREHOUSE {WH}": FORBIDDEN},
        (f"USAGE ON WAREHOUSE {WH}",),
    ),
    Case(
        f"ALTER WAREHOUSE {WH} SET AUTO_SUSPEND = 60",
        {f"MODIFY ON WAREHOUSE {WH}": FORBIDDEN},
        (f"USAGE ON WAREHOUSE {WH}",),
    ),
]
FILES = [
    Case(f"LIST @{S}.ST", {**PLACE, f"READ ON STAGE {S}.ST": ABSENT}),
    Case(f"SHOW STAGES LIKE 'ST' IN SCHEMA {S}", {f"READ ON STAGE {S}.ST": EMPTY}, (USE_DB, USE_S)),
    Case("SHOW STAGES LIKE 'ST' IN ACCOUNT", {USE_DB: EMPTY, USE_S: EMPTY}, (f"READ ON STAGE {S}.ST",)),
    Case(f"DESCRIBE STAGE {S}.ST", {**PLACE, f"READ ON STAGE {S}.ST": ABSENT}),
    Case(
        f"PUT file://{Path(__file__)} @{S}.ST AUTO_COMPRESS = FALSE",
        {**PLACE, f"WRITE ON STAGE {S}.ST": FORBIDDEN},
        (f"READ ON STAGE {S}.ST",),
    ),
    Case(
        f"REMOVE @{S}.ST",
        {**PLACE, f"WRITE ON STAGE {S}.ST": FORBIDDEN},
        (f"READ ON STAGE {S}.ST",),
    ),
    Case(f"DESCRIBE FILE FORMAT {S}.FF", {**PLACE, f"USAGE ON FILE FORMAT {S}.FF": ABSENT}),
    Case(f"SHOW FILE FORMATS IN SCHEMA {S}", {f"USAGE ON FILE FORMAT {S}.FF": EMPTY}, (USE_DB, USE_S)),
    Case(
        f"ALTER FILE FORMAT {S}.FF SET COMMENT = 'x'",
        {OWN: FORBIDDEN, **PLACE},
        (f"USAGE ON FILE FORMAT {S}.FF",),
    ),
    Case(f"LIST @{S}.%T", {OWN: FORBIDDEN, **PLACE}, (f"SELECT ON TABLE {S}.T",)),
    Case(f"ALTER STAGE {S}.ST SET COMMENT = 'x'", {OWN: FORBIDDEN, **PLACE}, (f"READ ON STAGE {S}.ST",)),
    Case(f"DESCRIBE SECRET {S}.SEC", {**PLACE, f"READ ON SECRET {S}.SEC": ABSENT}),
    Case(f"SHOW SECRETS IN SCHEMA {S}", {f"USAGE ON SECRET {S}.SEC": EMPTY}, (USE_DB, USE_S)),
    Case(f"ALTER SECRET {S}.SEC SET COMMENT = 'x'", {OWN: FORBIDDEN, **PLACE}, (f"READ ON SECRET {S}.SEC",)),
    Case(f"DESCRIBE NETWORK RULE {S}.RU", {**PLACE, f"USAGE ON NETWORK RULE {S}.RU": ABSENT}),
    Case(
        f"ALTER NETWORK RULE {S}.RU SET COMMENT = 'x'",
        {OWN: FORBIDDEN, **PLACE},
        (f"USAGE ON NETWORK RULE {S}.RU",),
    ),
    Case(
        f"SHOW IMAGE REPOSITORIES IN SCHEMA {S}",
        {f"READ ON IMAGE REPOSITORY {S}.REPO": EMPTY},
        (USE_DB, USE_S),
    ),
    Case(
        f"ALTER IMAGE REPOSITORY {S}.REPO SET COMMENT = 'x'",
        {OWN: FORBIDDEN, **PLACE},
        (f"READ ON IMAGE REPOSITORY {S}.REPO",),
    ),
    Case("DESCRIBE INTEGRATION PV_EAI", {"USAGE ON INTEGRATION PV_EAI": ABSENT}),
    Case("SHOW INTEGRATIONS LIKE 'PV_EAI'", {"USAGE ON INTEGRATION PV_EAI": EMPTY}),
    Case(
        "ALTER EXTERNAL ACCESS INTEGRATION PV_EAI SET ENABLED = TRUE",
        {OWN: FORBIDDEN},
        ("USAGE ON INTEGRATION PV_EAI",),
    ),
]
POOLS = [
    Case("SHOW COMPUTE POOLS LIKE 'PV_POOL'", {"USAGE ON COMPUTE POOL PV_POOL": EMPTY}),
    Case(
        "DESCRIBE COMPUTE POOL PV_POOL",
        {"MONITOR ON COMPUTE POOL PV_POOL": FORBIDDEN},
        ("USAGE ON COMPUTE POOL PV_POOL",),
    ),
    Case(
        "SELECT SYSTEM$GET_COMPUTE_POOL_STATUS('PV_POOL')",
        {"MONITOR ON COMPUTE POOL PV_POOL": FORBIDDEN},
        ("USAGE ON COMPUTE POOL PV_POOL",),
    ),
    *(
        Case(
            f"ALTER COMPUTE POOL PV_POOL {verb}",
            {"OPERATE ON COMPUTE POOL PV_POOL": FORBIDDEN},
            ("USAGE ON COMPUTE POOL PV_POOL",),
        )
        for verb in ("RESUME", "STOP ALL", "SUSPEND")
    ),
    Case(
        "ALTER COMPUTE POOL PV_POOL SET MAX_NODES = 2",
        {"MODIFY ON COMPUTE POOL PV_POOL": FORBIDDEN},
        ("USAGE ON COMPUTE POOL PV_POOL",),
    ),
    Case(
        "DROP COMPUTE POOL PV_GOES",
        {OWN: FORBIDDEN},
        before=(
            "CREATE COMPUTE POOL IF NOT EXISTS PV_GOES MIN_NODES = 1 MAX_NODES = 1"
            " INSTANCE_FAMILY = CPU_X64_XS INITIALLY_SUSPENDED = TRUE",
            f"GRANT OWNERSHIP ON COMPUTE POOL PV_GOES TO ROLE {OWNER} COPY CURRENT GRANTS",
            "GRANT USAGE ON COMPUTE POOL PV_GOES TO ROLE PV_ACTOR",
        ),
    ),
]
ON_WAREHOUSE = {**PLACE, f"USAGE ON WAREHOUSE {WH}": NO_WAREHOUSE}
LOADING = [
    Case(
        f"COPY INTO {S}.T FROM @{S}.ST/absent FILE_FORMAT = (FORMAT_NAME = '{S}.FF')",
        {
            **ON_WAREHOUSE,
            f"INSERT ON TABLE {S}.T": FORBIDDEN,
            f"READ ON STAGE {S}.ST": ABSENT,
            f"USAGE ON FILE FORMAT {S}.FF": ABSENT,
        },
        (f"SELECT ON TABLE {S}.T",),
    ),
    Case(
        f"COPY INTO @{S}.ST/out/ FROM {S}.T OVERWRITE = TRUE",
        {**ON_WAREHOUSE, f"SELECT ON TABLE {S}.T": FORBIDDEN, f"WRITE ON STAGE {S}.ST": FORBIDDEN},
        (f"INSERT ON TABLE {S}.T", f"READ ON STAGE {S}.ST"),
    ),
    Case(
        f"SELECT $1 FROM @{S}.ST/absent (FILE_FORMAT => '{S}.FF')",
        {
            **ON_WAREHOUSE,
            f"READ ON STAGE {S}.ST": ABSENT,
            f"USAGE ON FILE FORMAT {S}.FF": ABSENT,
        },
    ),
]
DATA = [
    Case(f"SELECT * FROM {S}.T", {**ON_WAREHOUSE, f"SELECT ON TABLE {S}.T": ABSENT}),
    Case(f"SELECT * FROM {S}.V", {**ON_WAREHOUSE, f"SELECT ON VIEW {S}.V": ABSENT}),
    *(
        Case(statement, {**ON_WAREHOUSE, f"SELECT ON TABLE {S}.T": ABSENT})
        for statement in (
            f"SELECT N FROM IDENTIFIER('{S}.T')",
            f"SELECT N FROM TABLE('{S}.T')",
            f"SET PV_COUNT = (SELECT COUNT(*) FROM {S}.T)",
            f"SELECT N FROM {S}.T ->> SELECT * FROM $1",
        )
    ),
    Case(f"DESCRIBE TABLE {S}.T", {**PLACE, f"SELECT ON TABLE {S}.T": ABSENT}),
    Case(f"SELECT COUNT(*) FROM {S}.EV", {**ON_WAREHOUSE, f"SELECT ON EVENT TABLE {S}.EV": ABSENT}),
    Case(f"DESCRIBE EVENT TABLE {S}.EV", {**PLACE, f"SELECT ON EVENT TABLE {S}.EV": ABSENT}),
    Case(f"SHOW EVENT TABLES IN SCHEMA {S}", {f"SELECT ON EVENT TABLE {S}.EV": EMPTY}, (USE_DB, USE_S)),
    *(
        Case(
            statement,
            {**ON_WAREHOUSE, f"{privilege} ON TABLE {S}.T": FORBIDDEN},
            (f"REFERENCES ON TABLE {S}.T",),
        )
        for privilege, statement in (
            ("INSERT", f"INSERT INTO {S}.T VALUES (1)"),
            ("UPDATE", f"UPDATE {S}.T SET N = 2 WHERE FALSE"),
            ("DELETE", f"DELETE FROM {S}.T WHERE FALSE"),
            ("TRUNCATE", f"TRUNCATE TABLE {S}.T"),
        )
    ),
    Case(f"ALTER TABLE {S}.T ADD COLUMN M NUMBER", {**PLACE, OWN: FORBIDDEN}, (f"SELECT ON TABLE {S}.T",),
         after=(f"ALTER TABLE {S}.T DROP COLUMN M",)),
]  # fmt: skip
_TABLES = (
    f"SELECT TABLE_NAME FROM {DB}.INFORMATION_SCHEMA.TABLES WHERE TABLE_SCHEMA = 'S' AND TABLE_NAME = 'T'"
)
_TAGS = f"SELECT * FROM TABLE({DB}.INFORMATION_SCHEMA.TAG_REFERENCES('{S}.T', 'TABLE'))"
METADATA = [
    Case(f"SHOW OBJECTS LIKE 'T' IN SCHEMA {S}", {f"SELECT ON TABLE {S}.T": EMPTY}, (USE_DB, USE_S)),
    Case(f"SHOW COLUMNS IN TABLE {S}.T", {**PLACE, f"SELECT ON TABLE {S}.T": ABSENT}),
    Case(f"SHOW PRIMARY KEYS IN TABLE {S}.T", {**PLACE, f"SELECT ON TABLE {S}.T": ABSENT}),
    Case(
        _TABLES,
        {
            USE_DB: ABSENT,
            USE_S: EMPTY,
            f"USAGE ON WAREHOUSE {WH}": NO_WAREHOUSE,
            f"SELECT ON TABLE {S}.T": EMPTY,
        },
    ),
    Case(_TAGS, {USE_DB: ABSENT, USE_S: ABSENT, f"SELECT ON TABLE {S}.T": ABSENT}),
    Case(
        f"ALTER TABLE {S}.T ADD CONSTRAINT PV_KEY UNIQUE (N)",
        {**PLACE, OWN: FORBIDDEN},
        (f"SELECT ON TABLE {S}.T",),
        after=(f"ALTER TABLE {S}.T DROP CONSTRAINT PV_KEY",),
    ),
    Case(f"COMMENT ON TABLE {S}.T IS 'x'", {**PLACE, OWN: FORBIDDEN}, (f"SELECT ON TABLE {S}.T",)),
    Case(
        f"CREATE TABLE {S}.NEW (N NUMBER REFERENCES {S}.T (N))",
        {USE_DB: ABSENT, f"CREATE TABLE ON SCHEMA {S}": FORBIDDEN, f"REFERENCES ON TABLE {S}.T": FORBIDDEN},
        (USE_S, f"SELECT ON TABLE {S}.T"),
        after=(f"DROP TABLE {S}.NEW",),
    ),
    Case(f"CREATE OR ALTER STAGE {S}.ST", {**PLACE, OWN: FORBIDDEN}, (f"READ ON STAGE {S}.ST",)),
    Case(f"CREATE OR ALTER TABLE {S}.T (N NUMBER)", {**PLACE, OWN: FORBIDDEN}, (f"SELECT ON TABLE {S}.T",)),
    Case(
        "GRANT IMPORTED PRIVILEGES ON DATABASE SNOWFLAKE TO ROLE PV_THING",
        {"MANAGE GRANTS ON ACCOUNT": NOT_GRANTED},
        after=("REVOKE IMPORTED PRIVILEGES ON DATABASE SNOWFLAKE FROM ROLE PV_THING",),
    ),
]
PEOPLE = [
    Case("ALTER USER PV_OTHER SET COMMENT = 'x'", {OWN: FORBIDDEN}),
    Case("DESCRIBE USER PV_OTHER", {"MONITOR ON USER PV_OTHER": FORBIDDEN}),
    Case(
        "ALTER USER PV_OTHER ADD PAT PV_PAT",
        {"MODIFY PROGRAMMATIC AUTHENTICATION METHODS ON USER PV_OTHER": FORBIDDEN},
        after=("ALTER USER PV_OTHER REMOVE PAT PV_PAT",),
    ),
    Case("ALTER ROLE PV_THING SET COMMENT = 'x'", {OWN: FORBIDDEN}),
]
CASES = [*CREATES, *DROPS, *DATABASES, *WAREHOUSES, *FILES, *POOLS, *DATA, *LOADING, *METADATA, *PEOPLE]
