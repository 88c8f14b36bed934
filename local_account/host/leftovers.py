"""Removes everything that the local account made outside its state folder."""

from __future__ import annotations

import shutil

import docker
from docker.errors import APIError, DockerException, ImageNotFound

from local_account.base.settings import LocalSettings
from local_account.catalog.catalog import Catalog
from local_account.objects import provided

_DATA_TYPES = ("IMAGE REPOSITORY", "SERVICE", "SNAPSHOT")


def remove_docker_objects(settings: LocalSettings, keep_data: bool) -> None:
    """Remove the account's containers, networks, pulled images and volumes, and its containers' tokens.

    Args:
        settings: settings of the account; its server must have been stopped.
        keep_data: keep volumes while the account still has services or image repositories.
    """
    if not (keep_data and has_data(settings)):
        shutil.rmtree(settings.run_path, ignore_errors=True)
    try:
        client = docker.from_env()
    except DockerException:
        return  # without an engine there is nothing to remove
    mine: dict[str, str | list[str] | bool] = {"label": settings.labels.of_account}
    for container in client.containers.list(all=True, filters=mine):
        container.remove(force=True, v=True)
    for network in client.networks.list(filters=mine):
        network.reload()
        for container in network.attrs["Containers"]:
            # A container that the user attached to stand in for a host outside.
            network.disconnect(container, force=True)
        network.remove()
    if not (keep_data and has_data(settings)):
        for volume in client.volumes.list(filters=mine):
            volume.remove(force=True)
    _remove_images(client, settings.registry_host)


def has_data(settings: LocalSettings) -> bool:
    """Whether the account has objects whose data lives in Docker volumes."""
    path = settings.state / "catalog.sqlite"
    if not path.exists():
        return False
    catalog = Catalog(path)
    try:
        found = (item for kind in _DATA_TYPES for item in catalog.objects(kind))
        return not all(provided.is_provided(catalog, item) for item in found)
    finally:
        catalog.close()


def _remove_images(client: docker.DockerClient, registry_host: str) -> None:
    for image in client.images.list():
        for reference in [*image.tags, *image.attrs.get("RepoDigests", [])]:
            if reference.startswith(f"{registry_host}/"):
                _remove_image(client, reference)


def _remove_image(client: docker.DockerClient, reference: str) -> None:
    try:
        client.images.remove(reference, force=True)
    except ImageNotFound:
        return  # it was removed with another reference to the same image
    except APIError as error:
        if error.status_code != 409:  # 409: a container outside the account uses it
            raise
