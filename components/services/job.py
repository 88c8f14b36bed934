"""A job: a service that runs once, while `pulumi up` waits for its end."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi
import pulumi_snowflake as snowflake

from components.account import sql
from components.account.diagnosis import Diagnosis, logs_statement
from components.account.place import Place
from components.services import specification

_LOG_LINES = 20


@dataclass(kw_only=True)
class JobArgs:
    """Inputs of Job.

    Attributes:
        name: name of the job.
        container: the container whose log is the output of the job.
        template: file name of the specification in specs/.
        values: values for the template.
        place: schema and owner of the job.
        compute_pool: the compute pool that the job runs on.
        depends_on: resources that must exist before the job runs; default: none.
        triggers: texts whose change runs the job again, in addition to the specification; default: none.
        replace_with: resources whose replacement runs the job again; default: none.
        before: hooks that run before the job, e.g. one that resumes a service; default: none.
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
    """Runs a job service. If the job fails, `pulumi up` fails and shows the log of the job.

    It is made with a statement, because the provider's job resource does not wait until the job has ended.
    See https://docs.snowflake.com/en/sql-reference/sql/execute-job-service.
    """

    last_line: pulumi.Output[str]
    """The last line of the job's output."""

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
                # A finished job keeps its name until it is dropped.
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
    """The statement that runs a job and waits for its end.

    Args:
        service: name of the job with database and schema, unquoted.
        compute_pool: the compute pool that the job runs on.
        text: the specification.
        triggers: texts whose change makes another statement, so that the job runs again.
    """
    return (
        f"EXECUTE JOB SERVICE IN COMPUTE POOL {sql.identifier(compute_pool)} NAME = {sql.quoted(service)} "
        f"FROM SPECIFICATION {sql.dollar(text)} /* {sql.fingerprint(text, *triggers)} */"
    )


def last_line(rows: Sequence[Mapping[str, str]] | None) -> str:
    """The last line that is not empty in the rows of the log query; the empty text if there is none."""
    lines = (rows[0].get("LOGS") or "").strip().splitlines() if rows else []
    return lines[-1].strip() if lines else ""
