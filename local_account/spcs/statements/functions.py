"""SYSTEM$ functions of services and pools, and methods of services: CALL svc!SPCS_WAIT_FOR(…)."""

from __future__ import annotations

import json
import re
import time
from datetime import datetime
from typing import Any

from local_account.base import errors
from local_account.base.result import Result, single
from local_account.base.sql import Name, Statement
from local_account.catalog.catalog import Object
from local_account.spcs.state.lifecycle import cancel, dns_domain, schema_hash
from local_account.spcs.state.logs import LogRequest, tail
from local_account.spcs.state.nodes import pool_state
from local_account.spcs.state.observed import POOL, SERVICE, Observed
from local_account.spcs.state.scheduler import target_instances
from local_account.spcs.state.status import FINAL, is_upgrading, service_status
from local_account.spcs.statements.inspect import container_rows
from local_account.spcs.statements.jobs import failure_details, refuse_when_over
from local_account.statement import functions
from local_account.statement.context import Context

_DEFAULT_LINES = 500
_NANOSECONDS = re.compile(r"(\.\d{6})\d+")


def _named(context: Context, kind: str, text: str, scope: str) -> Object:
    statement = Statement(text)
    name = context.resolve(statement.parts(), scope)
    statement.end()
    return context.get(kind, name)


def get_service_status(context: Context, arguments: list[Any]) -> str:
    """SYSTEM$GET_SERVICE_STATUS('<service>'[, <seconds to wait for a steady state>])"""
    errors.require_count("SYSTEM$GET_SERVICE_STATUS", arguments, 1, 2)
    item = _named(context, SERVICE, arguments[0], "schema")
    context.require("MONITOR", item)
    deadline = time.monotonic() + (float(arguments[1]) if len(arguments) > 1 else 0)
    observed = context.account.part(Observed)
    while service_status(observed, item) == "PENDING" and time.monotonic() < deadline:
        refuse_when_over(context)
        observed.wait(observed.version, min(1.0, deadline - time.monotonic()))
        item = context.get(SERVICE, item.fqn)
    rows = [
        {
            "status": row.get("status") or service_status(observed, item),
            "message": row.get("message") or "",
            "containerName": row["container_name"],
            "instanceId": row.get("instance_id") or "",
            "serviceName": item.name,
            "image": row["image_name"],
            "restartCount": row.get("restart_count") or 0,
            "startTime": row.get("start_time") or "",
        }
        for row in container_rows(context, item)
    ]
    return json.dumps(rows, separators=(",", ":"))


def get_service_logs(context: Context, arguments: list[Any]) -> str:
    """SYSTEM$GET_SERVICE_LOGS('<service>', <instance>, '<container>'[, lines, previous, since, times])

    `since` is a time in ISO format, '' for all; `times` puts each line's time before it.
    """
    errors.require_count("SYSTEM$GET_SERVICE_LOGS", arguments, 3, 7)
    item = _named(context, SERVICE, arguments[0], "schema")
    context.require("MONITOR", item)
    known = [container["name"] for container in item.properties["SPEC"]["spec"]["containers"]]
    if arguments[2] not in known:
        raise errors.invalid_value(arguments[2], "container", ", ".join(known))
    last = target_instances(item) - 1
    if not str(arguments[1]).isdigit() or int(arguments[1]) > last:
        raise errors.invalid_value(arguments[1], "instance", f"0 to {last}")
    given = dict(zip(("lines", "previous", "since", "times"), arguments[3:], strict=False))
    request = LogRequest(
        instance=int(arguments[1]),
        container=arguments[2],
        lines=int(given.get("lines", _DEFAULT_LINES)),
        previous=bool(given.get("previous")),
        since=_moment(str(given.get("since") or "")),
        times=bool(given.get("times")),
    )
    return tail(context.account, item, request)


def _moment(text: str) -> float | None:
    if not text:
        return None
    try:
        # Docker writes nanoseconds, which Python's times do not have.
        return datetime.fromisoformat(_NANOSECONDS.sub(r"\1", text)).timestamp()
    except ValueError:
        raise errors.invalid_value(text, "since", "a time like 2026-01-31T12:00:00Z") from None


def get_dns_domain(context: Context, arguments: list[Any]) -> str:
    """SYSTEM$GET_SERVICE_DNS_DOMAIN('<database>.<schema>')"""
    errors.require_count("SYSTEM$GET_SERVICE_DNS_DOMAIN", arguments, 1, 1)
    schema = _named(context, "SCHEMA", arguments[0], "database")
    return dns_domain(schema_hash(context, Name(schema.database, schema.name, "")))


def get_pool_status(context: Context, arguments: list[Any]) -> str:
    """SYSTEM$GET_COMPUTE_POOL_STATUS('<pool>')"""
    errors.require_count("SYSTEM$GET_COMPUTE_POOL_STATUS", arguments, 1, 1)
    pool = _named(context, POOL, arguments[0], "account")
    context.require("MONITOR", pool)
    found = pool_state(context.account, pool)
    shown = {"status": found.state, "message": found.message, "error_code": found.code}
    return json.dumps(shown, separators=(",", ":"))


