"""One resource of each type: what CREATE is sent for it and what is read back."""

from __future__ import annotations

from typing import Any

from tests.plugin import rows
from tests.plugin.account import Answer

PLACE = {"database": "D", "schema": "S", "name": "N"}
FULL = '"D"."S"."N"'
NO_PARAMETERS: list[dict[str, Any]] = []

# type, inputs, id, statements that change something, answers to what is read back
CASES: list[tuple[str, dict[str, Any], str, list[str], dict[str, Answer]]] = [
    (
        "Warehouse",
        {
            "name": "W",
            "warehouseSize": "x-small",
            "autoSuspend": 60,
            "autoResume": "true",
            "initiallySuspended": True,
            "comment": "it's",
            "maxConcurrencyLevel": 4,
        },
        "W",
        [
            "CREATE WAREHOUSE \"W\" WAREHOUSE_SIZE = 'XSMALL' AUTO_SUSPEND = 60 AUTO_RESUME = true"
            " INITIALLY_SUSPENDED = true COMMENT = 'it\\'s' MAX_CONCURRENCY_LEVEL = 4"
        ],
        {
            "SHOW WAREHOUSES LIKE 'W'": rows.warehouse(comment="it's"),
            'SHOW PARAMETERS IN WAREHOUSE "W"': NO_PARAMETERS,
        },
    ),
    (
        "Database",
        {"name": "D", "isTransient": True, "dropPublicSchemaOnCreation": True, "dataRetentionTimeInDays": 0},
        "D",
        [
            'CREATE TRANSIENT DATABASE "D" DATA_RETENTION_TIME_IN_DAYS = 0',
            'DROP SCHEMA IF EXISTS "D"."PUBLIC"',
        ],
        {
            "SHOW DATABASES LIKE 'D'": [{"name": "D", "options": "TRANSIENT", "comment": ""}],
            'SHOW PARAMETERS IN DATABASE "D"': NO_PARAMETERS,
        },
    ),
    (
        "Schema",
        {"name": "S", "database": "D", "withManagedAccess": "true", "logLevel": "info"},
        '"D"."S"',
        ['CREATE SCHEMA "D"."S" WITH MANAGED ACCESS LOG_LEVEL = \'INFO\''],
        {
            "SHOW SCHEMAS LIKE 'S' IN DATABASE \"D\"": [{"name": "S", "options": "MANAGED ACCESS"}],
            'SHOW PARAMETERS IN SCHEMA "D"."S"': NO_PARAMETERS,
            'DESCRIBE SCHEMA "D"."S"': [{"name": "S"}],
        },
    ),
    (
        "AccountRole",
        {"name": "R", "comment": "c"},
        "R",
        ["CREATE ROLE \"R\" COMMENT = 'c'"],
        {"SHOW ROLES LIKE 'R'": [{"name": "r"}, {"name": "R", "comment": "c"}]},
    ),
    (
        "User",
        {
            "name": "U",
            "password": "p",
            "loginName": "u",
            "defaultRole": "R",
            "defaultNamespace": "D.S",
            "defaultSecondaryRolesOption": "all",
            "mustChangePassword": "true",
            "disableMfa": "true",
            "rsaPublicKey": "K",
            "comment": "c",
            "timezone": "UTC",
        },
        "U",
        [
            "CREATE USER \"U\" PASSWORD = 'p' LOGIN_NAME = 'u' MUST_CHANGE_PASSWORD = true"
            ' DEFAULT_NAMESPACE = "D"."S" DEFAULT_ROLE = "R" DEFAULT_SECONDARY_ROLES = (\'ALL\')'
            " RSA_PUBLIC_KEY = 'K' COMMENT = 'c' TIMEZONE = 'UTC'",
            'ALTER USER "U" SET DISABLE_MFA = true',
        ],
        {
            "SHOW USERS LIKE 'U'": rows.user(),
            'SHOW PARAMETERS IN USER "U"': NO_PARAMETERS,
            'DESCRIBE USER "U"': rows.properties(COMMENT="c", DEFAULT_ROLE="R", RSA_PUBLIC_KEY="K"),
        },
    ),
    (
        "LegacyServiceUser",
        {"name": "U", "password": "p"},
        "U",
        ["CREATE USER \"U\" PASSWORD = 'p' TYPE = LEGACY_SERVICE"],
        {
            "SHOW USERS LIKE 'U'": rows.user(type="LEGACY_SERVICE"),
            'SHOW PARAMETERS IN USER "U"': NO_PARAMETERS,
            'DESCRIBE USER "U"': [],
        },
    ),
    (
        "ServiceUser",
        {"name": "U", "defaultWarehouse": "W"},
        "U",
        ['CREATE USER "U" DEFAULT_WAREHOUSE = "W" TYPE = SERVICE'],
        {
            "SHOW USERS LIKE 'U'": rows.user(type="SERVICE"),
            'SHOW PARAMETERS IN USER "U"': NO_PARAMETERS,
            'DESCRIBE USER "U"': rows.properties(DEFAULT_WAREHOUSE="W"),
        },
    ),
    (
        "SecretWithGenericString",
        {**PLACE, "secretString": "s", "comment": "c"},
        FULL,
        [f"CREATE SECRET {FULL} TYPE = GENERIC_STRING SECRET_STRING = 's' COMMENT = 'c'"],
        {
            'SHOW SECRETS LIKE \'N\' IN SCHEMA "D"."S"': rows.secret("GENERIC_STRING", comment="c"),
            f"DESCRIBE SECRET {FULL}": rows.secret("GENERIC_STRING"),
        },
    ),
    (
        "SecretWithBasicAuthentication",
        {**PLACE, "username": "u", "password": "p"},
        FULL,
        [f"CREATE SECRET {FULL} TYPE = PASSWORD USERNAME = 'u' PASSWORD = 'p'"],
        {
            'SHOW SECRETS LIKE \'N\' IN SCHEMA "D"."S"': rows.secret(),
            f"DESCRIBE SECRET {FULL}": rows.secret(username="u"),
        },
    ),
    (
        "StageInternal",
        {
            **PLACE,
            "encryption": {"snowflakeSse": {}},
            "directory": {"enable": True, "autoRefresh": "false"},
            "comment": "c",
        },
        FULL,
        [
            f"CREATE STAGE {FULL} ENCRYPTION = (TYPE = 'SNOWFLAKE_SSE')"
            " DIRECTORY = (ENABLE = true AUTO_REFRESH = false) COMMENT = 'c'"
        ],
        {
            'SHOW STAGES LIKE \'N\' IN SCHEMA "D"."S"': rows.stage(comment="c"),
            f"DESCRIBE STAGE {FULL}": rows.DIRECTORY,
        },
    ),
    (
        "ImageRepository",
        {**PLACE, "encryption": "snowflake_sse"},
        FULL,
        [f"CREATE IMAGE REPOSITORY {FULL} ENCRYPTION = (TYPE = 'SNOWFLAKE_SSE')"],
        {
            'SHOW IMAGE REPOSITORIES LIKE \'N\' IN SCHEMA "D"."S"': [
                {"name": "N", "repository_url": "localhost:8482/d/s/n", "comment": ""}
            ]
        },
    ),
    (
        "ResourceMonitor",
        {"name": "M", "creditQuota": 10, "notifyTriggers": [80], "suspendTrigger": 100, "notifyUsers": ["U"]},
        "M",
        [
            'CREATE RESOURCE MONITOR "M" WITH CREDIT_QUOTA = 10 NOTIFY_USERS = ("U")'
            " TRIGGERS ON 80 PERCENT DO NOTIFY ON 100 PERCENT DO SUSPEND"
        ],
        {"SHOW RESOURCE MONITORS LIKE 'M'": rows.monitor(notify_users="U")},
    ),
    (
        "NetworkRule",
        {**PLACE, "type": "HOST_PORT", "mode": "EGRESS", "valueLists": ["a:443", "b"], "comment": "c"},
        FULL,
        [
            f"CREATE NETWORK RULE {FULL} TYPE = HOST_PORT VALUE_LIST = ('a:443', 'b') MODE = EGRESS"
            " COMMENT = 'c'"
        ],
        {
            'SHOW NETWORK RULES LIKE \'N\' IN SCHEMA "D"."S"': [
                {
                    "name": "N",
                    "type": "HOST_PORT",
                    "mode": "EGRESS",
                    "comment": "c",
                    "entries_in_valuelist": 2,
                }
            ],
            f"DESCRIBE NETWORK RULE {FULL}": [{"name": "N", "value_list": "b,a:443"}],
        },
    ),
    (
        "ExternalAccessIntegration",
        {
            "name": "I",
            "allowedNetworkRules": ["D.S.N"],
            "enabled": False,
            "allowedAuthenticationSecrets": {"secrets": ["D.S.SEC"]},
            "allowedApiAuthenticationIntegrations": {"none": True},
        },
        "I",
        [
            f'CREATE EXTERNAL ACCESS INTEGRATION "I" ALLOWED_NETWORK_RULES = ({FULL})'
            " ALLOWED_API_AUTHENTICATION_INTEGRATIONS = none"
            ' ALLOWED_AUTHENTICATION_SECRETS = ("D"."S"."SEC") ENABLED = false'
        ],
        {
            "SHOW EXTERNAL ACCESS INTEGRATIONS LIKE 'I'": [
                {"name": "I", "enabled": "false", "comment": None}
            ],
            'DESCRIBE EXTERNAL ACCESS INTEGRATION "I"': rows.integration(ALLOWED_NETWORK_RULES="[D.S.N]"),
        },
    ),
    (
        "ComputePool",
        {
            "name": "P",
            "minNodes": 1,
            "maxNodes": 2,
            "instanceFamily": "cpu_x64_xs",
            "autoSuspendSecs": 0,
            "initiallySuspended": "true",
            "backupInstanceFamilies": ["CPU_X64_S"],
        },
        "P",
        [
            'CREATE COMPUTE POOL "P" MIN_NODES = 1 MAX_NODES = 2 INSTANCE_FAMILY = CPU_X64_XS'
            " INITIALLY_SUSPENDED = true AUTO_SUSPEND_SECS = 0 BACKUP_INSTANCE_FAMILIES = ('CPU_X64_S')"
        ],
        {
            "SHOW COMPUTE POOLS LIKE 'P'": rows.pool(max_nodes=2, backup_instance_families='["CPU_X64_S"]'),
            'DESCRIBE COMPUTE POOL "P"': rows.pool(max_nodes=2),
        },
    ),
    (
        "Service",
        {
            **PLACE,
            "computePool": "P",
            "fromSpecification": {"text": "spec: 'x'\n"},
            "minInstances": 1,
            "externalAccessIntegrations": ["I"],
            "queryWarehouse": "W",
            "autoResume": "false",
        },
        FULL,
        [
            f"CREATE SERVICE {FULL} IN COMPUTE POOL \"P\" FROM SPECIFICATION $$spec: 'x'\n$$"
            ' EXTERNAL_ACCESS_INTEGRATIONS = ("I") AUTO_RESUME = false MIN_INSTANCES = 1'
            ' QUERY_WAREHOUSE = "W"'
        ],
        {
            'SHOW SERVICES LIKE \'N\' IN SCHEMA "D"."S"': rows.service(
                external_access_integrations='["I"]', query_warehouse="W"
            ),
            f"DESCRIBE SERVICE {FULL}": rows.service(spec="spec: x"),
        },
    ),
    (
        "JobService",
        {
            **PLACE,
            "computePool": "P",
            "queryWarehouse": "W",
            "fromSpecificationTemplate": {
                "stage": "D.S.STG",
                "path": "dir",
                "file": "job.yaml",
                "usings": [{"key": "k", "value": "v"}],
            },
        },
        FULL,
        [
            f'EXECUTE JOB SERVICE IN COMPUTE POOL "P" NAME = {FULL} ASYNC = true QUERY_WAREHOUSE = "W"'
            ' FROM \'@\\"D\\".\\"S\\".\\"STG\\"/dir\' SPECIFICATION_TEMPLATE_FILE = \'job.yaml\''
            ' USING ("k" => $$v$$)'
        ],
        {
            'SHOW SERVICES LIKE \'N\' IN SCHEMA "D"."S"': rows.service(is_job="true", query_warehouse="W"),
            f"DESCRIBE SERVICE {FULL}": rows.service(is_job="true"),
        },
    ),
]
