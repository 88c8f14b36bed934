"""SNAPSHOT objects. See https://docs.snowflake.com/en/sql-reference/sql/create-snapshot"""

from __future__ import annotations

from typing import Any

from local_account.base import errors
from local_account.base.result import Result, columns, status
from local_account.base.sql import Name, Statement
from local_account.catalog.catalog import Object
from local_account.spcs.state import snapshots
from local_account.spcs.state.lifecycle import resume
from local_account.spcs.state.observed import SERVICE, Observed
from local_account.statement.context import Context
from local_account.statement.object_type import REPLACE, ObjectType, read_options

MAX_SNAPSHOTS = 100


class Snapshot(ObjectType):
    """Snapshots of block volumes; the reconciler makes the copy."""

    kind, plural = snapshots.KIND, "SNAPSHOTS"
    privileges = frozenset({"USAGE"})
    show_columns = columns(
        "name state database_name schema_name service_name volume_name instance:fixed size:fixed comment "
        "owner owner_role_type created_on:timestamp_ltz updated_on:timestamp_ltz encryption"
    )

    def create(self, context: Context, statement: Statement, modifiers: frozenset[str]) -> Result:
        if REPLACE in modifiers and statement.words(1) == ("IF",):
            raise statement.unexpected()
        return super().create(context, statement, modifiers)

    def read_create(self, context: Context, statement: Statement) -> dict[str, Any]:
        statement.expect("FROM", "SERVICE")
        found: dict[str, Any] = {"SERVICE": context.resolve(statement.parts(), "schema")}
        statement.expect("VOLUME")
        found["VOLUME"] = statement.identifier()
        statement.expect("INSTANCE")
        found["INSTANCE"] = statement.integer()
        return found | read_options(statement, self.all_options())

    def check(self, context: Context, name: Name, properties: dict[str, Any]) -> None:
        """Find the volume and require OPERATE on its service; the account has a limit of snapshots."""
        context.require_usage(properties["SERVICE"])
        service = context.get(SERVICE, properties["SERVICE"])
        context.require("OPERATE", service)
        volume = find_volume(service, properties["VOLUME"])
        require_instance(service, properties["INSTANCE"])
        if len(context.catalog.objects(self.kind)) >= MAX_SNAPSHOTS:
            raise refused(f"the account has {MAX_SNAPSHOTS} snapshots already; drop one first")
        labels = context.account.settings.labels
        properties |= snapshots.properties_of(
            labels, context.catalog, service, volume, properties["INSTANCE"]
        )

    def row(self, context: Context, item: Object) -> dict[str, Any]:
        properties = item.properties
        return {
            "state": properties["STATE"],
            "service_name": properties["SERVICE"],
            "volume_name": properties["VOLUME"],
            "instance": properties["INSTANCE"],
            "size": properties["SIZE"],
            "comment": item.comment or None,
            "encryption": properties["ENCRYPTION"],
        }

    def action(self, context: Context, item: Object, statement: Statement) -> Result | None:
        if statement.words(1) in (("UNSET",), ("RENAME",)) or statement.words(2) == ("SET", "TAG"):
            raise errors.unsupported(f"ALTER SNAPSHOT {' '.join(statement.words(2))}")
        return None


def restore_volume(context: Context, item: Object, statement: Statement) -> Result:
    """ALTER SERVICE … RESTORE VOLUME <name> INSTANCES <n>, … FROM SNAPSHOT <name>

    Raises:
        SnowflakeError: 395033 when the service is not suspended or the snapshot does not fit.
    """
    volume_name = statement.identifier()
    statement.expect("INSTANCES")
    numbers = [statement.integer()]
    while statement.accept(","):
        numbers.append(statement.integer())
    statement.expect("FROM", "SNAPSHOT")
    name = context.resolve(statement.parts(), "schema")
    statement.end()
    with context.catalog.transaction():
        snapshot = usable(context, name)
        item = context.get(SERVICE, item.fqn)
        volume = find_volume(item, volume_name)
        for number in numbers:
            require_instance(item, number)
        require_fitting(snapshot, volume)
        if not item.properties["SUSPENDED"] or context.account.part(Observed).instances(item.id):
            raise refused(f"service {item.name} must be suspended before a volume of it is restored")
        for number in dict.fromkeys(numbers):
            snapshots.replace(context, item, volume, number, snapshot)
        resume(context.catalog, item)
    return status("Statement executed successfully.")


def usable(context: Context, name: Name) -> Object:
    """A snapshot that volumes can be made from.

    Raises:
        SnowflakeError: 002003 when it is absent or invisible, 003001 without USAGE on it, 395033 when its
            state is not CREATED.
    """
    context.require_usage(name)
    snapshot = context.get(snapshots.KIND, name)
    context.require("USAGE", snapshot)
    if snapshot.properties["STATE"] != snapshots.CREATED:
        raise refused(f"snapshot {name} is {snapshot.properties['STATE']}, it must be CREATED")
    return snapshot


def require_fitting(snapshot: Object, volume: dict[str, Any]) -> None:
    """Refuse a snapshot that is larger than the volume or has another encryption.

    Raises:
        SnowflakeError: 395033.
    """
    size, encryption = snapshot.properties["SIZE"], snapshot.properties["ENCRYPTION"]
    if size > snapshots.gibibytes(volume):
        raise refused(
            f"volume '{volume['name']}' of {volume['size']} is smaller than snapshot {snapshot.name} "
            f"of {size}Gi"
        )
    if encryption != volume["blockConfig"]["encryption"]:
        raise refused(
            f"snapshot {snapshot.name} has encryption {encryption}, volume '{volume['name']}' has "
            f"{volume['blockConfig']['encryption']}"
        )


def find_volume(service: Object, name: str) -> dict[str, Any]:
    """A block volume of a service, by name.

    Raises:
        SnowflakeError: 395033 when the service has no such block volume.
    """
    for volume in snapshots.block_volumes(service):
        if volume["name"] == name:
            return volume
    raise refused(f"service {service.name} has no block volume '{name}'")


def require_instance(service: Object, number: int) -> None:
    if not 0 <= number < service.properties["MIN_INSTANCES"]:
        raise refused(f"service {service.name} has no instance {number}")


def refused(text: str) -> errors.SnowflakeError:
    """The error 395033 for a snapshot that cannot be made or used."""
    return errors.SnowflakeError("395033", "22023", f"Invalid snapshot operation: {text}.")


TYPES = [Snapshot()]
