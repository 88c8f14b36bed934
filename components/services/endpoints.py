"""The public address of a service."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi

from components.account.errors import AddressError
from components.account.place import Place

STATEMENT = "SHOW ENDPOINTS IN SERVICE "
_PAUSE_SECONDS = 10


@dataclass(frozen=True)
class Addresses:
    """Finds the public address of a service. Snowflake assigns it some minutes after the service runs.

    Attributes:
        place: schema and owner of the service.
        timeout: seconds to wait for the address during `up`.
    """

    place: Place
    timeout: int

    async def public_url(self, rows: Sequence[Mapping[str, str]] | None, service: str) -> str:
        """URL of the public endpoint.

        Args:
            rows: rows of SHOW ENDPOINTS from the state; None: there are none.
            service: quoted name of the service with database and schema.

        Returns:
            The URL; in a preview the empty text if there is no address yet.

        Raises:
            AddressError: Snowflake has not assigned the address within the time-out.
        """
        address = find_address(rows or ())
        if address is None:
            address = await asyncio.to_thread(self._wait, service)
        return f"{self.place.account.protocol}://{address}" if address else ""

    def _wait(self, service: str) -> str:
        # A preview asks once, and shows no address if there is none yet.
        deadline = time.monotonic() + (0 if pulumi.runtime.is_dry_run() else self.timeout)
        with self.place.account.queries(self.place.owner_role) as query:
            while True:
                address = find_address(query(STATEMENT + service))
                if address is not None:
                    return address
                if pulumi.runtime.is_dry_run():
                    return ""
                if time.monotonic() >= deadline:
                    raise AddressError(
                        f"Snowflake has not provisioned the public endpoint of {service} within "
                        f"{self.timeout} seconds; run `pulumi up` again, or raise the setting readyTimeout"
                    )
                time.sleep(_PAUSE_SECONDS)


def find_address(rows: Sequence[Mapping[str, str | None]]) -> str | None:
    """The host of the public endpoint, with its port if it has one; None while Snowflake provisions it."""
    for row in rows:
        address = row.get("ingress_url") or ""
        # Until there is an address, the column has a sentence instead.
        if address and not any(character.isspace() for character in address):
            return address
    return None
