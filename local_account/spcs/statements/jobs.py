"""Job services. See https://docs.snowflake.com/en/sql-reference/sql/execute-job-service"""

from __future__ import annotations

import uuid
from typing import Any, ClassVar

from local_account.base import errors
from local_account.base.result import Column, Result, status
from local_account.base.sql import Name, Statement
from local_account.catalog.catalog import Object
from local_account.spcs.spec.source import read_from
from local_account.spcs.state.lifecycle import cancel
from local_account.spcs.state.logs import LogRequest, tail
from local_account.spcs.state.observed import Observed
from local_account.spcs.state.status import FINAL, service_status
from local_account.spcs.statements.service import (
    DEFAULTS,
    Service,
    identifier,
    identifiers,
    pool_name,
    prepare_service,
)
from local_account.statement.context import Context
from local_account.statement.object_type import boolean, integer, read_options, text

_OPTIONS = {
    "ASYNC": boolean,
    "REPLICAS": integer,
    "QUERY_WAREHOUSE": identifier,
    "COMMENT": text,
    "EXTERNAL_ACCESS_INTEGRATIONS": identifiers,
}
_LOG_LINES = 20


class _Job(Service):
    """Stores jobs, and answers SHOW JOB SERVICES."""

    plural, jobs = "JOB SERVICES", True
    show_columns: ClassVar[list[Column]] = [one for one in Service.show_columns if one.name != "is_job"]

    def read_create(self, context: Context, statement: Statement) -> dict[str, Any]:
        """The part after IN COMPUTE POOL: options and FROM, in any order."""
        found: dict[str, Any] = {}
        while not statement.done:
            if statement.accept("FROM"):
                found["SOURCE"] = read_from(context, statement)
            elif statement.accept("NAME"):
                statement.expect("=")
                found["NAME"] = statement.parts()
            else:
                found |= read_options(statement, _OPTIONS, stop=["FROM", "NAME"])
        if "SOURCE" not in found:
            raise statement.unexpected()
        return found

    def prepare(self, context: Context, name: Name, properties: dict[str, Any]) -> None:
        prepare_service(context, name, properties, job=True)


_JOB = _Job()


def execute_job(context: Context, statement: Statement) -> Result:
    """EXECUTE JOB SERVICE; the synchronous form ends when the job does.

    Raises:
        SnowflakeError: the job was refused, or it failed; then the message has its status, its containers'
            messages and their last log lines.
    """
    statement.expect("IN", "COMPUTE", "POOL")
    properties = {**DEFAULTS, "POOL": pool_name(statement), **_JOB.read_create(context, statement)}
    parts = properties.pop("NAME", None) or [f"JOB_{uuid.uuid4().hex.upper()}"]
    name = context.resolve(parts, "schema")
    properties["IS_ASYNC"] = properties.pop("ASYNC", False)
    properties["MIN_INSTANCES"] = properties.pop("REPLICAS", None)
    _JOB.store(context, name, properties, if_not_exists=False, replace=False)
    if properties["IS_ASYNC"]:
        return status(f"Job {name.name} successfully submitted.")
    return _await(context, name)


def _await(context: Context, name: Name) -> Result:
    observed = context.account.part(Observed)
    while True:
        version = observed.version
        item = context.catalog.find("SERVICE", name)
        if item is None:
            raise _failed(f"Job {name} was dropped while it ran.")
        word = service_status(observed, item)
        if word == "DONE":
            return status(f"Job {name.name} completed successfully with status: DONE.")
        if word in FINAL:
            raise _failed(f"Job {name} ended with status: {word}.{failure_details(context, item)}")
        if context.cancelled.is_set():
            cancel(context.catalog, item)
        refuse_when_over(context)
        observed.wait(version, 0.5)


def refuse_when_over(context: Context) -> None:
    """End a wait when its client gives up, when its time is over, or when the server stops.

    Raises:
        SnowflakeError: 000604 when the wait must end.
    """
    if context.cancelled.is_set():
        raise errors.SnowflakeError("000604", "57014", "SQL execution canceled")
    if context.account.part(Observed).closing:
        raise errors.SnowflakeError("000604", "57014", "SQL execution canceled: the account is stopping")


def failure_details(context: Context, item: Object) -> str:
    """Messages and last log lines of containers with problems, as text to append to an error."""
    found = []
    for number, state in context.account.part(Observed).instances(item.id).items():
        for name, container in state.containers.items():
            if container.status in ("READY", "DONE"):
                continue
            code = f" (exit code {container.last_exit_code})" if container.last_exit_code is not None else ""
            found.append(
                f"Container {name} of instance {number}: {container.status}, {container.message}{code}"
            )
            request = LogRequest(number, name, _LOG_LINES, previous=container.crashes > 0)
            lines = tail(context.account, item, request)
            if lines:
                found.append(f"Last lines of its log:\n{lines}")
    return "\n" + "\n".join(found) if found else ""


def _failed(message: str) -> errors.SnowflakeError:
    return errors.SnowflakeError("395020", "22023", message)


def show_jobs(context: Context, statement: Statement) -> Result:
    """SHOW JOB SERVICES …"""
    return _JOB.show(context, statement)


STATEMENTS = {("EXECUTE", "JOB", "SERVICE"): execute_job, ("SHOW", "JOB", "SERVICES"): show_jobs}
