"""Resumes a suspended service before something runs that needs it.

Otherwise `up` would wait for a service that nobody starts. An `up` that does not change a suspended service,
and runs nothing that needs it, leaves it suspended.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

import pulumi

from components.account import sql
from components.account.account import Query
from components.account.diagnosis import describe
from components.account.errors import ResumeError
from components.account.place import Place

SERVICE_DOWN = ("SUSPENDED", "SUSPENDING")
"""The statuses of a service that is suspended or being suspended."""


@dataclass(frozen=True, kw_only=True)
class Resumer:
    """Resumes one service if it is suspended.

    Attributes:
        place: schema and owner of the service.
        service: name of the service with database and schema, unquoted.
        timeout: seconds to wait until the service runs.
    """

    place: Place
    service: pulumi.Output[str]
    timeout: int

    def hook(self, name: str) -> pulumi.ResourceHook:
        """A hook that runs before a resource is created; it does nothing in a preview.

        Args:
            name: name of the hook, unique in the stack.

        Raises:
            ResumeError: from the hook, if the service does not run within the time-out.
        """

        async def resume(_: pulumi.ResourceHookArgs) -> None:
            service = await self.service.future()
            if service and await asyncio.to_thread(self._resume, service):
                pulumi.log.info(f"{service} was suspended and has been resumed")

        return pulumi.ResourceHook(name, resume)

    def _resume(self, service: str) -> bool:
        with self.place.account.queries(self.place.owner_role) as query:
            if not is_suspended(query, service):
                return False
            query(f"ALTER SERVICE {sql.quoted(service)} RESUME")
            self._wait(query, service)
            return True

    def _wait(self, query: Query, service: str) -> None:
        from snowflake.connector import Error

        try:
            query(f"CALL {sql.quoted(service)}!SPCS_WAIT_FOR('RUNNING', {self.timeout})")
        except Error as error:
            raise ResumeError(f"{error.msg or error}\n{describe(query, service)}") from error


def is_suspended(query: Query, service: str) -> bool:
    """Whether a service is suspended or being suspended.

    Args:
        query: runs a statement in a role that may see the service.
        service: name with database and schema, unquoted.
    """
    rows = query(f"DESCRIBE SERVICE {sql.quoted(service)}")
    return rows[0]["status"] in SERVICE_DOWN
