"""Installs the programs that only the tests use: `python -m tests.tools`."""

from __future__ import annotations

import shutil
import sys

from machine.debian import apt_install
from machine.errors import ToolchainError

PACKAGES = {"chromium": "chromium", "chromedriver": "chromium-driver", "skopeo": "skopeo"}


def main() -> int:
    missing = [package for program, package in PACKAGES.items() if shutil.which(program) is None]
    try:
        if missing:
            apt_install(*missing)
    except ToolchainError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
