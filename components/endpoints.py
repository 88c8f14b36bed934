"""Public addresses of a service's endpoints."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi

from components.errors import AddressError
from components.place import Place

STATEMENT = "SHOW ENDPOINTS IN SERVICE "
_PAUSE_SECONDS = 10


@dataclass(frozen=True)
class Addresses:
    """Finds the public address of a service, which Snowflake gives minutes after the service runs.

    Attributes:
        place: where the service is, and its owner.
        timeout: seconds to wait for the address during `up`.
    """

    place: Place
    timeout: int

    async def public_url(self, rows: Sequence[Mapping[str, str]] | None, service: str) -> str:
        """URL of the public endpoint.

        Args:
            rows: of SHOW ENDPOINTS, as they are in the state.
            service: quoted name of the service.

        Raises:
            AddressError: Snowflake has not given the address within the time-out.
        """
        address = find_address(rows or ())
        if address is None:
            address = await asyncio.to_thread(self._wait, service)
        return f"{self.place.account.protocol}://{address}" if address else ""

    def _wait(self, service: str) -> str:
        # A preview looks once and shows no address if there is none yet.
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
    """Host, with port if it has one, of the public endpoint; None while Snowflake is provisioning it."""
    for row in rows:
        address = row.get("ingress_url") or ""
        # Until the address is there, a sentence stands in its place.
        if address and not any(character.isspace() for character in address):
            return address
    return None
