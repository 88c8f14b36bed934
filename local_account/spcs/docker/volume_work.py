"""Work on whole Docker volumes, done by a container that may do nothing else: copies and ownership."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Iterator
from contextlib import contextmanager

from docker import DockerClient
from docker.errors import APIError, NotFound
from docker.types import Mount

from local_account.base.labels import Labels

# A process needs these to write files of any owner and mode.
_CAPABILITIES = ["CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "MKNOD"]
_COPY = ["sh", "-c", "cp -a /from/. /to/ && sync -f /to"]


class VolumeWorkError(Exception):
    """The work on a volume failed; the message says why."""


def copy(client: DockerClient, labels: Labels, source: str, target: str, marks: dict[str, str]) -> None:
    """Make the volume `target` a copy of `source`. A `target` that an earlier try left is removed first.

    Args:
        marks: labels of the new volume.

    Raises:
        VolumeWorkError: the source does not exist, or the disk is full.
    """
    name = labels.copier(hashlib.sha256(target.encode()).hexdigest()[:12])
    _remove(client, name)
    if not exists(client, source):
        raise VolumeWorkError(f"volume {source} is gone")
    with contextlib.suppress(NotFound):
        client.api.remove_volume(target)
    client.api.create_volume(target, labels=marks)
    mounts = [
        Mount("/from", source, type="volume", read_only=True, no_copy=True),
        Mount("/to", target, type="volume", no_copy=True),
    ]
    code, text = _run(client, labels, name, _COPY, mounts)
    if code:
        raise VolumeWorkError(f"copying ended with code {code}: {text}")


def make_owner(client: DockerClient, labels: Labels, volume: str, uid: int, gid: int) -> None:
    """Make a user and a group of containers the owner of a volume's root directory.

    Raises:
        VolumeWorkError: the container that does it failed.
    """
    name = labels.copier(hashlib.sha256(volume.encode()).hexdigest()[:12])
    _remove(client, name)
    # The image may have chown as a word of its shell only.
    command = ["sh", "-c", f"chown {uid}:{gid} /to"]
    code, text = _run(client, labels, name, command, [Mount("/to", volume, type="volume", no_copy=True)])
    if code:
        raise VolumeWorkError(f"changing its owner ended with code {code}: {text}")


def _run(
    client: DockerClient, labels: Labels, name: str, command: list[str], mounts: list[Mount]
) -> tuple[int, str]:
    """Run a command to its end; its exit code and last lines."""
    created = client.api.create_container(
        labels.instance_image,
        command=command,
        name=name,
        labels=labels.for_copier(),
        host_config=client.api.create_host_config(
            mounts=mounts,
            network_mode="none",
            cap_drop=["ALL"],
            cap_add=_CAPABILITIES,
            security_opt=["no-new-privileges"],
        ),
    )
    try:
        client.api.start(created["Id"])
        code = client.api.wait(created["Id"])["StatusCode"]
        text = client.api.logs(created["Id"], tail=5).decode(errors="replace").strip()
    finally:
        _remove(client, name)
    return code, text


def exists(client: DockerClient, volume: str) -> bool:
    try:
        client.api.inspect_volume(volume)
    except NotFound:
        return False
    return True


@contextmanager
def frozen(client: DockerClient, volume: str) -> Iterator[None]:
    """Pause the containers that use a volume while the block runs.

    A copy made inside holds what a disk would hold after a loss of power.
    """
    found = client.api.containers(filters={"volume": volume, "status": "running"})
    try:
        for container in found:
            _freeze(client, container["Id"])
        yield
    finally:
        for container in found:
            _thaw(client, container["Id"])


def thaw_all(client: DockerClient, labels: Labels) -> None:
    """Unpause containers that a killed server left paused."""
    filters = {"label": labels.of_account, "status": "paused"}
    for container in client.api.containers(filters=filters):
        _thaw(client, container["Id"])


def _freeze(client: DockerClient, identity: str) -> None:
    try:
        client.api.pause(identity)
    except NotFound:
        return
    except APIError as error:
        # 409: the container has ended meanwhile, so it writes nothing.
        if error.status_code != 409:
            raise


def _thaw(client: DockerClient, identity: str) -> None:
    with contextlib.suppress(NotFound, APIError):
        client.api.unpause(identity)


def _remove(client: DockerClient, name: str) -> None:
    with contextlib.suppress(NotFound):
        client.api.remove_container(name, force=True)
