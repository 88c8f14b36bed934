"""The account's own two images in the Docker engine: the image registry and the service instance."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

from local_account.base.labels import Labels

_PUBLIC_REGISTRY = "registry:2.8.3"
_INSTANCE = Path(__file__).resolve().parent / "instance"
_TIMEOUT_SECONDS = 900
_WAYS_OUT = (
    "For tables, users and grants alone, start the account without them: --sql-only, in Python sql_only=True."
)


class ImageError(Exception):
    """An image could not be made; the text says which image, why, and what to do."""


def missing(labels: Labels) -> list[str]:
    """Names of the account's images that the Docker engine does not have.

    Raises:
        ImageError: the Docker engine does not answer.
    """
    lines = run(["docker", "image", "ls", "--format", "{{json .}}"], "listing Docker's images").splitlines()
    present = {f"{image['Repository']}:{image['Tag']}" for image in map(json.loads, lines)}
    return [name for name in labels.images if name not in present]


def make(name: str, labels: Labels) -> None:
    """Pull or build one of the account's images from public images.

    Raises:
        ImageError: it could not be made.
    """
    if name == labels.registry_image:
        run(["docker", "pull", "--quiet", _PUBLIC_REGISTRY], f"pulling image {_PUBLIC_REGISTRY}")
        run(["docker", "tag", _PUBLIC_REGISTRY, name], f"naming image {name}")
        return
    command = ["docker", "build", "--quiet", "--label", labels.of_images, "--tag", name, str(_INSTANCE)]
    run(command, f"building image {name}")


def ensure(labels: Labels, say: Callable[[str], None] = lambda _: None) -> None:
    """Make the account's images that the Docker engine does not have yet.

    Args:
        labels: labels of an account; all accounts with the same label use the same images.
        say: called with one line of text before and after each image is made.

    Raises:
        ImageError: Docker does not answer, or an image cannot be made; the text names the ways out.
    """
    try:
        absent = missing(labels)
    except ImageError as error:
        raise ImageError(f"{error}\nServices and image repositories need Docker. {_WAYS_OUT}") from None
    for name in absent:
        say(f"image {name}: being made")
        start = time.monotonic()
        try:
            make(name, labels)
        except ImageError as error:
            raise ImageError(
                f"{error}\nIf another image does the same, name it so: docker tag IMAGE {name}. {_WAYS_OUT}"
            ) from None
        say(f"image {name}: made in {time.monotonic() - start:.0f} s")


def remove(labels: Labels) -> list[str]:
    """Remove the account's images from the Docker engine; return their names.

    Raises:
        ImageError: a container still uses one of them, or the Docker engine does not answer.
    """
    absent = missing(labels)
    present = [name for name in labels.images if name not in absent]
    if present:
        run(["docker", "image", "rm", *present], f"removing images {', '.join(present)}")
    return present


def run(command: list[str], what: str, env: dict[str, str] | None = None) -> str:
    """Run a command to its end; return its standard output.

    Raises:
        ImageError: the command is missing, failed, or took longer than 15 minutes.
    """
    try:
        done = subprocess.run(
            command, env=env, capture_output=True, text=True, timeout=_TIMEOUT_SECONDS, check=False
        )
    except FileNotFoundError as error:
        raise ImageError(f"{what}: the program {command[0]} is not installed") from error
    except subprocess.TimeoutExpired as error:
        raise ImageError(
            f"{what}: no end after {_TIMEOUT_SECONDS} s; is the network up? Run it again"
        ) from error
    if done.returncode != 0:
        lines = (done.stderr or done.stdout).strip().splitlines()
        raise ImageError(f"{what} failed:\n  " + "\n  ".join(lines[-12:]))
    return done.stdout
