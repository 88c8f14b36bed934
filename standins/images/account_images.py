"""The local account's own two images, made from Debian's packages where no container registry answers."""

from __future__ import annotations

import tempfile
from pathlib import Path

from local_account.base.labels import Labels
from local_account.host.images import run
from standins.images.layers import instance_layer, registry_layer
from standins.images.packages import debian_tar

_REGISTRY = (
    ("docker-registry", "busybox-static"),
    registry_layer,
    (
        'ENTRYPOINT ["/entrypoint.sh"]',
        'CMD ["/etc/docker/registry/config.yml"]',
        "EXPOSE 5000",
        "VOLUME /var/lib/registry",
    ),
)
_INSTANCE = (
    ("nftables", "busybox-static"),
    instance_layer,
    (
        # As process 1, sleep alone would ignore the signal that stops a container.
        """CMD ["sh", "-c", "trap 'exit 0' TERM INT; while :; do sleep 86400 & wait $!; done"]""",
    ),
)


def make(name: str, labels: Labels) -> None:
    """Make one of the account's images from Debian's packages and load it into the Docker engine.

    Raises:
        ImageError: it could not be made.
    """
    packages, write_extra, changes = _REGISTRY if name == labels.registry_image else _INSTANCE
    with tempfile.TemporaryDirectory() as folder:
        tar, extra = Path(folder) / "image.tar", Path(folder) / "extra.tar"
        write_extra(extra)
        debian_tar(tar, packages, extra=extra)
        options = [
            word for change in (*changes, f"LABEL {labels.of_images}") for word in ("--change", change)
        ]
        run(["docker", "import", *options, str(tar), name], f"loading image {name} into Docker")
