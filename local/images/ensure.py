"""Makes sure that all images are there which the local account and its builds need."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from local.images import engine
from local.images.bases import Bases
from local.settings import STATE


def ensure_images(
    online: bool, *, folder: Path | None = None, say: Callable[[str], None] = print
) -> dict[str, str]:
    """Make the images that are missing: the account's own in the Docker engine, and base images offline.

    Args:
        online: whether a public container registry answers, see `public_registry.usable`.
        folder: where offline base images are kept; default `.state/images`.
        say: called with one line of text for each thing made; default prints it.

    Returns:
        Public image name to BuildKit named context, for the program's setting `baseImages`; none online.

    Raises:
        ImageError: an image cannot be made; the text says which, why and what to do.
    """
    for name in engine.missing():
        start = time.monotonic()
        (engine.make_online if online else engine.make_offline)(name)
        say(f"image {name}: made in {time.monotonic() - start:.0f} s")
    if online:
        return {}
    folder = folder or STATE / "images"
    folder.mkdir(parents=True, exist_ok=True)
    return Bases(folder, say).contexts()
