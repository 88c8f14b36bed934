"""Makes the images that the local account and its builds need and that are missing."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from local_account.host import images
from machine.paths import STATE
from standins.images import account_images
from standins.images.bases import Bases
from workstation.account import account_settings


def ensure_images(
    online: bool, *, folder: Path | None = None, say: Callable[[str], None] = print
) -> dict[str, str]:
    """Make the images that are missing: the account's own in the Docker engine, and base images offline.

    Args:
        online: whether a public container registry answers, see `public_registry.usable`.
        folder: where offline base images are kept; default `.state/images`.
        say: called with one line of text for each thing made; default prints it.

    Returns:
        Public image name to BuildKit named context, for the program's setting `baseImages`; empty online.

    Raises:
        SettingsError: a setting of the account has a value that cannot be used.
        ImageError: an image cannot be made; the text says which, why and what to do.
    """
    labels = account_settings().labels
    for name in images.missing(labels):
        start = time.monotonic()
        (images.make if online else account_images.make)(name, labels)
        say(f"image {name}: made in {time.monotonic() - start:.0f} s")
    if online:
        return {}
    folder = folder or STATE / "images"
    folder.mkdir(parents=True, exist_ok=True)
    return Bases(folder, say).contexts()
