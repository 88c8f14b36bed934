"""Layers of the offline base images: the Milvus server, pip, wheels, the registry's configuration."""

from __future__ import annotations

import io
import lzma
import re
import tarfile
import zipfile
from pathlib import Path

_MTIME = 1767225600
_MILVUS_DATA = "/var/lib/milvus"
_MILVUS_FOLDERS = {
    "etcd_data_dir": f"{_MILVUS_DATA}/etcd",
    "local_storage_dir": f"{_MILVUS_DATA}/data",
    "rocksmq_data_dir": f"{_MILVUS_DATA}/rdb_data",
    "system_log_path": "",
}
_PLACEHOLDER = re.compile(r"{{\s*(\w+)(?:\(\w+\))?(?::\s*(.*?))?\s*}}")
_PIP = "#!/usr/bin/python3\nfrom pip._internal.cli.main import main\n\nraise SystemExit(main())\n"
_REGISTRY_CONFIG = """\
version: 0.1
log:
  fields:
    service: registry
storage:
  cache:
    blobdescriptor: inmemory
  filesystem:
    rootdirectory: /var/lib/registry
  delete:
    enabled: true
http:
  addr: :5000
  headers:
    X-Content-Type-Options: [nosniff]
"""
_REGISTRY_ENTRYPOINT = """\
#!/bin/sh
set -e
case "$1" in
  *.yaml | *.yml) set -- docker-registry serve "$@" ;;
  serve | garbage-collect | help | -*) set -- docker-registry "$@" ;;
esac
exec "$@"
"""


class LayerWriter:
    """Writes one layer as a tar file whose bytes depend on its content alone.

    Args:
        target: the tar file.
    """

    def __init__(self, target: Path) -> None:
        self._tar = tarfile.TarFile(target, "w", format=tarfile.GNU_FORMAT)

    def __enter__(self) -> LayerWriter:
        return self

    def __exit__(self, *_: object) -> None:
        self._tar.close()

    def file(self, path: str, data: bytes, mode: int = 0o644) -> None:
        """Add a file owned by root."""
        entry = self._entry(path, mode)
        entry.size = len(data)
        self._tar.addfile(entry, io.BytesIO(data))

    def link(self, path: str, target: str) -> None:
        """Add a symbolic link."""
        entry = self._entry(path, 0o777)
        entry.type, entry.linkname = tarfile.SYMTYPE, target
        self._tar.addfile(entry)

    def folder(self, path: str, mode: int = 0o755) -> None:
        """Add a folder."""
        entry = self._entry(path, mode)
        entry.type = tarfile.DIRTYPE
        self._tar.addfile(entry)

    @staticmethod
    def _entry(path: str, mode: int) -> tarfile.TarInfo:
        entry = tarfile.TarInfo(path.lstrip("/"))
        entry.mode, entry.mtime = mode, _MTIME
        return entry


def pip_layer(wheel: Path, target: Path) -> None:
    """Pip, and Debian's Python under the names that the official Python images use."""
    with LayerWriter(target) as layer, zipfile.ZipFile(wheel) as content:
        for name in sorted(content.namelist()):
            if not name.endswith("/"):
                layer.file(f"usr/local/lib/python3.11/dist-packages/{name}", content.read(name))
        layer.link("usr/local/bin/python", "/usr/bin/python3")
        layer.link("usr/local/bin/python3", "/usr/bin/python3")
        for name in ("pip", "pip3"):
            layer.file(f"usr/local/bin/{name}", _PIP.encode(), 0o755)


def milvus_layer(wheel: Path, target: Path) -> None:
    """The Milvus server laid out as in the official image: /milvus/bin, /milvus/lib, /milvus/configs."""
    with LayerWriter(target) as layer, zipfile.ZipFile(wheel) as content:
        for name in sorted(content.namelist()):
            file = name.rpartition("/")[2].removesuffix(".lzma")
            if name.endswith(".lzma"):
                folder = "bin" if file == "milvus" else "lib"
                layer.file(f"milvus/{folder}/{file}", lzma.decompress(content.read(name)), 0o755)
        template = content.read("milvus/data/config.yaml.template").decode()
        layer.file("milvus/configs/milvus.yaml", _fill(template).encode())
        layer.file("milvus/configs/glog.conf", content.read("milvus/data/glog.conf"))
        layer.link("tini", "/usr/bin/tini")
        layer.folder(_MILVUS_DATA)


def wheels_layer(wheels: list[Path], target: Path) -> None:
    """Wheels in the root folder, for `pip install --find-links`."""
    with LayerWriter(target) as layer:
        for wheel in wheels:
            layer.file(wheel.name, wheel.read_bytes())


def registry_layer(target: Path) -> None:
    """What the official registry image has besides the program: its configuration and entry point."""
    with LayerWriter(target) as layer:
        layer.file("etc/docker/registry/config.yml", _REGISTRY_CONFIG.encode())
        layer.file("entrypoint.sh", _REGISTRY_ENTRYPOINT.encode(), 0o755)
        layer.link("bin/sh", "/bin/busybox")
        layer.folder("var/lib/registry")
        layer.folder("tmp", 0o1777)


def instance_layer(target: Path) -> None:
    """The commands that a service instance's pause process needs."""
    with LayerWriter(target) as layer:
        layer.link("bin/sh", "/bin/busybox")
        layer.link("bin/sleep", "/bin/busybox")
        layer.folder("tmp", 0o1777)


def _fill(template: str) -> str:
    """Replace `{{ name(type): default }}` by a data folder or the default."""
    return _PLACEHOLDER.sub(lambda match: _MILVUS_FOLDERS.get(match[1], match[2] or ""), template)
