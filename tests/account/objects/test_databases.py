"""Databases, schemas, warehouses, and what depends on them."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from snowflake.connector import SnowflakeConnection
from snowflake.connector.errors import ProgrammingError

from tests.account.conftest import RunningAccount, run, wait_until


def test_new_database_is_current_and_has_its_schemas(session: SnowflakeConnection) -> None:
    run(session, "CREATE DATABASE D_NEW COMMENT = 'it''s new'")
    row = run(session, "SHOW DATABASES LIKE 'D_NEW'")[0]
    assert (row["is_current"], row["kind"], row["comment"]) == ("Y", "STANDARD", "it's new")
    assert run(session, "SELECT CURRENT_SCHEMA() AS S") == [{"S": "PUBLIC"}]
    found = run(session, "SHOW SCHEMAS IN DATABASE D_NEW")
    assert [row["name"] for row in found] == ["INFORMATION_SCHEMA", "PUBLIC"]
    terse = run(session, "SHOW TERSE SCHEMAS IN DATABASE D_NEW")[0]
    assert list(terse) == ["created_on", "name", "kind", "database_name", "schema_name"]
    run(session, "DROP DATABASE D_NEW")
    assert run(session, "SELECT CURRENT_DATABASE() AS D") == [{"D": None}]


@pytest.mark.parametrize("kind", ["DATABASE", "WAREHOUSE", "ROLE"])
def test_comment_of_several_lines_comes_back_as_it_was(session: SnowflakeConnection, kind: str) -> None:
    comment = "first\n\tsecond \\ 'third' \"fourth\"\r\n\\n is no line break"
    escapes = {"\\": "\\\\", "\n": "\\n", "\t": "\\t", "\r": "\\r", "'": "\\'"}
    written = "".join(escapes.get(letter, letter) for letter in comment)
    run(session, f"CREATE {kind} D_LINES COMMENT = '{written}'")
    assert run(session, f"SHOW {kind}S LIKE 'D_LINES'")[0]["comment"] == comment
    run(session, f"ALTER {kind} D_LINES SET COMMENT = 'x'")
    session.cursor().execute(f"ALTER {kind} D_LINES SET COMMENT = %s", (comment,))
    assert run(session, f"SHOW {kind}S LIKE 'D_LINES'")[0]["comment"] == comment
    run(session, f"DROP {kind} D_LINES")


def test_parameters_come_from_above(session: SnowflakeConnection) -> None:
    run(session, "CREATE TRANSIENT DATABASE D_PAR DATA_RETENTION_TIME_IN_DAYS = 3")
    run(session, "CREATE SCHEMA D_PAR.S LOG_LEVEL = 'INFO'")

    def shown(kind: str, name: str) -> dict[str, tuple[str, str]]:
        rows = run(session, f"SHOW PARAMETERS IN {kind} {name}")
        return {row["key"]: (row["value"], row["level"]) for row in rows}

    found = shown("SCHEMA", "D_PAR.S")
    assert found["DATA_RETENTION_TIME_IN_DAYS"] == ("3", "DATABASE")
    assert (found["LOG_LEVEL"], found["TRACE_LEVEL"]) == (("INFO", "SCHEMA"), ("OFF", ""))
    run(session, "ALTER SCHEMA D_PAR.S SET DATA_RETENTION_TIME_IN_DAYS = 1, COMMENT = 'c'")
    assert shown("SCHEMA", "D_PAR.S")["DATA_RETENTION_TIME_IN_DAYS"] == ("1", "SCHEMA")
    run(session, "ALTER SCHEMA D_PAR.S UNSET DATA_RETENTION_TIME_IN_DAYS, LOG_LEVEL")
    assert shown("SCHEMA", "D_PAR.S")["LOG_LEVEL"] == ("OFF", "")
    assert run(session, "SHOW DATABASES LIKE 'D_PAR'")[0]["options"] == "TRANSIENT"
    with pytest.raises(ProgrammingError, match="Unsupported feature 'QUOTED_IDENTIFIERS_IGNORE_CASE = true'"):
        run(session, "ALTER SCHEMA D_PAR.S SET QUOTED_IDENTIFIERS_IGNORE_CASE = TRUE")
    run(session, "DROP DATABASE D_PAR")


def test_renamed_database_takes_its_contents_along(session: SnowflakeConnection) -> None:
    for statement in (
        "CREATE DATABASE D_OLD",
        "CREATE NETWORK RULE D_OLD.PUBLIC.R TYPE = HOST_PORT MODE = EGRESS VALUE_LIST = ('a.b')",
        "CREATE EXTERNAL ACCESS INTEGRATION D_OLD_I ALLOWED_NETWORK_RULES = (D_OLD.PUBLIC.R) ENABLED = TRUE",
        "ALTER DATABASE D_OLD RENAME TO D_MOVED",
        "ALTER SCHEMA D_MOVED.PUBLIC RENAME TO D_MOVED.OTHER",
    ):
        run(session, statement)
    assert [row["name"] for row in run(session, "SHOW NETWORK RULES IN SCHEMA D_MOVED.OTHER")] == ["R"]
    described = run(session, "DESCRIBE EXTERNAL ACCESS INTEGRATION D_OLD_I")
    assert described[1]["property_value"] == "[D_MOVED.OTHER.R]"
    with pytest.raises(ProgrammingError, match="associated with integration D_OLD_I") as failure:
        run(session, "DROP DATABASE D_MOVED")
    assert failure.value.errno == 98508
    run(session, "DROP INTEGRATION D_OLD_I")
    run(session, "DROP DATABASE D_MOVED")


@pytest.mark.parametrize("values", ["", "VALUE_LIST = ()"])
def test_rule_for_hosts_may_have_no_values(session: SnowflakeConnection, values: str) -> None:
    run(session, "CREATE OR REPLACE DATABASE D_RULE")
    run(session, f"CREATE NETWORK RULE NOTHING TYPE = HOST_PORT MODE = EGRESS {values}")
    assert run(session, "SHOW NETWORK RULES")[0]["entries_in_valuelist"] == 0
    assert run(session, "DESCRIBE NETWORK RULE NOTHING")[0]["value_list"] == ""
    run(
        session,
        "CREATE EXTERNAL ACCESS INTEGRATION D_RULE_I ALLOWED_NETWORK_RULES = (NOTHING) ENABLED = TRUE",
    )
    run(session, "DROP INTEGRATION D_RULE_I")
    with pytest.raises(ProgrammingError, match="VALUE_LIST"):
        run(session, "CREATE NETWORK RULE OTHER TYPE = IPV4 MODE = INGRESS")
    run(session, "DROP DATABASE D_RULE")


def test_secrets_cannot_be_read(account: RunningAccount, session: SnowflakeConnection) -> None:
    run(session, "CREATE DATABASE D_SEC")
    run(session, "CREATE SECRET D_SEC.PUBLIC.P TYPE = PASSWORD USERNAME = 'root' PASSWORD = 'hidden-value'")
    run(session, "ALTER SECRET D_SEC.PUBLIC.P SET PASSWORD = 'hidden-value-2' COMMENT = 'c'")
    shown = str(run(session, "SHOW SECRETS IN SCHEMA D_SEC.PUBLIC")) + str(
        run(session, "DESCRIBE SECRET D_SEC.PUBLIC.P")
    )
    assert "hidden-value" not in shown
    assert "'username': 'root'" in shown
    for path in account.settings.state.rglob("*"):
        assert not path.is_file() or b"hidden-value" not in path.read_bytes(), path
    with pytest.raises(ProgrammingError, match="Missing option"):
        run(session, "CREATE SECRET D_SEC.PUBLIC.Q TYPE = PASSWORD USERNAME = 'root'")
    with pytest.raises(ProgrammingError, match="Unsupported feature 'CREATE SECRET TYPE = OAUTH2'"):
        run(session, "CREATE SECRET D_SEC.PUBLIC.Q TYPE = OAUTH2")
    run(session, "DROP DATABASE D_SEC")


@pytest.mark.parametrize(
    "rule",
    [
        "TYPE = HOST_PORT MODE = EGRESS VALUE_LIST = ('https://a.b')",
        "TYPE = HOST_PORT MODE = EGRESS VALUE_LIST = ('a.b:99999')",
        "TYPE = HOST_PORT MODE = EGRESS VALUE_LIST = ('0.0.0.0:22')",
        "TYPE = HOST_PORT MODE = INGRESS VALUE_LIST = ('a.b')",
        "TYPE = IPV4 VALUE_LIST = ('300.1.1.1')",
    ],
)
def test_bad_network_rules(session: SnowflakeConnection, rule: str) -> None:
    run(session, "CREATE DATABASE IF NOT EXISTS D_RULE")
    with pytest.raises(ProgrammingError) as failure:
        run(session, f"CREATE NETWORK RULE D_RULE.PUBLIC.R {rule}")
    assert failure.value.errno == 1008


def test_sign_in_integration_is_the_systems(session: SnowflakeConnection) -> None:
    create = "CREATE SECURITY INTEGRATION IF NOT EXISTS MINE TYPE = OAUTH OAUTH_CLIENT = SNOWSERVICES_INGRESS"
    with pytest.raises(ProgrammingError, match="operation cannot be performed"):
        run(session, f"{create} ENABLED = TRUE")
    row = run(session, "SHOW SECURITY INTEGRATIONS")[0]
    assert (row["name"], row["type"]) == ("SNOWSERVICES_INGRESS_OAUTH", "OAUTH - SNOWSERVICES_INGRESS")
    with pytest.raises(ProgrammingError, match="Insufficient privileges"):
        run(session, "DROP INTEGRATION SNOWSERVICES_INGRESS_OAUTH")


def test_what_is_shown_of_warehouses(session: SnowflakeConnection) -> None:
    def shown() -> tuple[object, ...]:
        row = run(session, "SHOW WAREHOUSES LIKE 'W_SHOWN'")[0]
        return (row["generation"], row["resource_constraint"], row["auto_suspend"])

    run(session, "CREATE WAREHOUSE W_SHOWN INITIALLY_SUSPENDED = TRUE")
    assert shown() == ("1", None, 600)
    run(session, "ALTER WAREHOUSE W_SHOWN UNSET AUTO_SUSPEND")
    assert shown() == ("1", None, None)
    run(session, "ALTER WAREHOUSE W_SHOWN SET AUTO_SUSPEND = 60")
    run(session, "ALTER WAREHOUSE W_SHOWN SET AUTO_SUSPEND = NULL")
    assert shown() == ("1", None, None)
    run(session, "ALTER WAREHOUSE W_SHOWN SET WAREHOUSE_TYPE = 'SNOWPARK-OPTIMIZED' AUTO_SUSPEND = 0")
    assert shown() == (None, "MEMORY_16X", 0)
    run(session, "ALTER WAREHOUSE W_SHOWN SET RESOURCE_CONSTRAINT = MEMORY_1X")
    assert shown() == (None, "MEMORY_1X", 0)
    run(session, "DROP WAREHOUSE W_SHOWN")


def test_show_warehouses_counts_what_runs(session: SnowflakeConnection) -> None:
    """See https://docs.snowflake.com/en/sql-reference/sql/show-warehouses"""

    def running() -> int:
        return run(session, "SHOW WAREHOUSES LIKE 'W_BUSY'")[0]["running"]

    run(session, "CREATE WAREHOUSE W_BUSY")
    run(session, "CREATE DATABASE D_BUSY")
    run(session, "CREATE TABLE T (A INT)")
    run(session, "INSERT INTO T VALUES (1)")
    assert running() == 0
    many = "TABLE(GENERATOR(ROWCOUNT => 1000000))"
    cursor = session.cursor()
    cursor.execute_async(f"SELECT COUNT(*) FROM T, {many} AS x, {many} AS y WHERE RANDOM() = 1")
    wait_until(lambda: running() == 1)
    run(session, f"SELECT SYSTEM$CANCEL_QUERY('{cursor.sfqid}')")
    wait_until(lambda: running() == 0)
    run(session, "DROP DATABASE D_BUSY")
    run(session, "DROP WAREHOUSE W_BUSY")


