"""The account's own two images in the Docker engine: the image registry and the service instance."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

from local.images.layers import instance_layer, registry_layer
from local.images.packages import debian_tar, run

REGISTRY_IMAGE = "milvus-spcs/registry:2.8"
INSTANCE_IMAGE = "milvus-spcs/instance:1"
REGISTRY_PUBLIC = "registry:2.8.3"
LABEL = "milvus-spcs.part=image"
_FOLDER = Path(__file__).resolve().parent
_IMPORTS = {
    REGISTRY_IMAGE: (
        ("docker-registry", "busybox-static"),
        registry_layer,
        (
            'ENTRYPOINT ["/entrypoint.sh"]',
            'CMD ["/etc/docker/registry/config.yml"]',
            "EXPOSE 5000",
            "VOLUME /var/lib/registry",
            f"LABEL {LABEL}",
        ),
    ),
    INSTANCE_IMAGE: (
        ("nftables", "busybox-static"),
        instance_layer,
        (
            # As process 1, sleep alone would ignore the signal that stops a container.
            """CMD ["sh", "-c", "trap 'exit 0' TERM INT; while :; do sleep 86400 & wait $!; done"]""",
            f"LABEL {LABEL}",
        ),
    ),
}


def missing() -> list[str]:
    """The names of the account's images that the Docker engine does not have.

    Raises:
        ImageError: the Docker engine does not answer.
    """
    lines = run(["docker", "image", "ls", "--format", "{{json .}}"], "listing Docker's images").splitlines()
    present = {f"{image['Repository']}:{image['Tag']}" for image in map(json.loads, lines)}
    return [name for name in _IMPORTS if name not in present]


def make_offline(name: str) -> None:
    """Make one of the account's images from Debian's packages and load it into the Docker engine."""
    packages, write_extra, changes = _IMPORTS[name]
    with tempfile.TemporaryDirectory() as folder:
        tar, extra = Path(folder) / "image.tar", Path(folder) / "extra.tar"
        write_extra(extra)
        debian_tar(tar, packages, extra=extra)
        options = [word for change in changes for word in ("--change", change)]
        run(["docker", "import", *options, str(tar), name], f"loading image {name} into Docker")


def make_online(name: str) -> None:
    """Pull or build one of the account's images from public images."""
    if name == REGISTRY_IMAGE:
        run(["docker", "pull", "--quiet", REGISTRY_PUBLIC], f"pulling image {REGISTRY_PUBLIC}")
        run(["docker", "tag", REGISTRY_PUBLIC, name], f"naming image {name}")
        return
    command = ["docker", "build", "--quiet", "--label", LABEL, "--tag", name, str(_FOLDER / "instance")]
    run(command, f"building image {name}")


def remove() -> list[str]:
    """Remove the account's images from the Docker engine and give their names.

    Raises:
        ImageError: a container still uses one of them, or the Docker engine does not answer.
    """
    present = [name for name in _IMPORTS if name not in missing()]
    if present:
        run(["docker", "image", "rm", *present], f"removing images {', '.join(present)}")
    return present
