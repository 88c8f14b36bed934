"""Drift of services, pools and images that the provider does not see."""

from __future__ import annotations

from collections.abc import Iterator

from components.account.account import Query
from operations.drift.finding import Finding
from operations.drift.specifications import ABSENT, declared_digests, declared_images, differences
from operations.objects import Managed

_RUNNING = ("ACTIVE", "IDLE", "STARTING", "RESIZING")


def services(query: Query, declared: list[Managed]) -> Iterator[Finding]:
    """Services that do not run, or that run another specification or other images.

    Args:
        query: acts as the services' owner; DESCRIBE SERVICE shows the specification to nobody else.
        declared: the stack's services.
    """
    for service in declared:
        yield from _service(query, service)


def _service(query: Query, service: Managed) -> Iterator[Finding]:
    shown = query(f"DESCRIBE SERVICE {service.quoted}")[0]
    if shown["status"] != "RUNNING":
        yield Finding(service.name, "status", "RUNNING", shown["status"])
    text = service.inputs["fromSpecification"]["text"]
    for difference in differences(text, shown["spec"]):
        yield Finding(service.name, difference.place, difference.declared, difference.found)
    digests = declared_digests(text)
    for row in query(f"SHOW SERVICE CONTAINERS IN SERVICE {service.quoted}"):
        container, found = row["container_name"], row["image_digest"]
        # None while no instance runs.
        if found and found != digests.get(container, found):
            yield Finding(service.name, f"image of container {container}", digests[container], found)


def pools(query: Query, declared: list[Managed]) -> Iterator[Finding]:
    """Pools that are suspended or are being suspended."""
    states = {row["name"]: row["state"] for row in query("SHOW COMPUTE POOLS")}
    for pool in declared:
        state = states.get(pool.name, "-")
        if state not in _RUNNING:
            yield Finding(pool.name, "state", "running", state)


def images(query: Query, repository: Managed, declared: list[Managed]) -> Iterator[Finding]:
    """Images in the repository that are gone, or that were pushed again under the same tag.

    Such a push changes nothing that runs, but the next change of a specification would use the new image.
    """
    rows = query(f"SHOW IMAGES IN IMAGE REPOSITORY {repository.quoted}")
    found = {row["image_path"].rpartition("/")[2]: row["digest"] for row in rows}
    for service in declared:
        for path, digest in declared_images(service.inputs["fromSpecification"]["text"]).items():
            image = path.rpartition("/")[2]
            if (now := found.get(image, ABSENT)) != digest:
                yield Finding(f"{repository.name}/{image}", "digest", digest, now)
