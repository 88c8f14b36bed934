"""A job: a service that runs to its end while `pulumi up` waits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi
import pulumi_snowflake as snowflake

from components import specification, sql
from components.diagnosis import Diagnosis, logs_statement
from components.place import Place

_LOG_LINES = 20


@dataclass(kw_only=True)
class JobArgs:
    """Inputs of Job.

    Attributes:
        name: the job's name.
        container: the container whose log is the job's output.
        template: file name of the specification in specs/.
        values: values for the template.
        place: where it is made, and as whom.
        compute_pool: the pool it runs on.
        depends_on: what must be there before it runs.
        triggers: texts that run the job again when they change; the specification always does.
        replace_with: resources whose replacement runs the job again.
        before: hooks that run before it, e.g. one that resumes a service.
    """

    name: str
    container: str
    template: str
    values: Mapping[str, pulumi.Input[object]]
    place: Place
    compute_pool: pulumi.Input[str]
    depends_on: Sequence[pulumi.Resource] = ()
    triggers: Sequence[pulumi.Input[str]] = ()
    replace_with: Sequence[pulumi.Resource] = ()
    before: Sequence[pulumi.ResourceHook] = ()


class Job(pulumi.ComponentResource):
    """Runs a job service and fails when it fails, with its log.

    A statement, because the provider's job resource does not wait for the end.
    See https://docs.snowflake.com/en/sql-reference/sql/execute-job-service.
    """

    last_line: pulumi.Output[str]
    """Last line of the job's output."""

    def __init__(self, name: str, args: JobArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("milvus-spcs:index:Job", name, {}, opts)
        text = pulumi.Output.all(**args.values).apply(
            lambda values: specification.render(args.template, **values)
        )
        service = args.place.qualified(args.name)
        diagnosis = Diagnosis(place=args.place, service=service)
        run = snowflake.Execute(
            name,
            execute=pulumi.Output.all(service, args.compute_pool, text, *args.triggers).apply(
                lambda values: statement(*values)
            ),
            query=service.apply(lambda job: logs_statement(job, args.container, lines=_LOG_LINES)),
            revert=service.apply(lambda job: f"DROP SERVICE IF EXISTS {sql.quoted(job)} FORCE"),
            opts=pulumi.ResourceOptions(
                parent=self,
                protect=False,
                retain_on_delete=False,
                depends_on=list(args.depends_on),
                # The name of a finished job is taken until it is dropped.
                delete_before_replace=True,
                replace_with=list(args.replace_with),
                hooks=pulumi.ResourceHookBinding(
                    before_create=list(args.before), on_error=[diagnosis.job_hook(name)]
                ),
            ),
        )
        self.last_line = run.query_results.apply(last_line)
        self.register_outputs({"lastLine": self.last_line})


def statement(service: str, compute_pool: str, text: str, *triggers: str) -> str:
    """The statement that runs a job to its end.

    Args:
        service: the job's name with database and schema, unquoted.
        compute_pool: where it runs.
        text: its specification.
        triggers: texts that make the statement differ when they change.
    """
    return (
        f"EXECUTE JOB SERVICE IN COMPUTE POOL {sql.identifier(compute_pool)} NAME = {sql.quoted(service)} "
        f"FROM SPECIFICATION {sql.dollar(text)} /* {sql.fingerprint(text, *triggers)} */"
    )


def last_line(rows: Sequence[Mapping[str, str]] | None) -> str:
    """Last line that is not empty in the rows of the log query."""
    lines = (rows[0].get("LOGS") or "").strip().splitlines() if rows else []
    return lines[-1].strip() if lines else ""
