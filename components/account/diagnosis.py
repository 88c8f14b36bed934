"""Reports on a service that failed: the states and the last log lines of its containers.

See https://docs.snowflake.com/en/developer-guide/snowpark-container-services/monitoring-services.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

import pulumi

from components.account import sql
from components.account.account import Query
from components.account.place import Place

LOG_LINES = 30
_HEALTHY = {"READY", "DONE"}


@dataclass(frozen=True, kw_only=True)
class Diagnosis:
    """Reports on one service when a statement about it fails.

    Attributes:
        place: schema and owner of the service; the owner may read status and logs.
        service: name of the service with database and schema, unquoted.
    """

    place: Place
    service: pulumi.Output[str]

    def hook(self, name: str) -> pulumi.ErrorHook:
        """An error hook that shows the report; the statement still fails.

        Args:
            name: name of the hook, unique in the stack.
        """

        async def show(_: pulumi.ErrorHookArgs) -> bool:
            await self.show(drop=False)
            return False

        return pulumi.ErrorHook(name, show)

    def job_hook(self, name: str) -> pulumi.ErrorHook:
        """An error hook that shows the report and drops the job, so that its name can be used again.

        If the statement failed only because a job of an earlier, interrupted `up` was left, the hook drops
        that job without a report, and the statement is sent again.

        Args:
            name: name of the hook, unique in the stack.
        """

        async def show(args: pulumi.ErrorHookArgs) -> bool:
            left_over = len(args.errors) == 1 and "already exists" in args.errors[0]
            await self.show(drop=True, quiet=left_over)
            return left_over

        return pulumi.ErrorHook(name, show)

    async def show(self, *, drop: bool, quiet: bool = False) -> None:
        """Show the report as an error unless `quiet` is set; `drop` drops the job too."""
        service = await self.service.future()
        if service is None:
            return
        report = await asyncio.to_thread(self._examine, service, drop)
        if not quiet:
            pulumi.log.error(report)

    def _examine(self, service: str, drop: bool) -> str:
        from snowflake.connector import Error

        try:
            with self.place.account.queries(self.place.owner_role) as query:
                report = describe(query, service)
                if drop:
                    query(f"DROP SERVICE IF EXISTS {sql.quoted(service)} FORCE")
                return report
        except Error as error:
            return f"{service}: its status and logs could not be read: {error.msg or error}"


def describe(query: Query, service: str) -> str:
    """The states of all containers of a service, and the log lines of those that are not healthy.

    Args:
        query: runs a statement in the role that owns the service.
        service: name with database and schema, unquoted.
    """
    rows = query(f"SHOW SERVICE CONTAINERS IN SERVICE {sql.quoted(service)}")
    lines = [f"{service} did not succeed:"]
    for row in rows:
        container, instance, status = row["container_name"], row["instance_id"], row["status"]
        exit_code = row.get("last_exit_code")
        lines.append(
            f"  container {container}, instance {instance}: {status}, {row['message']}; "
            f"{row.get('restart_count') or 0} restarts"
            + (f", last exit code {exit_code}" if exit_code not in (None, "") else "")
        )
        if status not in _HEALTHY and instance is not None:
            lines += [f"    | {line}" for line in read_logs(query, service, str(instance), container)]
    return "\n".join(lines)


def read_logs(query: Query, service: str, instance: str, container: str) -> list[str]:
    """The last log lines of one container; if there are none, one line that says so."""
    rows = query(logs_statement(service, container, instance=instance, lines=LOG_LINES))
    text: str = rows[0]["LOGS"] or ""
    return text.splitlines() or ["(no log lines)"]


def logs_statement(service: str, container: str, *, instance: str = "0", lines: int) -> str:
    """The statement that reads the log of a container; its result is one row with the column LOGS."""
    arguments = f"{sql.literal(service)}, {sql.literal(instance)}, {sql.literal(container)}, {lines}"
    return f"SELECT SYSTEM$GET_SERVICE_LOGS({arguments}) AS LOGS"
