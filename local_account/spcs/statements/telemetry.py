"""The rows of event tables: logs, events and metrics of services, made when a query asks for them.

Logs are read from Docker, events from the account's record of them, metrics from the latest measurements.
Nothing is stored a second time, so an event table always has the rows of the services that use it now.
See https://docs.snowflake.com/en/developer-guide/snowpark-container-services/monitoring-services
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from sqlglot.tokens import Token, TokenType

from local_account.base import errors
from local_account.base.sql import Name, Statement, shown
from local_account.catalog.catalog import Object
from local_account.identity import parameters
from local_account.objects.event_table import COLUMNS, DEFAULT, EVENT_TABLE, PARAMETER
from local_account.spcs.spec import units
from local_account.spcs.state.logs import LogReader, LogRequest
from local_account.spcs.state.measures import Measures, Usage
from local_account.spcs.state.observed import POOL, SERVICE, Observed
from local_account.spcs.statements.service_rows import as_query, times
from local_account.statement.context import Context
from local_account.tables.plan.access import require_warehouse

Row = dict[str, Any]
_MOST_LINES = 1000
"""Number of newest lines that are read of each run of a container."""
_MOST_ROWS = 20_000
_PLATFORM = {"name": "snow.spcs.platform"}
_BEFORE_TABLE = ("FROM", "JOIN", ",")
_CHANGES = ("DELETE", "INSERT", "MERGE", "TRUNCATE", "UPDATE")
_SEVERE = ("ERROR", "FATAL", "OFF")


def event_tables(context: Context, statement: Statement) -> Iterator[tuple[int, int, str]]:
    """Replace the names of event tables in a query by queries of their rows; as edits of the text.

    Raises:
        SnowflakeError: 002003 or 003001 for a table that the session may not read, 000002 for a change.
    """
    text = statement.text.upper()
    known = {item.name for item in context.catalog.objects(EVENT_TABLE)}
    if not any(name in text for name in (*known, "TELEMETRY")):
        return
    tokens = statement.tokens
    for index in range(1, len(tokens)):
        before = tokens[index - 1].text.upper()
        if before not in _BEFORE_TABLE or not _is_name(tokens[index]):
            continue
        end, parts = _parts(tokens, index)
        # Behind a comma a name with fewer parts may be a column.
        name = _table(context, parts, known) if before != "," or len(parts) == 3 else None
        if name is None:
            continue
        if statement.verb in _CHANGES and tokens[index - 2].text.upper() in _CHANGES:
            raise errors.unsupported(f"{statement.verb} of event table {name}")
        services = _services(context, name)
        require_warehouse(context)
        alias = "" if _has_alias(tokens, end) else f" AS {shown(parts[-1:])}"
        yield tokens[index].start, tokens[end].end + 1, _query(context, services) + alias


def _is_name(token: Token) -> bool:
    return token.token_type in (TokenType.VAR, TokenType.IDENTIFIER)


def _parts(tokens: list[Token], index: int) -> tuple[int, list[str]]:
    """Index of the last token of a name with dots, and its parts."""
    end = index
    while end + 2 < len(tokens) and tokens[end + 1].text == ".":
        end += 2
    found = tokens[index : end + 1 : 2]
    return end, [one.text if one.token_type is TokenType.IDENTIFIER else one.text.upper() for one in found]


def _has_alias(tokens: list[Token], end: int) -> bool:
    following = tokens[end + 1] if end + 1 < len(tokens) else None
    return following is not None and (following.text.upper() == "AS" or _is_name(following))


def _table(context: Context, parts: list[str], known: set[str]) -> Name | None:
    """The full name of the event table that a name in a query stands for; None for other tables."""
    if parts == list(DEFAULT):
        return DEFAULT
    if parts[-1] not in known or len(parts) > 3:
        return None
    try:
        name = context.resolve(parts, "schema")
    except errors.SnowflakeError:
        return None
    return name if context.catalog.find(EVENT_TABLE, name) else None


def _services(context: Context, name: Name) -> list[Object]:
    """The services whose rows a session may read in an event table.

    Of the default table a role sees the services that it may MONITOR, an administrator all of them. An own
    table is read as a whole by a role with SELECT on it.
    """
    using = [item for item in context.catalog.objects(SERVICE) if _event_table(context, item) == shown(name)]
    if name != DEFAULT:
        context.require("SELECT", context.get(EVENT_TABLE, name))
        return using
    if "ACCOUNTADMIN" in context.access.roles:
        return using
    return [item for item in using if context.access.has("MONITOR", item)]


def _event_table(context: Context, item: Object) -> str:
    """The name of the event table that a service's database uses."""
    database = context.catalog.find("DATABASE", Name("", "", item.database))
    found = (
        parameters.values_of(context.catalog, database)
        if database
        else parameters.values_of_account(context.catalog)
    )
    value, level = found.get(PARAMETER)
    return value if level else str(DEFAULT)


def _query(context: Context, services: list[Object]) -> str:
    rows = [row for item in services for row in (*_logs(context, item), *_events(context, item))]
    rows += [row for item in services for row in _metrics(context, item)]
    rows.sort(key=lambda row: row["TIMESTAMP"], reverse=True)
    shape = tuple((name, kind, place) for place, (name, kind) in enumerate(COLUMNS))
    return as_query([[row.get(name) for name, _ in COLUMNS] for row in rows[:_MOST_ROWS]], shape)


