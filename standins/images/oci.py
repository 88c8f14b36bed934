"""Writes images into one OCI image layout folder that BuildKit reads as `oci-layout://` contexts.

Format: https://github.com/opencontainers/image-spec/blob/main/image-layout.md
"""

from __future__ import annotations

import hashlib
import json
import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from local_account.base import files

LAYER_TYPE = "application/vnd.oci.image.layer.v1.tar"
CONFIG_TYPE = "application/vnd.oci.image.config.v1+json"
MANIFEST_TYPE = "application/vnd.oci.image.manifest.v1+json"
INDEX_TYPE = "application/vnd.oci.image.index.v1+json"
# A fixed time: equal content gives an equal digest on every machine and day.
EPOCH = "2026-01-01T00:00:00Z"


@dataclass(frozen=True)
class ImageConfig:
    """What an image runs by default.

    Attributes:
        env: environment variables as NAME=value.
        entrypoint: program and its first arguments; none by default.
        command: default arguments; none by default.
        working_dir: folder the process starts in; `/` by default.
        labels: labels of the image.
    """

    env: tuple[str, ...] = ()
    entrypoint: tuple[str, ...] = ()
    command: tuple[str, ...] = ()
    working_dir: str = "/"
    labels: dict[str, str] = field(default_factory=dict)


class Layout:
    """One image layout folder; images in it share equal layers.

    Args:
        folder: the layout's folder, made when missing.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._blobs = folder / "blobs" / "sha256"
        self._blobs.mkdir(parents=True, exist_ok=True)
        (folder / "oci-layout").write_text('{"imageLayoutVersion":"1.0.0"}')

    def add_layer(self, tar: Path) -> str:
        """Move an uncompressed tar file into the layout and give its digest.

        Layers stay uncompressed: they only travel over loopback, where compressing costs more than sending.
        """
        with tar.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        shutil.move(tar, self._blobs / digest)
        return f"sha256:{digest}"

    def add_image(self, name: str, layers: list[str], config: ImageConfig) -> str:
        """Write an image of layers that the layout has already; it replaces an older image of that name.

        Returns:
            The image's location for a BuildKit named context.
        """
        content = {
            "created": EPOCH,
            "architecture": "amd64",
            "os": "linux",
            "config": {
                "Env": list(config.env),
                "Entrypoint": list(config.entrypoint) or None,
                "Cmd": list(config.command) or None,
                "WorkingDir": config.working_dir,
                "Labels": config.labels,
            },
            "rootfs": {"type": "layers", "diff_ids": layers},
            "history": [{"created": EPOCH, "created_by": name} for _ in layers],
        }
        manifest = self._add_json(
            {
                "schemaVersion": 2,
                "mediaType": MANIFEST_TYPE,
                "config": self._add_json(content) | {"mediaType": CONFIG_TYPE},
                "layers": [self._descriptor(layer) | {"mediaType": LAYER_TYPE} for layer in layers],
            }
        )
        self._index(name, manifest | {"mediaType": MANIFEST_TYPE})
        return f"oci-layout://{self.folder.resolve()}@{manifest['digest']}"

    def has(self, location: str) -> bool:
        """Whether the image at a location from `add_image` still exists."""
        path, _, digest = location.removeprefix("oci-layout://").rpartition("@")
        return Path(path) == self.folder.resolve() and self._path(digest).is_file()

    def _path(self, digest: str) -> Path:
        return self._blobs / digest.removeprefix("sha256:")

    def _descriptor(self, digest: str) -> dict[str, Any]:
        return {"digest": digest, "size": self._path(digest).stat().st_size}

    def _add_json(self, content: dict[str, Any]) -> dict[str, Any]:
        data = json.dumps(content, sort_keys=True, separators=(",", ":")).encode()
        digest = f"sha256:{hashlib.sha256(data).hexdigest()}"
        self._path(digest).write_bytes(data)
        return self._descriptor(digest)

    def _index(self, name: str, manifest: dict[str, Any]) -> None:
        path = self.folder / "index.json"
        manifests = json.loads(path.read_text())["manifests"] if path.exists() else []
        key = "org.opencontainers.image.ref.name"
        manifests = [entry for entry in manifests if entry["annotations"][key] != name]
        manifests.append(manifest | {"annotations": {key: name}})
        index = {"schemaVersion": 2, "mediaType": INDEX_TYPE, "manifests": manifests}
        files.write_whole(path, json.dumps(index, indent=1))
