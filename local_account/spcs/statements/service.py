"""SERVICE objects. See https://docs.snowflake.com/en/sql-reference/sql/create-service"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import replace
from typing import Any, ClassVar

from local_account.base import errors
from local_account.base.result import Result, columns, status, table
from local_account.base.sql import Name, Statement
from local_account.catalog.catalog import Object
from local_account.identity import session
from local_account.spcs.spec import spec
from local_account.spcs.spec.names import dns_label
from local_account.spcs.spec.source import read_from
from local_account.spcs.state import snapshots
from local_account.spcs.state.lifecycle import dns_name, resume, resume_pool, schema_hash, suspend
from local_account.spcs.state.observed import POOL, SERVICE, Observed
from local_account.spcs.state.scheduler import target_instances
from local_account.spcs.state.status import instance_numbers, is_upgrading, service_status
from local_account.spcs.state.workload import require_allowed, workload_filter
from local_account.spcs.statements import admission
from local_account.spcs.statements.snapshot import restore_volume
from local_account.statement.context import Context
from local_account.statement.object_type import ObjectType, Reader, boolean, integer, one_of, read_options

_HEAD = "name status database_name schema_name owner compute_pool "
_TAIL = (
    "dns_name current_instances:fixed target_instances:fixed min_ready_instances:fixed min_instances:fixed "
    "max_instances:fixed auto_resume external_access_integrations created_on:timestamp_ltz "
    "updated_on:timestamp_ltz resumed_on:timestamp_ltz suspended_on:timestamp_ltz auto_suspend_secs:fixed "
    "comment owner_role_type query_warehouse is_job:boolean is_async_job:boolean spec_digest "
    "is_upgrading:boolean managing_object_domain managing_object_name"
)
_LABEL = re.compile(r"[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?")
DEFAULTS: dict[str, Any] = {
    "AUTO_SUSPEND_SECS": 0,
    "AUTO_RESUME": True,
    "EXTERNAL_ACCESS_INTEGRATIONS": [],
    "MIN_INSTANCES": None,
    "MAX_INSTANCES": None,
    "MIN_READY_INSTANCES": None,
    "QUERY_WAREHOUSE": None,
    "LOG_LEVEL": None,
}


def identifier(statement: Statement) -> str:
    return statement.identifier()


def pool_name(statement: Statement) -> str:
    """The name of a compute pool, plain or inside IDENTIFIER('…')."""
    parts = statement.parts()
    if len(parts) > 1:
        raise errors.syntax_error(1, 0, ".".join(parts))
    return parts[0]


def identifiers(statement: Statement) -> list[str]:
    return statement.listed("identifier")


class Service(ObjectType):
    """Long-running services. Job services are of the same kind; EXECUTE JOB SERVICE makes them.

    Attributes:
        jobs: whether SHOW lists jobs only (True), no jobs (False) or both (None).
    """

    jobs: ClassVar[bool | None] = None
    kind, plural = SERVICE, "SERVICES"
    names_absent_parent = True
    # CREATE asks the registry for the service's images, which takes too long for a transaction.
    atomic = False
    replaceable = renamable = False
    privileges = frozenset({"USAGE", "MONITOR", "OPERATE"})
    options: ClassVar[dict[str, Reader]] = {
        "AUTO_SUSPEND_SECS": integer,
        "AUTO_RESUME": boolean,
        "EXTERNAL_ACCESS_INTEGRATIONS": identifiers,
        "MIN_INSTANCES": integer,
        "MAX_INSTANCES": integer,
        "MIN_READY_INSTANCES": integer,
        "QUERY_WAREHOUSE": identifier,
        "LOG_LEVEL": one_of("TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL", "OFF"),
    }
    defaults: ClassVar[dict[str, Any]] = DEFAULTS
    show_columns = columns(_HEAD + _TAIL)
    describe_columns = columns(_HEAD + "spec " + _TAIL)

    # CREATE

    def read_create(self, context: Context, statement: Statement) -> dict[str, Any]:
        statement.expect("IN", "COMPUTE", "POOL")
        found: dict[str, Any] = {"POOL": pool_name(statement)}
        found |= read_options(statement, self.all_options(), stop=["FROM"])
        statement.expect("FROM")
        found["SOURCE"] = read_from(context, statement)
        return found | read_options(statement, self.all_options())

    def prepare(self, context: Context, name: Name, properties: dict[str, Any]) -> None:
        prepare_service(context, name, properties)

    def created(self, context: Context, item: Object) -> None:
        """Fill block volumes from snapshots, and resume a pool that has AUTO_RESUME."""
        snapshots.seed(context, item)
        resume_pool(context.catalog, item)

    # SHOW and DESCRIBE

    def row(self, context: Context, item: Object) -> dict[str, Any]:
        properties = item.properties
        observed = context.account.part(Observed)
        integrations = properties["EXTERNAL_ACCESS_INTEGRATIONS"]
        down = properties["SUSPENDED"] or properties.get("RESULT")
        return {
            "status": service_status(observed, item),
            "compute_pool": properties["POOL"],
            "dns_name": dns_name(item),
            "current_instances": len(instance_numbers(observed, item)),
            "target_instances": 0 if down else target_instances(item),
            "min_ready_instances": properties["MIN_READY_INSTANCES"],
            "min_instances": properties["MIN_INSTANCES"],
            "max_instances": properties["MAX_INSTANCES"],
            "auto_resume": properties["AUTO_RESUME"],
            "external_access_integrations": json.dumps(integrations, separators=(",", ":"))
            if integrations
            else None,
            "resumed_on": properties.get("RESUMED_ON"),
            "suspended_on": properties.get("SUSPENDED_ON"),
            "auto_suspend_secs": properties["AUTO_SUSPEND_SECS"],
            "comment": item.comment or None,
            "query_warehouse": properties["QUERY_WAREHOUSE"],
            "is_job": properties["IS_JOB"],
            "is_async_job": properties["IS_ASYNC"],
            "spec_digest": properties["SPEC_DIGEST"],
            "is_upgrading": is_upgrading(observed, item),
        }

    def describe(self, context: Context, item: Object) -> Result:
        row = self.show_row(context, item)
        # Only the owner sees the specification, because it may hold confidential values.
        shown = context.access.owns(item)
        row["spec"] = spec.describe(item.properties["SPEC"], item.properties["IMAGES"]) if shown else ""
        return table(self.describe_columns, [row])

    def in_scope(self, context: Context, statement: Statement) -> Iterable[Object]:
        found = services_in(self, context, statement)
        return [item for item in found if self.jobs in (None, item.properties["IS_JOB"])]

    def narrowed(self, found: Iterable[Object], statement: Statement) -> Iterable[Object]:
        return found if workload_filter(statement) else ()

    # ALTER and DROP

    def action(self, context: Context, item: Object, statement: Statement) -> Result | None:
        """SUSPEND, RESUME, FROM <specification> and RESTORE VOLUME."""
        verbs = ("SUSPEND", "RESUME", "FROM", "RESTORE")
        verb = next((verb for verb in verbs if statement.accept(verb)), None)
        if verb is None:
            return None
        _refuse_job(item)
        context.require("OPERATE", item)
        if verb == "RESTORE":
            statement.expect("VOLUME")
            return restore_volume(context, item, statement)
        if verb == "FROM":
            return self._alter_from(context, item, statement)
        statement.end()
        with context.catalog.transaction():
            fresh = self.fresh(context, item)
            if verb == "SUSPEND":
                suspend(context.catalog, fresh)
            else:
                require_allowed(context.catalog)
                resume(context.catalog, fresh)
        return status("Statement executed successfully.")

    def _alter_from(self, context: Context, item: Object, statement: Statement) -> Result:
        source = read_from(context, statement)
        statement.end()
        owner = as_owner(context, item)
        pool = admission.find_pool(owner, item.properties["POOL"])
        prepared = admission.prepare(owner, item.fqn, source, admission.family_of(pool), is_new=False)
        spec.require_same_block_volumes(item.properties["SPEC"], prepared["SPEC"])
        with context.catalog.transaction():
            fresh = self.fresh(context, item)
            labels = admission.ingress_labels(prepared["SPEC"], fresh.properties["INGRESS"])
            fresh.properties |= {**prepared, "INGRESS": labels}
            context.catalog.save(fresh)
        return status("Statement executed successfully.")

    def altered(self, context: Context, item: Object, changed: dict[str, Any]) -> None:
        """A new MIN_INSTANCES moves the other counts along when the statement does not set them."""
        _refuse_job(item)
        owner = as_owner(context, item)
        admission.check_warehouse(owner, changed.get("QUERY_WAREHOUSE"))
        admission.check_integrations(owner, changed.get("EXTERNAL_ACCESS_INTEGRATIONS") or [])
        merged = {**item.properties, **changed}
        for key in ("MAX_INSTANCES", "MIN_READY_INSTANCES"):
            if key not in changed and "MIN_INSTANCES" in changed:
                low, high = changed["MIN_INSTANCES"], merged[key]
                merged[key] = max(low or 1, high) if key == "MAX_INSTANCES" else min(low or 1, high)
        fill_instances(merged)
        if merged["MIN_INSTANCES"] != item.properties["MIN_INSTANCES"] and spec.block_volumes(merged["SPEC"]):
            raise errors.invalid_value(
                merged["MIN_INSTANCES"],
                "MIN_INSTANCES",
                f"{item.properties['MIN_INSTANCES']}, which stays as it is for a service with block volumes",
            )
        changed |= {key: merged[key] for key in ("MIN_INSTANCES", "MAX_INSTANCES", "MIN_READY_INSTANCES")}

    def read_drop(self, statement: Statement) -> bool:
        return statement.accept("FORCE")

    def dropping(self, context: Context, item: Object, forced: bool) -> None:
        """Refuse to drop a service that has block volumes, unless forced; back them up."""
        if not forced and spec.block_volumes(item.properties["SPEC"]):
            raise errors.SnowflakeError(
                "395032",
                "22023",
                f"Service {item.name} has block storage volumes, whose data would be lost. "
                f"Use DROP SERVICE {item.name} FORCE to drop it with them.",
            )
        snapshots.back_up(context, item)


def prepare_service(context: Context, name: Name, properties: dict[str, Any], job: bool = False) -> None:
    """Check everything about a new service or job and complete its properties.

    Raises:
        SnowflakeError: CREATE SERVICE is refused; code and message say why.
    """
    if not _LABEL.fullmatch(dns_label(name.name)):
        raise errors.compilation_error(
            "001003",
            "42000",
            f"invalid service name '{name.name}': it must be a DNS label when '_' is read as '-'.",
        )
    require_allowed(context.catalog)
    pool = admission.find_pool(context, properties["POOL"])
    source = properties.pop("SOURCE")
    properties |= admission.prepare(context, name, source, admission.family_of(pool), job)
    admission.check_warehouse(context, properties["QUERY_WAREHOUSE"])
    admission.check_integrations(context, properties["EXTERNAL_ACCESS_INTEGRATIONS"])
    properties |= {"IS_JOB": job, "IS_ASYNC": properties.get("IS_ASYNC", False), "SUSPENDED": False}
    properties["INGRESS"] = admission.ingress_labels(properties["SPEC"], {})
    properties["DNS_HASH"] = schema_hash(context, name)
    fill_instances(properties)


def fill_instances(properties: dict[str, Any]) -> None:
    """Check the instance counts against each other and fill in missing counts."""
    low = properties["MIN_INSTANCES"] or 1
    high = properties["MAX_INSTANCES"] or low
    ready = properties["MIN_READY_INSTANCES"] or low
    if low < 1 or high < low:
        raise errors.invalid_value(high, "MAX_INSTANCES", f"MIN_INSTANCES ({low}) or more")
    if not 0 < ready <= low:
        raise errors.invalid_value(ready, "MIN_READY_INSTANCES", f"1 to MIN_INSTANCES ({low})")
    if high != low and spec.block_volumes(properties["SPEC"]):
        raise errors.invalid_value(high, "MAX_INSTANCES", f"MIN_INSTANCES ({low}), as block volumes need it")
    seconds = properties["AUTO_SUSPEND_SECS"] = properties["AUTO_SUSPEND_SECS"] or 0
    if seconds and (seconds < 300 or properties["INGRESS"] or properties["IS_JOB"]):
        raise errors.invalid_value(
            seconds, "AUTO_SUSPEND_SECS", "0, or 300 and more for a service without public endpoints"
        )
    properties |= {"MIN_INSTANCES": low, "MAX_INSTANCES": high, "MIN_READY_INSTANCES": ready}


def as_owner(context: Context, item: Object) -> Context:
    """A context with the privileges of the service's owner role, with which its containers act."""
    owner = replace(
        context.session,
        role=item.owner,
        only_role=item.owner,
        method=session.SERVICE_TOKEN,
        secondary_roles="NONE",
    )
    return Context(context.account, owner)


def services_in(kind: ObjectType, context: Context, statement: Statement) -> Iterable[Object]:
    """Services in the scope of the IN clause, which may also name a pool."""
    if statement.accept("IN", "COMPUTE", "POOL"):
        pool = context.get(POOL, Name("", "", pool_name(statement)))
        return [item for item in context.catalog.objects(SERVICE) if item.properties["POOL"] == pool.name]
    return ObjectType.in_scope(kind, context, statement)


def _refuse_job(item: Object) -> None:
    if item.properties["IS_JOB"]:
        raise errors.unsupported("ALTER SERVICE of a job service")


class _WithoutJobs(Service):
    """SHOW SERVICES EXCLUDE JOBS."""

    jobs = False


def show_without_jobs(context: Context, statement: Statement) -> Result:
    return _WithoutJobs().show(context, statement)


TYPES = [Service()]
STATEMENTS = {("SHOW", "SERVICES", "EXCLUDE", "JOBS"): show_without_jobs}
