"""What of a service's telemetry reaches the event table.

https://docs.snowflake.com/en/developer-guide/snowpark-container-services/monitoring-services
"""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.account.spcs_world import DATABASE, POOL, World

pytestmark = pytest.mark.docker
CODE = "import sys; print('said', flush=True); print('complained', file=sys.stderr, flush=True); sys.exit(1)"
LINES = """
SELECT VALUE::STRING AS LINE FROM SNOWFLAKE.TELEMETRY.EVENTS
WHERE RESOURCE_ATTRIBUTES:"snow.service.name" = '{name}' AND RECORD_TYPE = 'LOG' ORDER BY LINE"""
SEVERITIES = """
SELECT DISTINCT RECORD:severity_text::STRING AS SEVERITY FROM SNOWFLAKE.TELEMETRY.EVENTS
WHERE RESOURCE_ATTRIBUTES:"snow.service.name" = '{name}' AND RECORD_TYPE = 'EVENT' ORDER BY SEVERITY"""


def column(world: World, query: str, name: str) -> list[Any]:
    rows = world.run(query.format(name=name), warehouse="TELEMETRY_WH")
    return [next(iter(row.values())) for row in rows]


@pytest.fixture(scope="module", autouse=True)
def warehouse(world: World) -> None:
    world.run(
        "CREATE WAREHOUSE IF NOT EXISTS TELEMETRY_WH INITIALLY_SUSPENDED = TRUE",
        "GRANT USAGE ON WAREHOUSE TELEMETRY_WH TO ROLE SPCS_OWNER",
        role="ACCOUNTADMIN",
    )


@pytest.mark.parametrize(
    ("level", "lines"), [("INFO", ["complained", "said"]), ("ERROR", ["complained"]), ("NONE", [])]
)
def test_log_exporters_choose_the_streams(world: World, level: str, lines: list[str]) -> None:
    name = f"EXPORTER_{level}"
    exporters = {"eventTableConfig": {"logLevel": level}}
    refused = world.refused(
        f"EXECUTE JOB SERVICE IN COMPUTE POOL {POOL} NAME = {name} {world.spec(CODE, logExporters=exporters)}"
    )
    assert "FAILED" in str(refused)
    try:
        assert column(world, LINES, name) == lines
        assert column(world, SEVERITIES, name) == ["ERROR", "INFO"]
        # The role sees what it may MONITOR, in queries of every form.
        query = f"WITH L AS ({LINES}) SELECT COUNT(*) AS N FROM L JOIN (SELECT 1 AS X) AS O ON O.X = 1"
        assert column(world, query, name) == [len(lines)]
    finally:
        world.run(f"DROP SERVICE {name}")
    assert column(world, LINES, name) == []


def test_log_level_chooses_the_events(world: World) -> None:
    with world.service("FAILING", world.spec(CODE), wait=False, options="LOG_LEVEL = ERROR") as name:
        world.eventually(lambda: column(world, SEVERITIES, name) == ["ERROR"])
        world.run(f"ALTER SERVICE {name} SET LOG_LEVEL = INFO")
        assert column(world, SEVERITIES, name) == ["ERROR", "INFO"]
        world.run(f"ALTER SERVICE {name} SET LOG_LEVEL = OFF")
        assert column(world, SEVERITIES, name) == []
        attributes = world.run(
            "SELECT RESOURCE_ATTRIBUTES AS A FROM SNOWFLAKE.TELEMETRY.EVENTS "
            "WHERE RECORD_TYPE = 'LOG' LIMIT 1",
            warehouse="TELEMETRY_WH",
        )
        assert json.loads(attributes[0]["A"])["snow.database.name"] == DATABASE