def test_warehouse_resumes_for_a_query(session: SnowflakeConnection) -> None:
    run(session, "CREATE WAREHOUSE W_AUTO INITIALLY_SUSPENDED = TRUE WAREHOUSE_SIZE = 'X-Large'")

    def state() -> tuple[str, str]:
        row = run(session, "SHOW WAREHOUSES LIKE 'W_AUTO'")[0]
        return row["state"], row["size"]

    assert state() == ("SUSPENDED", "X-Large")
    run(session, "CREATE DATABASE D_QUERY")
    run(session, "CREATE TABLE T (A INT)")
    run(session, "SELECT * FROM T")
    assert state()[0] == "STARTED"
    run(session, "ALTER WAREHOUSE W_AUTO SET AUTO_RESUME = FALSE")
    run(session, "ALTER WAREHOUSE W_AUTO SUSPEND")
    with pytest.raises(ProgrammingError, match="does not resume by itself"):
        run(session, "SELECT * FROM T")
    with pytest.raises(ProgrammingError, match="suspended already"):
        run(session, "ALTER WAREHOUSE W_AUTO SUSPEND")
    run(session, "DROP DATABASE D_QUERY")
    run(session, "DROP WAREHOUSE W_AUTO")


def test_session_parameters(account: RunningAccount, session: SnowflakeConnection) -> None:
    run(session, "ALTER SESSION SET QUERY_TAG = 'tagged', TIMEZONE = 'Europe/Berlin'")
    row = run(session, "SHOW PARAMETERS LIKE 'QUERY_TAG' IN SESSION")[0]
    assert (row["value"], row["default"], row["level"]) == ("tagged", "", "SESSION")
    run(session, "ALTER SESSION UNSET QUERY_TAG")
    assert run(session, "SHOW PARAMETERS LIKE 'QUERY_TAG'")[0]["level"] == ""
    with pytest.raises(ProgrammingError, match="invalid property 'NONSENSE' for 'SESSION'"):
        run(session, "ALTER SESSION SET NONSENSE = 1")
    account.run("CREATE USER S_PAR PASSWORD = 'Sesame-1' TIMEZONE = 'Asia/Tokyo'")
    shown = account.run("SHOW PARAMETERS LIKE 'TIMEZONE'", user="S_PAR", password="Sesame-1")[0]
    assert (shown["value"], shown["level"]) == ("Asia/Tokyo", "USER")