def _logs(context: Context, item: Object) -> Iterator[Row]:
    """Lines that containers wrote; logExporters can leave out those of stdout, or all."""
    document = item.properties["SPEC"]["spec"]
    level = document.get("logExporters", {}).get("eventTableConfig", {}).get("logLevel", "INFO")
    streams = {"INFO": ("stdout", "stderr"), "ERROR": ("stderr",), "NONE": ()}[level]
    read, about = context.account.part(LogReader).read_logs, _about(context, item)
    for number in range(item.properties["MAX_INSTANCES"]):
        for container in (part["name"] for part in document["containers"]):
            for stream in streams:
                request = LogRequest(number, container, _MOST_LINES, times=True, stream=stream, all_runs=True)
                for line in read(item, request).splitlines():
                    moment, _, text = line.partition(" ")
                    yield {
                        "TIMESTAMP": times(moment)[0],
                        "OBSERVED_TIMESTAMP": times(moment)[0],
                        "RESOURCE_ATTRIBUTES": about | _container("container.instance", number, container),
                        "RECORD_TYPE": "LOG",
                        "RECORD_ATTRIBUTES": {"log.iostream": stream},
                        "VALUE": text,
                    }


def _events(context: Context, item: Object) -> Iterator[Row]:
    """Changes of containers; LOG_LEVEL of the service says of which severity."""
    about, level = _about(context, item), item.properties["LOG_LEVEL"]
    for event in context.account.part(Observed).events.of(item.id):
        severity = "ERROR" if event.status == "FAILED" else "INFO"
        if level in _SEVERE and (severity != "ERROR" or level != "ERROR"):
            continue
        name = "CONTAINER.STATUS_CHANGE"
        yield {
            "TIMESTAMP": _moment(event.time),
            "RESOURCE_ATTRIBUTES": about | _container("instance", event.instance, event.container),
            "SCOPE": _PLATFORM,
            "RECORD_TYPE": "EVENT",
            "RECORD": {"name": name, "severity_text": severity},
            "RECORD_ATTRIBUTES": {"event.name": name},
            "VALUE": {"message": event.message, "status": event.status},
        }


def _metrics(context: Context, item: Object) -> Iterator[Row]:
    about = _about(context, item)
    for moment, number, container, name, value, unit in metrics(context, item):
        yield {
            "TIMESTAMP": _moment(moment),
            "RESOURCE_ATTRIBUTES": about | _container("container.instance", number, container),
            "SCOPE": _PLATFORM,
            "RECORD_TYPE": "METRIC",
            "RECORD": metric_record(name, unit),
            "VALUE": value,
        }


def metric_record(name: str, unit: str) -> Row:
    """The column RECORD of a metric."""
    return {"metric": {"name": name, "unit": unit}, "metric_type": "gauge", "value_type": "DOUBLE"}


def metrics(context: Context, item: Object) -> Iterator[tuple[float, int, str, str, float, str]]:
    """Time, instance, container, name, value and unit of each metric that the platformMonitor asks for.

    The groups `network` and `storage` have no metrics here.
    """
    document = item.properties["SPEC"]["spec"]
    groups = document.get("platformMonitor", {}).get("metricConfig", {}).get("groups", ())
    limits = {part["name"]: part["resources"] for part in document["containers"]}
    seen = context.account.part(Observed).instances(item.id)
    for (number, container), usages in context.account.part(Measures).of(item.id).items():
        for usage in usages:
            for group in groups:
                for name, value, unit in _of_group(group, usage, limits.get(container, {})):
                    number_value = int(value) if value == int(value) else value
                    yield usage.time, number, container, name, number_value, unit
        state = seen[number].containers.get(container) if number in seen else None
        if "status" in groups and usages and state:
            moment = usages[-1].time
            yield moment, number, container, "container.restarts", state.restart_count, "restarts"
            yield moment, number, container, "container.state.running", int(state.status == "READY"), ""


def _of_group(group: str, usage: Usage, resources: dict[str, Any]) -> Iterator[tuple[str, float, str]]:
    if group == "system":
        if usage.cpus is not None:
            yield "container.cpu.usage", round(usage.cpus, 6), "cpu"
        yield "container.memory.usage", usage.memory, "bytes"
    if group == "system_limits" and resources:
        for kind, suffix in (("requests", "requested"), ("limits", "limit")):
            yield f"container.cpu.{suffix}", units.cpus(resources[kind]["cpu"]), "cpu"
            yield f"container.memory.{suffix}", units.memory(resources[kind]["memory"]), "bytes"


def _about(context: Context, item: Object) -> Row:
    """The attributes of a row that name the service and where it is."""
    database = context.catalog.find("DATABASE", Name("", "", item.database))
    schema = context.catalog.find("SCHEMA", Name(item.database, "", item.schema))
    pool = context.catalog.find(POOL, Name("", "", item.properties["POOL"]))
    return {
        "snow.account.name": context.account.settings.name,
        "snow.compute_pool.id": pool.id if pool else None,
        "snow.compute_pool.name": item.properties["POOL"],
        "snow.database.id": database.id if database else None,
        "snow.database.name": item.database,
        "snow.schema.id": schema.id if schema else None,
        "snow.schema.name": item.schema,
        "snow.service.id": item.id,
        "snow.service.name": item.name,
        "snow.service.type": "JOB" if item.properties["IS_JOB"] else "SERVICE",
    }


def _container(key: str, number: int, container: str) -> Row:
    return {f"snow.service.{key}": str(number), "snow.service.container.name": container}


def _moment(time: float) -> str:
    return times(datetime.fromtimestamp(time, UTC).isoformat())[0]


TABLE_SOURCES = {EVENT_TABLE: event_tables}
