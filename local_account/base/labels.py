"""Names and labels of an account's objects in Docker. The account finds its objects by them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

HOLDER, CONTAINER = "holder", "container"
_VOLUME, _NETWORK, _REGISTRY = "volume", "network", "registry"
_SNAPSHOT, _COPY, _IMAGE = "snapshot", "copy", "image"


class Found(NamedTuple):
    """One container of a service on Docker.

    Attributes:
        part: `holder` (it holds an instance's network) or `container` (the specification names it).
        service: id of the service.
        instance: number of the instance.
        name: the container's name in the specification; empty for a holder.
        digest: digest of the specification that the container was made from.
        restart: how many earlier containers with this name ended in this instance.
        running: whether the container runs now.
    """

    id: str
    part: str
    service: int
    instance: int
    name: str
    digest: str
    restart: int
    running: bool


@dataclass(frozen=True)
class Labels:
    """The names and labels that one account gives to its objects in Docker.

    Attributes:
        label: beginning of all label keys and of most names, for example `local-account`.
        account_id: distinguishes the account from others with the same label.
    """

    label: str
    account_id: str

    def key(self, name: str) -> str:
        """A label key, for example `local-account.service`."""
        return f"{self.label}.{name}"

    @property
    def of_account(self) -> str:
        """Docker's filter for everything that the account made, except images."""
        return f"{self.key('account')}={self.account_id}"

    @property
    def of_images(self) -> str:
        """The label of the account's own images, as `key=value`."""
        return f"{self.key('part')}={_IMAGE}"

    # Names

    @property
    def registry_image(self) -> str:
        return f"{self.label}/registry:2.8"

    @property
    def instance_image(self) -> str:
        return f"{self.label}/instance:1"

    @property
    def images(self) -> tuple[str, str]:
        """The images that every account with this label uses."""
        return self.registry_image, self.instance_image

    @property
    def registry(self) -> str:
        """Name of the registry's container and of its volume."""
        return f"{self.label}-registry-{self.account_id}"

    @property
    def network(self) -> str:
        """Name of the network that all instances are on."""
        return f"{self.label}-{self.account_id}"

    @property
    def egress_network(self) -> str:
        """Name of the network through which services reach the outside; exists while a service needs it."""
        return f"{self.network}-egress"

    def instance(self, service: int, instance: int) -> str:
        """Name of an instance's holder. The names of its containers and volumes begin with it."""
        return f"spcs-{self.account_id}-{service}-{instance}"

    def snapshot(self, identity: int) -> str:
        """Name of the volume that holds a snapshot's copy."""
        return f"spcs-{self.account_id}-snapshot-{identity}"

    def copier(self, mark: str) -> str:
        """Name of a container that copies one volume to another."""
        return f"spcs-{self.account_id}-copy-{mark}"

    # Labels of new objects

    def for_registry(self) -> dict[str, str]:
        return self._for_part(_REGISTRY)

    def for_network(self) -> dict[str, str]:
        return self._for_part(_NETWORK)

    def for_snapshot(self) -> dict[str, str]:
        return self._for_part(_SNAPSHOT)

    def for_copier(self) -> dict[str, str]:
        return self._for_part(_COPY)

    def for_holder(self, service: int, instance: int) -> dict[str, str]:
        return self._for_instance(HOLDER, service, instance)

    def for_container(
        self, service: int, instance: int, name: str, digest: str, restart: int
    ) -> dict[str, str]:
        return {
            **self._for_instance(CONTAINER, service, instance),
            self.key("container"): name,
            self.key("spec"): digest,
            self.key("restart"): str(restart),
        }

    def for_volume(self, service: int, instance: int, source: str) -> dict[str, str]:
        return {**self._for_instance(_VOLUME, service, instance), self.key("source"): source}

    def _for_part(self, part: str) -> dict[str, str]:
        return {self.key("account"): self.account_id, self.key("part"): part}

    def _for_instance(self, part: str, service: int, instance: int) -> dict[str, str]:
        marks = {self.key("service"): str(service), self.key("instance"): str(instance)}
        return {**self._for_part(part), **marks}

    # Labels read back

    def found(self, entry: dict[str, Any]) -> Found | None:
        """Read a row of Docker's container list; None if the container belongs to no service."""
        marks = entry.get("Labels") or {}
        if marks.get(self.key("part")) not in (HOLDER, CONTAINER):
            return None
        return Found(
            id=entry["Id"],
            part=marks[self.key("part")],
            service=int(marks[self.key("service")]),
            instance=int(marks[self.key("instance")]),
            name=marks.get(self.key("container"), ""),
            digest=marks.get(self.key("spec"), ""),
            restart=int(marks.get(self.key("restart"), 0)),
            running=entry["State"] == "running",
        )

    def service_of(self, marks: dict[str, str]) -> int | None:
        service = marks.get(self.key("service"))
        return None if service is None else int(service)

    def instance_of(self, marks: dict[str, str]) -> int:
        return int(marks[self.key("instance")])

    def source_of(self, marks: dict[str, str]) -> str:
        """Whether a volume is `local`, `memory` or `block`."""
        return marks.get(self.key("source"), "")

    def is_snapshot(self, marks: dict[str, str]) -> bool:
        return marks.get(self.key("part")) == _SNAPSHOT