def test_changes_at_the_same_time_are_all_kept(account: RunningAccount) -> None:
    account.run("CREATE DATABASE D_MANY", "CREATE ROLE D_MANY_R")

    def work(index: int) -> None:
        with account.connect() as session:
            run(session, f"CREATE STAGE D_MANY.PUBLIC.S{index}")
            run(session, f"GRANT READ ON STAGE D_MANY.PUBLIC.S{index} TO ROLE D_MANY_R")
            name = ("COMMENT", "DATA_RETENTION_TIME_IN_DAYS", "USER_TASK_TIMEOUT_MS")[index % 3]
            run(
                session, f"ALTER DATABASE D_MANY SET {name} = {repr(str(index)) if index % 3 == 0 else index}"
            )

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, range(12)))
    assert len(account.run("SHOW STAGES IN SCHEMA D_MANY.PUBLIC")) == 12
    assert len(account.run("SHOW GRANTS TO ROLE D_MANY_R")) == 12
    levels = {row["key"]: row["level"] for row in account.run("SHOW PARAMETERS IN DATABASE D_MANY")}
    assert (levels["DATA_RETENTION_TIME_IN_DAYS"], levels["USER_TASK_TIMEOUT_MS"]) == ("DATABASE", "DATABASE")
    account.run("DROP DATABASE D_MANY", "DROP ROLE D_MANY_R")


