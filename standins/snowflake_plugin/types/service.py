"""Services and job services.

See https://docs.snowflake.com/en/sql-reference/sql/create-service and
https://docs.snowflake.com/en/sql-reference/sql/execute-job-service. The specification is what the program
wrote; files on a stage and changes outside the program are not read.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from standins.snowflake_plugin import sql
from standins.snowflake_plugin.columns import columns, truth
from standins.snowflake_plugin.objects import COMMENT, DATABASE, FIXED_NAME, SCHEMA, ObjectResource, Row
from standins.snowflake_plugin.properties import Prop, not_dollars
from standins.snowflake_plugin.resource import Changes, State
from standins.snowflake_plugin.session import Session

_SHOW = (
    "name status database_name schema_name owner compute_pool dns_name current_instances:int"
    " target_instances:int min_ready_instances:int min_instances:int max_instances:int"
    " auto_resume:bool external_access_integrations:list created_on updated_on resumed_on suspended_on"
    " auto_suspend_secs:int comment owner_role_type query_warehouse is_job:bool is_async_job:bool"
    " spec_digest is_upgrading:bool managing_object_domain managing_object_name"
)
_COMPUTE_POOL = Prop(
    "computePool", "ident", plain=False, required=True, replace=True, show="computePool", quoted=True
)


def _specification(value: Mapping[str, Any]) -> str | None:
    """The specification is either a text or a file; a file needs its stage."""
    if bool(value.get("text")) == bool(value.get("file")):
        return "one of `file,text` must be specified"
    if bool(value.get("file")) != bool(value.get("stage")) or (value.get("path") and not value.get("file")):
        return "`stage` and `file` must be specified together, and `path` only with them"
    for text in (value.get("text") or "", *(item["value"] for item in value.get("usings", ()))):
        if wrong := not_dollars(text):
            return wrong
    return None


def _template(value: Mapping[str, Any]) -> str | None:
    return _specification(value) or (
        None if value.get("usings") else "at least one `usings` must be specified"
    )


def _sources(*, replace: bool) -> tuple[Prop, ...]:
    return (
        Prop("fromSpecification", "block", replace=replace, quiet=True, check=_specification),
        Prop("fromSpecificationTemplate", "block", replace=replace, quiet=True, check=_template),
    )


def source(block: Mapping[str, Any], *, template: bool) -> str:
    """``FROM …`` with the specification, inline or on a stage."""
    word = "SPECIFICATION_TEMPLATE" if template else "SPECIFICATION"
    if block.get("text"):
        written = f"FROM {word} {sql.dollar(block['text'])}"
    else:
        place = f"@{sql.qualified(block['stage'])}" + (f"/{block['path']}" if block.get("path") else "")
        written = f"FROM {sql.literal(place)} {word}_FILE = {sql.literal(block['file'])}"
    if template:
        values = ", ".join(
            f"{sql.ident(item['key'])} => {sql.dollar(item['value'])}" for item in block["usings"]
        )
        written += f" USING ({values})"
    return written


class Service(ObjectResource):
    """A long-running service. Nothing waits for it to be ready."""

    type = "Service"
    kind = "SERVICE"
    place = ("database", "schema", "name")
    exactly_one = (("fromSpecification", "fromSpecificationTemplate"),)
    props = (
        FIXED_NAME,
        DATABASE,
        SCHEMA,
        _COMPUTE_POOL,
        *_sources(replace=False),
        Prop("autoSuspendSecs", "count", minimum=0, drift="autoSuspendSecs"),
        Prop(
            "externalAccessIntegrations", "idents", show="externalAccessIntegrations", quoted=True, quiet=True
        ),
        Prop("autoResume", "flag", drift="autoResume"),
        Prop("minInstances", "int", minimum=1, drift="minInstances"),
        Prop("minReadyInstances", "int", minimum=1, drift="minReadyInstances"),
        Prop("maxInstances", "int", minimum=1, drift="maxInstances"),
        Prop("queryWarehouse", "ident", drift="queryWarehouse"),
        COMMENT,
    )
    set_order = (
        "minInstances",
        "maxInstances",
        "autoSuspendSecs",
        "minReadyInstances",
        "queryWarehouse",
        "autoResume",
        "externalAccessIntegrations",
        "comment",
    )
    type_output = ("serviceType", "", ("SERVICE",))
    computed = (*ObjectResource.computed, "serviceType")
    show_columns = columns(_SHOW)
    describe_columns = columns(_SHOW + " spec")

    @staticmethod
    def source(values: State) -> str:
        """The specification that the program gives."""
        template = bool(values.get("fromSpecificationTemplate"))
        return source(
            values["fromSpecificationTemplate" if template else "fromSpecification"], template=template
        )

    def create_object(self, session: Session, names: Sequence[str], inputs: State) -> None:
        """Run CREATE SERVICE."""
        place = f"{sql.path(names)} IN COMPUTE POOL {sql.ident(inputs['computePool'])}"
        session.run(f"CREATE SERVICE {place} {self.source(inputs)}{self.options(inputs)}", self.timeout)

    def alter(
        self, session: Session, names: Sequence[str], olds: State, news: State, changes: Changes
    ) -> None:
        """Send the specification first, in a separate statement."""
        if "fromSpecification" in changes or "fromSpecificationTemplate" in changes:
            session.run(f"ALTER SERVICE {sql.path(names)} {self.source(news)}", self.timeout)
        super().alter(session, names, olds, news, changes)

    def drop(self, session: Session, names: Sequence[str]) -> None:
        """DROP with FORCE, because that also drops a service with block volumes."""
        session.run(f"DROP SERVICE IF EXISTS {sql.path(names)} FORCE", self.timeout)

    def actual_type(self, row: Row) -> str:
        """SERVICE or JOB_SERVICE."""
        return "JOB_SERVICE" if truth(row.get("is_job")) else "SERVICE"


class JobService(Service):
    """A job service, started in the background and never waited for. Every change runs it again."""

    type = "JobService"
    gate = "snowflake_job_service_resource"
    props = (
        FIXED_NAME,
        DATABASE,
        SCHEMA,
        _COMPUTE_POOL,
        *_sources(replace=True),
        Prop("queryWarehouse", "ident", replace=True, drift="queryWarehouse"),
        Prop("comment", replace=True, show="comment"),
        Prop(
            "externalAccessIntegrations",
            "idents",
            replace=True,
            show="externalAccessIntegrations",
            quoted=True,
        ),
    )
    type_output = ("serviceType", "", ("JOB_SERVICE",))

    def create_object(self, session: Session, names: Sequence[str], inputs: State) -> None:
        """Run EXECUTE JOB SERVICE."""
        session.run(
            f"EXECUTE JOB SERVICE IN COMPUTE POOL {sql.ident(inputs['computePool'])} NAME = {sql.path(names)}"
            f" ASYNC = true{self.options(inputs)} {self.source(inputs)}",
            self.timeout,
        )
