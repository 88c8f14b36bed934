"""The deployed Milvus service and the snapshots of its volume, by SQL.

See https://docs.snowflake.com/en/developer-guide/snowpark-container-services/block-storage-volume.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from components.account import sql
from components.account.account import Query
from components.checks.data_loss import MilvusDeployment, deployed_milvus
from components.services.milvus import VOLUME
from components.services.suspension import SERVICE_DOWN
from machine.errors import UserError
from machine.terminal import say
from operations.power import poll
from operations.target import Target


class DataError(UserError):
    """A backup, restore, migration or import cannot be done; the message says why, and what to do."""


class Milvus:
    """The Milvus service of a stack.

    Args:
        target: the stack.
        query: runs statements as the deploying role, which inherits the owner role. Snapshots belong to it,
            so nothing that runs in a container can drop them.

    Raises:
        DataError: the stack's state has no Milvus.
    """

    holder: MilvusDeployment

    def __init__(self, target: Target, query: Query) -> None:
        holder = deployed_milvus(target.resources)
        if holder is None:
            raise DataError("The stack has no Milvus service. `make up` deploys it.")
        self.holder = holder
        self.schema = (holder.database, holder.schema)
        self.path = (*self.schema, holder.service)
        self.name = ".".join(self.path)
        self._quoted = sql.identifier(*self.path)
        self._query = query
        self._timeout = target.settings.ready_timeout
        self._owner = target.owner_role

    def status(self) -> str | None:
        """Status as SHOW SERVICES has it; None when the service is not there."""
        rows = self._query(
            f"SHOW SERVICES LIKE {sql.literal(self.path[-1])} IN SCHEMA {sql.identifier(*self.schema)}"
        )
        return next((row["status"] for row in rows if row["name"] == self.path[-1]), None)

    def suspend(self) -> None:
        """Stop the service and wait until its containers are gone."""
        if self.status() not in SERVICE_DOWN:
            self._query(f"ALTER SERVICE {self._quoted} SUSPEND")
        self._until(lambda: self.status() == "SUSPENDED", f"service {self.name} is not suspended")

    def resume(self) -> None:
        """Start the service if it is suspended, and wait until it runs."""
        if self.status() in SERVICE_DOWN:
            self._query(f"ALTER SERVICE {self._quoted} RESUME")
        self.wait()

    def wait(self) -> None:
        """Wait until the service runs.

        Raises:
            snowflake.connector.Error: it does not, within the setting `readyTimeout`.
        """
        self._query(f"CALL {self._quoted}!SPCS_WAIT_FOR('RUNNING', {self._timeout})")

    @contextmanager
    def stopped(self) -> Iterator[None]:
        """Suspend the service inside the `with` block; a service that ran before runs again afterwards."""
        ran = self.status() not in SERVICE_DOWN
        self.suspend()
        try:
            yield
        finally:
            if ran:
                self.resume()

    def snapshots(self) -> list[dict[str, Any]]:
        """Snapshots of the volume, the oldest first, including automatic ones of deleted volumes."""
        rows = self._query(f"SHOW SNAPSHOTS IN SCHEMA {sql.identifier(*self.schema)}")
        mine = [
            row
            for row in rows
            if _same_service(row["service_name"], self.path) and row["volume_name"] == VOLUME
        ]
        return sorted(mine, key=lambda row: row["created_on"])

    def take(self, name: str) -> None:
        """Make a snapshot that the owner role may use, and wait until it is complete.

        Raises:
            DataError: Snowflake could not make it, or not within `readyTimeout`.
        """
        snapshot = sql.identifier(*self.schema, name)
        self._query(
            f'CREATE SNAPSHOT {snapshot} FROM SERVICE {self._quoted} VOLUME "{VOLUME}" INSTANCE 0 '
            f"COMMENT = {sql.literal(_comment(self.holder.version))}"
        )
        self._until(lambda: self._state(name) != "INITIALIZED", f"snapshot {name} is not made")
        if self._state(name) != "CREATED":
            raise DataError(f"snapshot {name} could not be made; its state is {self._state(name)}")
        self._query(f"GRANT USAGE ON SNAPSHOT {snapshot} TO ROLE {sql.identifier(self._owner)}")
        say("snapshot", f"{name} of volume {VOLUME} of service {self.name}")

    def drop_snapshot(self, name: str) -> None:
        """Drop a snapshot of the volume."""
        self._query(f"DROP SNAPSHOT {sql.identifier(*self.schema, name)}")
        say("snapshot", f"{name} is dropped")

    def put_back(self, snapshot: str) -> None:
        """Replace the volume's content by a snapshot's and wait until Milvus runs with it.

        What the volume held is kept for a week in a snapshot that Snowflake makes.
        """
        self.suspend()
        self._query(
            f'ALTER SERVICE {self._quoted} RESTORE VOLUME "{VOLUME}" INSTANCES 0 '
            f"FROM SNAPSHOT {sql.identifier(*self.schema, snapshot)}"
        )
        self.resume()
        say("service", f"{self.name} runs with the content of snapshot {snapshot}")

    def _state(self, name: str) -> str:
        return next((row["state"] for row in self.snapshots() if row["name"] == name), "DROPPED")

    def _until(self, reached: Callable[[], bool], otherwise: str) -> None:
        if not poll(reached, bool, self._timeout):
            raise DataError(f"{otherwise} after {self._timeout} seconds")


def version_of(snapshot: dict[str, Any]) -> str:
    """Version of Milvus that wrote a snapshot; empty when the snapshot does not say it."""
    return (snapshot.get("comment") or "").removeprefix(_comment(""))


def _comment(version: str) -> str:
    return f"Milvus {version}"


def _same_service(shown: str, path: tuple[str, ...]) -> bool:
    """SHOW SNAPSHOTS has the service's name with or without database and schema."""
    parts = sql.parts(shown)
    return parts == path[-len(parts) :]