def test_names_with_quotes_and_dots_can_be_used(session: SnowflakeConnection) -> None:
    for statement in ('CREATE DATABASE "D ""Q"" 1.5"', 'CREATE SCHEMA "D ""Q"" 1.5"."S"".x"'):
        run(session, statement)
    for statement in (
        'USE "D ""Q"" 1.5"."S"".x"',
        'USE SCHEMA "D ""Q"" 1.5"."S"".x"',
    ):
        run(session, 'USE DATABASE "D ""Q"" 1.5"')
        assert run(session, "SELECT CURRENT_SCHEMA() AS S") == [{"S": "PUBLIC"}]
        run(session, statement)
        found = run(session, "SELECT CURRENT_DATABASE() AS D, CURRENT_SCHEMA() AS S")
        assert found == [{"D": 'D "Q" 1.5', "S": 'S".x'}]
    with pytest.raises(ProgrammingError, match="does not exist, or operation cannot"):
        run(session, 'USE "D ""Q"" 1.5"."absent"')
    run(session, 'DROP DATABASE "D ""Q"" 1.5"')


def test_name_of_a_database_is_not_run_as_sql(session: SnowflakeConnection) -> None:
    for statement in (
        "CREATE WAREHOUSE D_ENGINE",
        "CREATE DATABASE D_TARGET",
        "CREATE TABLE D_TARGET.PUBLIC.T (A INT)",
    ):
        run(session, statement)
    name = '"D_TARGET.PUBLIC\'; DROP TABLE D_TARGET.PUBLIC.T; --"'
    run(session, f"CREATE DATABASE {name}")
    assert run(session, "SELECT 1 + 1 AS N") == [{"N": 2}]
    assert run(session, "SELECT COUNT(*) AS N FROM D_TARGET.PUBLIC.T") == [{"N": 0}]
    for dropped in (f"DATABASE {name}", "DATABASE D_TARGET", "WAREHOUSE D_ENGINE"):
        run(session, f"DROP {dropped}")


