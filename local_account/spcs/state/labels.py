"""Names and labels of what services have on Docker, by which it is found again."""

from __future__ import annotations

from typing import Any, NamedTuple

ACCOUNT = "milvus-spcs.account"
PART = "milvus-spcs.part"
HOLDER, CONTAINER, VOLUME, NETWORK = "holder", "container", "volume", "network"
SNAPSHOT, COPY = "snapshot", "copy"
_SERVICE, _INSTANCE, _CONTAINER = "milvus-spcs.service", "milvus-spcs.instance", "milvus-spcs.container"
_SPEC, _RESTART, _SOURCE = "milvus-spcs.spec", "milvus-spcs.restart", "milvus-spcs.source"


class Found(NamedTuple):
    """One container on Docker.

    Attributes:
        part: `holder` of an instance's network, or `container` of the specification.
        name: in the specification; empty for a holder.
        digest: of the specification that it was made from.
        restart: how often its predecessors in this instance ended.
        running: whether it runs now.
    """

    id: str
    part: str
    service: int
    instance: int
    name: str
    digest: str
    restart: int
    running: bool


def found(entry: dict[str, Any]) -> Found | None:
    """A row of Docker's container list; None for what is no part of a service."""
    labels = entry.get("Labels") or {}
    if labels.get(PART) not in (HOLDER, CONTAINER):
        return None
    return Found(
        id=entry["Id"],
        part=labels[PART],
        service=int(labels[_SERVICE]),
        instance=int(labels[_INSTANCE]),
        name=labels.get(_CONTAINER, ""),
        digest=labels.get(_SPEC, ""),
        restart=int(labels.get(_RESTART, 0)),
        running=entry["State"] == "running",
    )


def of_account(account_id: str) -> str:
    """Docker's filter for everything that the account made."""
    return f"{ACCOUNT}={account_id}"


def service_of(labels: dict[str, str]) -> int | None:
    return int(labels[_SERVICE]) if _SERVICE in labels else None


def instance_of(labels: dict[str, str]) -> int:
    return int(labels[_INSTANCE])


def source_of(labels: dict[str, str]) -> str:
    """Whether a volume is `local`, `memory` or `block`."""
    return labels.get(_SOURCE, "")


def for_instance(account_id: str, part: str, service: int, instance: int) -> dict[str, str]:
    return {ACCOUNT: account_id, PART: part, _SERVICE: str(service), _INSTANCE: str(instance)}


def for_container(
    account_id: str, service: int, instance: int, name: str, digest: str, restart: int
) -> dict[str, str]:
    base = for_instance(account_id, CONTAINER, service, instance)
    return {**base, _CONTAINER: name, _SPEC: digest, _RESTART: str(restart)}


def for_volume(account_id: str, service: int, instance: int, source: str) -> dict[str, str]:
    return {**for_instance(account_id, VOLUME, service, instance), _SOURCE: source}


def for_snapshot(account_id: str) -> dict[str, str]:
    return {ACCOUNT: account_id, PART: SNAPSHOT}


def for_copy(account_id: str) -> dict[str, str]:
    """Of the container that copies one volume to another."""
    return {ACCOUNT: account_id, PART: COPY}


def is_snapshot(labels: dict[str, str]) -> bool:
    return labels.get(PART) == SNAPSHOT


def prefix(account_id: str, service: int, instance: int) -> str:
    """Beginning of the names of all containers and volumes of an instance."""
    return f"spcs-{account_id}-{service}-{instance}"