def wait_for_services(context: Context, arguments: list[Any]) -> str:
    """SYSTEM$WAIT_FOR_SERVICES(<seconds>, '<service>', …): waits until all of them run.

    See https://docs.snowflake.com/en/sql-reference/functions/system_wait_for_services

    Raises:
        SnowflakeError: 002003 for an absent service, 003001 without MONITOR on it, 395021 when the time is
            over or a service has failed.
    """
    if len(arguments) < 2 or not isinstance(arguments[0], int):
        raise errors.compilation_error(
            "000938", "22023", "not enough arguments or wrong ones for function [SYSTEM$WAIT_FOR_SERVICES]"
        )
    items = []
    for name in arguments[1:]:
        item = context.get(SERVICE, context.resolve(Statement(str(name)).parts(), "schema"))
        context.require("MONITOR", item)
        items.append(item)
    seconds = float(arguments[0])
    deadline = time.monotonic() + seconds
    for item in items:
        _wait(context, item, "RUNNING", seconds, deadline)
    return "OK"


# Methods of services


def wait_for(context: Context, item: Object, arguments: list[Any]) -> str:
    """svc!SPCS_WAIT_FOR('<status>'[, <seconds>]): waits until the service has that status.

    Raises:
        SnowflakeError: the time is over, or the service can no longer reach the status.
    """
    errors.require_count("SPCS_WAIT_FOR", arguments, 1, 2)
    wanted, seconds = str(arguments[0]).upper(), float(arguments[1]) if len(arguments) > 1 else 300.0
    if wanted not in ("RUNNING", "DONE", "SUSPENDED", "FAILED", "CANCELLED"):
        raise errors.invalid_value(wanted, "status", "RUNNING, DONE, SUSPENDED, FAILED, CANCELLED")
    _wait(context, item, wanted, seconds, time.monotonic() + seconds)
    return f"Service {item.name} reached status {wanted}."


def _wait(context: Context, item: Object, wanted: str, seconds: float, deadline: float) -> None:
    """Return when the service has a status.

    Args:
        seconds: how long the client wants to wait, for the error.
        deadline: when that is over, by the monotonic clock.
    """
    observed = context.account.part(Observed)
    while True:
        version = observed.version
        fresh = context.catalog.by_id(item.id)
        if fresh is None:
            raise errors.does_not_exist(SERVICE, str(item.fqn))
        word = service_status(observed, fresh)
        upgrading = wanted == "RUNNING" and is_upgrading(observed, fresh)
        if word == wanted and not upgrading:
            return
        if _hopeless(word, wanted):
            raise _not_reached(context, fresh, word, f"did not reach status {wanted}: its status is {word}")
        if time.monotonic() >= deadline:
            text = f"did not reach status {wanted} within {seconds:.0f} seconds: its status is {word}"
            raise _not_reached(context, fresh, word, text)
        refuse_when_over(context)
        observed.wait(version, max(0.0, min(0.5, deadline - time.monotonic())))


def _hopeless(word: str, wanted: str) -> bool:
    return word in FINAL or (word == "SUSPENDED" and wanted in ("RUNNING", "DONE", "FAILED"))


def _not_reached(context: Context, item: Object, word: str, text: str) -> errors.SnowflakeError:
    del word
    rows = container_rows(context, item)
    waits = [
        f"{row['container_name']}: {row['status']}, {row['message']}" for row in rows if row.get("message")
    ]
    details = failure_details(context, item) or ("\n" + "\n".join(waits) if waits else "")
    return errors.SnowflakeError("395021", "22023", f"Service {item.fqn} {text}.{details}")


def cancel_job(context: Context, item: Object, arguments: list[Any]) -> str:
    """job!SPCS_CANCEL_JOB(): stops a job's containers; its status becomes CANCELLED."""
    errors.require_count("SPCS_CANCEL_JOB", arguments, 0, 0)
    context.require("OPERATE", item)
    if not item.properties["IS_JOB"]:
        raise errors.unsupported("SPCS_CANCEL_JOB of a service that is not a job")
    cancel(context.catalog, item)
    return f"Job {item.name} is being cancelled."


_METHODS = {"SPCS_WAIT_FOR": wait_for, "SPCS_CANCEL_JOB": cancel_job}


def call(context: Context, statement: Statement) -> Result:
    """CALL <service>!<method>(…), or CALL of a function of the account itself."""
    if statement.words(2)[1:] == ("(",):
        name = statement.word()
        if name not in context.language.functions:
            raise errors.unsupported(f"CALL {name}")
        arguments = functions.read_arguments(statement)
        statement.end()
        return single(name, context.language.functions[name](context, arguments))
    parts = statement.parts()
    if not statement.accept("!"):
        raise errors.unsupported(f"CALL {'.'.join(parts)}")
    method = statement.word()
    if method not in _METHODS:
        raise errors.unsupported(f"{SERVICE}!{method}")
    item = context.get(SERVICE, context.resolve(parts, "schema"))
    arguments = functions.read_arguments(statement)
    statement.end()
    return single(method, _METHODS[method](context, item, arguments))


STATEMENTS = {("CALL",): call}
FUNCTIONS = {
    "SYSTEM$GET_SERVICE_STATUS": get_service_status,
    "SYSTEM$GET_SERVICE_LOGS": get_service_logs,
    "SYSTEM$GET_SERVICE_DNS_DOMAIN": get_dns_domain,
    "SYSTEM$GET_COMPUTE_POOL_STATUS": get_pool_status,
    "SYSTEM$WAIT_FOR_SERVICES": wait_for_services,
}