def test_only_types_that_have_force_take_it(session: SnowflakeConnection) -> None:
    for statement in (
        "CREATE DATABASE D_FORCE",
        "CREATE NETWORK RULE R TYPE = HOST_PORT MODE = EGRESS VALUE_LIST = ('a.b')",
        "CREATE EXTERNAL ACCESS INTEGRATION D_FORCE_I ALLOWED_NETWORK_RULES = (R) ENABLED = TRUE",
    ):
        run(session, statement)
    with pytest.raises(ProgrammingError, match="unexpected 'FORCE'"):
        run(session, "DROP NETWORK RULE R FORCE")
    with pytest.raises(ProgrammingError, match="associated with integration D_FORCE_I"):
        run(session, "DROP NETWORK RULE R")
    run(session, "CREATE OR REPLACE NETWORK RULE R TYPE = HOST_PORT MODE = EGRESS VALUE_LIST = ('c.d')")
    run(session, "DROP INTEGRATION D_FORCE_I")
    run(session, "DROP DATABASE D_FORCE RESTRICT")


@pytest.mark.parametrize("kind", ["TABLE", "VIEW", "STAGE", "SECRET", "TAG", "NETWORK RULE", "SERVICE"])
def test_if_exists_asks_for_the_object_alone(session: SnowflakeConnection, kind: str) -> None:
    run(session, "CREATE DATABASE IF NOT EXISTS D_THERE")
    for place, missing in (("D_NONE.S", "Database 'D_NONE'"), ("D_THERE.S", "Schema 'D_THERE.S'")):
        with pytest.raises(ProgrammingError, match=f"{missing} does not exist or not authorized.") as failure:
            run(session, f"DROP {kind} IF EXISTS {place}.X")
        assert (failure.value.errno, failure.value.sqlstate) == (2003, "02000")
    dropped = run(session, f"DROP {kind} IF EXISTS D_THERE.PUBLIC.X")
    assert dropped == [{"status": "Drop statement executed successfully (X already dropped)."}]


@pytest.mark.parametrize(
    ("plural", "named"),
    [
        *((plural, True) for plural in ("TAGS", "SECRETS", "IMAGE REPOSITORIES", "SERVICES", "JOB SERVICES")),
        *((plural, False) for plural in ("TABLES", "VIEWS", "STAGES", "NETWORK RULES")),
    ],
)
def test_show_in_an_absent_place(session: SnowflakeConnection, plural: str, named: bool) -> None:
    run(session, "CREATE DATABASE IF NOT EXISTS D_THERE")
    for place, missing in (
        ("SCHEMA D_NONE.S", "Database 'D_NONE'"),
        ("SCHEMA D_THERE.S", "Schema 'D_THERE.S'"),
        ("DATABASE D_NONE", "Database 'D_NONE'"),
    ):
        with pytest.raises(ProgrammingError) as failure:
            run(session, f"SHOW {plural} IN {place}")
        assert failure.value.errno == (2003 if named else 2043)
        assert not named or f"{missing} does not exist or not authorized." in str(failure.value.msg)


def test_show_database_roles_in_an_absent_database(session: SnowflakeConnection) -> None:
    with pytest.raises(ProgrammingError, match="Database 'D_NONE' does not exist") as failure:
        run(session, "SHOW DATABASE ROLES IN DATABASE D_NONE")
    assert failure.value.errno == 2003


def test_if_exists_does_not_tell_of_a_database_that_the_role_cannot_see(
    account: RunningAccount, session: SnowflakeConnection
) -> None:
    run(session, "CREATE DATABASE IF NOT EXISTS D_THERE")
    run(session, "CREATE ROLE D_STRANGER")
    run(session, "GRANT ROLE D_STRANGER TO USER ADMIN")
    statements = ("USE SECONDARY ROLES NONE", "DROP STAGE IF EXISTS D_THERE.PUBLIC.X")
    with pytest.raises(ProgrammingError, match="Database 'D_THERE' does not exist or not authorized"):
        account.run(*statements, role="D_STRANGER")
    with pytest.raises(ProgrammingError, match="Database 'D_NONE' does not exist or not authorized"):
        account.run("DROP SCHEMA IF EXISTS D_NONE.S")
