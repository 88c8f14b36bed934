"""Whether public container images can be had on this machine."""

from __future__ import annotations

import urllib.error
import urllib.request

from machine.paths import STATE
from machine.terminal import say

DOCKER_HUB = "https://registry-1.docker.io/v2/"
ANSWER_SECONDS = 5.0
_FOUND = STATE / "toolchain" / "public-registry"


def usable() -> bool:
    """Whether Docker Hub answers; found out once, said in one line, and kept until `make clean`."""
    if not _FOUND.exists():
        found = registry_answers()
        say("registry", "Docker Hub answers" if found else "Docker Hub does not answer: stand-ins are made")
        _FOUND.parent.mkdir(parents=True, exist_ok=True)
        _FOUND.write_text("yes" if found else "no")
    return _FOUND.read_text() == "yes"


def registry_answers(url: str = DOCKER_HUB, timeout: float = ANSWER_SECONDS) -> bool:
    """Whether a container registry can be reached; without a login it answers 401."""
    try:
        with urllib.request.urlopen(url, timeout=timeout):  # noqa: S310 (a fixed https address)
            return True
    except urllib.error.HTTPError as error:
        return error.code == 401
    except OSError:
        return False
