"""The part of the catalog for block volumes that are filled from a snapshot, and their Docker volumes.

A block volume gets a row when it is to be filled from a snapshot. Without a row, its Docker volume has the
name that follows from service, instance and volume. The row says whether the copy is complete. A copy that a
crash interrupted is started again, and is never mounted.
"""

from __future__ import annotations

from typing import NamedTuple

from local_account.catalog.store import Store

FILLING, FILLED, OBSOLETE = "filling", "filled", "obsolete"
_ORDER = "docker, service, instance, volume, source, snapshot, state"


class BlockVolume(NamedTuple):
    """One Docker volume behind a block volume.

    Attributes:
        docker: the volume's name in Docker.
        service: id of the service.
        volume: the volume's name in the specification.
        source: name of the Docker volume that the content is copied from.
        snapshot: full name of the snapshot that has this content.
        state: `filling`, `filled`, or `obsolete` once another volume has replaced it.
    """

    docker: str
    service: int
    instance: int
    volume: str
    source: str
    snapshot: str
    state: str


class BlockVolumes(Store):
    """Block volumes that were filled from a snapshot, with their Docker volumes."""

    def put_block_volume(self, row: BlockVolume) -> None:
        with self.transaction():
            self._connection.execute("INSERT OR REPLACE INTO block_volumes VALUES (?,?,?,?,?,?,?)", row)

    def block_volume(self, service: int, instance: int, volume: str) -> BlockVolume | None:
        """The row of the Docker volume in use; None when it was not filled from a snapshot."""
        query = f"SELECT {_ORDER} FROM block_volumes WHERE service=? AND instance=? AND volume=? AND state<>?"  # noqa: S608
        rows = self._rows(query, (service, instance, volume, OBSOLETE))
        return BlockVolume(*rows[0]) if rows else None

    def block_volumes(self) -> list[BlockVolume]:
        return [BlockVolume(*row) for row in self._rows(f"SELECT {_ORDER} FROM block_volumes")]  # noqa: S608

    def set_block_volume_filled(self, docker: str) -> None:
        with self.transaction(telling=False):
            self._connection.execute(
                "UPDATE block_volumes SET state=? WHERE docker=? AND state=?", (FILLED, docker, FILLING)
            )

    def forget_block_volume(self, docker: str) -> None:
        with self.transaction(telling=False):
            self._connection.execute("DELETE FROM block_volumes WHERE docker=?", (docker,))
