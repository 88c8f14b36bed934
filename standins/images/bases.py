"""Stand-ins for public base images, where no container registry answers.

Each is made from Debian's packages and the Python package index, and is laid out so that the Dockerfiles in
`images/` build on it unchanged: BuildKit swaps the name after FROM by a named context.
"""

from __future__ import annotations

import hashlib
import inspect
import json
import shutil
import time
from collections.abc import Callable
from pathlib import Path

from local_account.base import files
from standins.images import layers, packages
from standins.images.oci import ImageConfig, Layout
from standins.images.packages import debian_tar, download_wheels

_FOLDER = Path(__file__).resolve().parent
_IMAGES = _FOLDER.parent.parent / "images"
JUPYTER_REQUIREMENTS = _IMAGES / "jupyter" / "requirements.txt"
SYSTEM_PACKAGES = ("ca-certificates", "curl", "libstdc++6", "passwd", "python3", "tini")
_PATH = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_PYTHON = ImageConfig(
    env=(_PATH, "LANG=C.UTF-8"), command=("python3",), labels={"milvus-spcs.stand-in": "Debian's Python 3.11"}
)
_MILVUS = ImageConfig(
    env=(_PATH.replace("=", "=/milvus/bin:"), "LD_LIBRARY_PATH=/milvus/lib"),
    entrypoint=("/tini", "--"),
    working_dir="/milvus",
    labels={"milvus-spcs.stand-in": "Milvus 2.3.5"},
)


class Bases:
    """The offline base images of one state folder.

    Args:
        folder: where the images are kept, by default `.state/images`.
        say: called with one line of text for each image.
    """

    def __init__(self, folder: Path, say: Callable[[str], None]) -> None:
        self._folder = folder
        self._say = say
        self._layout = Layout(folder / "layout")
        self._made_path = folder / "made.json"
        self._made: dict[str, str] = {}
        self._work = folder / "work"

    def contexts(self) -> dict[str, str]:
        """Make what is missing; returns a location for a BuildKit named context by each public image's name.

        One process at a time: the commands that set up hold a lock.

        Raises:
            ImageError: an image cannot be made.
        """
        try:
            if self._made_path.exists():
                self._made = json.loads(self._made_path.read_text())
            parts = _FOLDER / "requirements.txt"
            return {
                base_of("milvus"): self._image("milvus", self._milvus, _MILVUS, parts),
                base_of("jupyter"): self._image("python", self._python, _PYTHON, parts),
                "wheels": self._image("wheels", self._wheels, ImageConfig(), JUPYTER_REQUIREMENTS),
            }
        finally:
            shutil.rmtree(self._work, ignore_errors=True)

    def _image(self, name: str, make: Callable[[], list[str]], config: ImageConfig, source: Path) -> str:
        key = _key(name, source.read_bytes())
        location = self._made.get(key, "")
        if location and self._layout.has(location):
            return location
        self._say(f"image base {name}: being made, because no container registry answers")
        start = time.monotonic()
        self._work.mkdir(exist_ok=True)
        location = self._layout.add_image(name, make(), config)
        self._remember(key, location)
        self._say(f"image base {name}: made in {time.monotonic() - start:.0f} s")
        return location

    def _layer(self, name: str, write: Callable[[Path], None], source: bytes = b"") -> str:
        """A layer's digest; the layer is written if it does not exist yet."""
        key = _key(f"layer {name}", source)
        digest = self._made.get(key, "")
        if digest and self._layout.has(f"oci-layout://{self._layout.folder.resolve()}@{digest}"):
            return digest
        tar = self._work / f"{name}.tar"
        write(tar)
        digest = self._layout.add_layer(tar)
        self._remember(key, digest)
        return digest

    def _system(self) -> str:
        return self._layer("system", lambda tar: debian_tar(tar, SYSTEM_PACKAGES))

    def _milvus(self) -> list[str]:
        wheel = self._part("milvus")
        return [self._system(), self._layer("milvus", lambda tar: layers.milvus_layer(wheel, tar))]

    def _python(self) -> list[str]:
        wheel = self._part("pip")
        return [self._system(), self._layer("pip", lambda tar: layers.pip_layer(wheel, tar))]

    def _wheels(self) -> list[str]:
        wheels = download_wheels(JUPYTER_REQUIREMENTS, self._work / "wheels")
        source = JUPYTER_REQUIREMENTS.read_bytes()
        return [self._layer("wheels", lambda tar: layers.wheels_layer(wheels, tar), source)]

    def _part(self, name: str) -> Path:
        wheels = download_wheels(_FOLDER / "requirements.txt", self._work / "parts")
        return next(wheel for wheel in wheels if wheel.name.startswith(f"{name}-"))

    def _remember(self, key: str, value: str) -> None:
        self._made[key] = value
        files.write_whole(self._made_path, json.dumps(self._made, indent=1))


def base_of(image: str) -> str:
    """The public image that a Dockerfile in `images/` starts from: the name after its last FROM."""
    lines = (_IMAGES / image / "Dockerfile").read_text().splitlines()
    return [line.split()[1] for line in lines if line.startswith("FROM ")][-1]


def _key(name: str, source: bytes) -> str:
    """Changes when the code or the pinned versions that an image is made from change."""
    code = (inspect.getsource(layers) + inspect.getsource(packages)).encode()
    return f"{name} {hashlib.sha256(code + repr(SYSTEM_PACKAGES).encode() + source).hexdigest()[:16]}"
