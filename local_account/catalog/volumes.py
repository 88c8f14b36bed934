"""The part of the catalog that keeps which Docker volume holds a block volume that came from a snapshot.

A block volume has a row from the moment that a snapshot is to be its content; before, its Docker volume has
the name that follows from service, instance and volume. The row says whether the copy is whole, so that one
that a crash cut off is begun again and never mounted.
"""

from __future__ import annotations

from typing import NamedTuple

from local_account.catalog.store import Store

FILLING, FILLED, OBSOLETE = "filling", "filled", "obsolete"
_ORDER = "docker, service, instance, volume, source, snapshot, state"


class BlockVolume(NamedTuple):
    """One Docker volume behind a block volume.

    Attributes:
        docker: its name on Docker.
        service: id of the service.
        volume: name in the specification.
        source: Docker volume to fill it from.
        snapshot: full name of the snapshot that this is the content of.
        state: `filling`, `filled`, or `obsolete` once another one took its place.
    """

    docker: str
    service: int
    instance: int
    volume: str
    source: str
    snapshot: str
    state: str


class BlockVolumes(Store):
    """Block volumes whose Docker volume does not follow from their name alone."""

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
