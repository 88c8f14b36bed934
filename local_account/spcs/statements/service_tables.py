"""Table functions of services: SELECT … FROM TABLE(<service>!SPCS_GET_LOGS(…)).

See https://docs.snowflake.com/en/sql-reference/functions/spcs_get_logs
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from local_account.base.result import now
from local_account.catalog.catalog import Object
from local_account.spcs.state.logs import LogReader, LogRequest
from local_account.spcs.state.observed import Observed
from local_account.spcs.statements.service_rows import Columns, as_query, times
from local_account.spcs.statements.telemetry import metric_record, metrics
from local_account.statement.context import Context

_DAY = 24 * 3600.0
_MOST_LINES = 1000
"""Number of newest lines that are given of each run of a container."""

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
_METRIC_COLUMNS = (
    ("TIMESTAMP", "TIMESTAMP_NTZ", 0),
    ("METRIC_NAME", "STRING", 2),
    ("VALUE", "STRING", 3),
    ("UNIT", "STRING", 4),
    ("INSTANCE_ID", "NUMBER", 5),
    ("CONTAINER_NAME", "STRING", 6),
    ("RESOURCE", "STRING", 7),
    ("RECORD", "OBJECT", 8),
    ("RECORD_ATTRIBUTES", "OBJECT", 9),
)


def get_logs(context: Context, item: Object, start: str, end: str) -> str:
    """A query that gives the log lines of a service's containers, the newest line first.

    Args:
        start, end: SQL expressions for the range of time; empty for the last day.
    """
    context.require("MONITOR", item)
    read, rows = context.account.part(LogReader).read_logs, []
    document = item.properties["SPEC"]["spec"]
    for number in range(item.properties["MAX_INSTANCES"]):
        for container in (part["name"] for part in document["containers"]):
            for stream in ("stdout", "stderr"):
                request = LogRequest(number, container, _MOST_LINES, times=True, stream=stream, all_runs=True)
                lines = read(item, request).splitlines()
                attributes = {"log.iostream": stream}
                rows += [
                    [*times(line), number, container, line.partition(" ")[2], attributes] for line in lines
                ]
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
        rows.append([*times(moment), event.instance, event.container, severity, name, details, record, None])
    return _query(rows, _EVENT_COLUMNS, start, end)


def get_metrics(context: Context, item: Object, start: str, end: str) -> str:
    """A query that gives the metrics of a service that its platformMonitor asks for, the newest first."""
    context.require("MONITOR", item)
    rows = []
    for moment, number, container, name, value, unit in metrics(context, item):
        time = datetime.fromtimestamp(moment, UTC).isoformat()
        record = metric_record(name, unit)
        rows.append([*times(time), name, str(value), unit, number, container, None, record, None])
    return _query(rows, _METRIC_COLUMNS, start, end)


def _query(rows: list[list[Any]], shape: Columns, start: str, end: str) -> str:
    """The rows of a range of time, as a query that the data engine runs."""
    if not start:
        since = datetime.fromtimestamp(now() - _DAY, UTC).isoformat()
        rows = [row for row in rows if row[1] >= since]
    rows.sort(key=lambda row: row[1], reverse=True)
    moment = "VALUE[1]::STRING::TIMESTAMP_TZ"
    limits = [f"{moment} >= ({start})"] if start else []
    limits += [f"{moment} <= ({end})"] if end else []
    return as_query(rows, shape, f" WHERE {' AND '.join(limits)}" if limits else "")


TABLE_METHODS = {
    "SPCS_GET_LOGS": get_logs,
    "SPCS_GET_EVENTS": get_events,
    "SPCS_GET_METRICS": get_metrics,
}
