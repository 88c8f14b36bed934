"""Table functions of services: SELECT … FROM TABLE(<service>!SPCS_GET_LOGS(…)).

See https://docs.snowflake.com/en/sql-reference/functions/spcs_get_logs
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from local_account.base.result import now
from local_account.catalog.catalog import Object
from local_account.spcs.state.logs import LogReader, LogRequest
from local_account.spcs.state.observed import Observed
from local_account.statement.context import Context

_DAY = 24 * 3600.0
_MOST_LINES = 1000
"""Number of newest lines that are given of each run of a container."""

# Name, type in SQL, and place of the value in a row.
_LOG_COLUMNS = (
    ("TIMESTAMP", "TIMESTAMP_NTZ", 0),
    ("INSTANCE_ID", "NUMBER", 2),
    ("CONTAINER_NAME", "STRING", 3),
    ("LOG", "STRING", 4),
    ("RECORD_ATTRIBUTES", "OBJECT", 5),
)
_EVENT_COLUMNS = (
    ("TIMESTAMP", "TIMESTAMP_NTZ", 0),
    ("SEVERITY", "STRING", 4),
    ("EVENT_NAME", "STRING", 5),
    ("EVENT_DETAILS", "OBJECT", 6),
    ("INSTANCE_ID", "NUMBER", 2),
    ("CONTAINER_NAME", "STRING", 3),
    ("RECORD", "OBJECT", 7),
    ("RECORD_ATTRIBUTES", "OBJECT", 8),
)
Columns = tuple[tuple[str, str, int], ...]


def get_logs(context: Context, item: Object, start: str, end: str) -> str:
    """A query that gives the log lines of a service's containers, the newest line first.

    Args:
        start, end: SQL expressions for the range of time; empty for the last day.
    """
    context.require("MONITOR", item)
    read, rows = context.account.part(LogReader).read_logs, []
    document = item.properties["SPEC"]["spec"]
    for number in range(item.properties["MIN_INSTANCES"]):
        for container in (part["name"] for part in document["containers"]):
            for stream in ("stdout", "stderr"):
                request = LogRequest(number, container, _MOST_LINES, times=True, stream=stream, all_runs=True)
                lines = read(item, request).splitlines()
                attributes = {"log.iostream": stream}
                rows += [[*_times(line), number, container, _text(line), attributes] for line in lines]
    return _query(rows, _LOG_COLUMNS, start, end)


def get_events(context: Context, item: Object, start: str, end: str) -> str:
    """A query that gives the events of a service's containers, the newest event first."""
    context.require("MONITOR", item)
    rows = []
    for event in context.account.part(Observed).events.of(item.id):
        details = {"message": event.message, "status": event.status}
        severity = "ERROR" if event.status == "FAILED" else "INFO"
        name = "CONTAINER.STATUS_CHANGE"
        record = {"name": name, "severity_text": severity}
        moment = datetime.fromtimestamp(event.time, UTC).isoformat()
        rows.append([*_times(moment), event.instance, event.container, severity, name, details, record, None])
    return _query(rows, _EVENT_COLUMNS, start, end)


def _times(line: str) -> tuple[str, str]:
    """Time of a line to the microsecond, without and with its time zone."""
    moment = line.partition(" ")[0].removesuffix("Z").removesuffix("+00:00")[:26]
    return moment, f"{moment}+00:00"


def _text(line: str) -> str:
    return line.partition(" ")[2]


def _query(rows: list[list[Any]], shape: Columns, start: str, end: str) -> str:
    """The rows as a query in Snowflake's SQL, which the data engine runs."""
    if not start:
        since = datetime.fromtimestamp(now() - _DAY, UTC).isoformat()
        rows = [row for row in rows if row[1] >= since]
    rows.sort(key=lambda row: row[1], reverse=True)
    cells = ", ".join(f'{_cell(kind, place)} AS "{name}"' for name, kind, place in shape)
    moment = "VALUE[1]::STRING::TIMESTAMP_TZ"
    limits = [f"{moment} >= ({start})"] if start else []
    limits += [f"{moment} <= ({end})"] if end else []
    where = f" WHERE {' AND '.join(limits)}" if limits else ""
    literal = json.dumps(rows).replace("\\", "\\\\").replace("'", "''")
    return f"(SELECT {cells} FROM TABLE(FLATTEN(PARSE_JSON('{literal}'))){where})"  # noqa: S608


def _cell(kind: str, place: int) -> str:
    return f"VALUE[{place}]::STRING::{kind}" if kind == "TIMESTAMP_NTZ" else f"VALUE[{place}]::{kind}"


TABLE_METHODS = {"SPCS_GET_LOGS": get_logs, "SPCS_GET_EVENTS": get_events}
