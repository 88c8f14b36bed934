"""The command `local-account`, called as its users call it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from local_account.base.settings import free_ports
from workstation.account import LABEL


class Command:
    """`local-account` with a state folder of its own."""

    def __init__(self, state: Path) -> None:
        self.state = state
        program = shutil.which("local-account", path=str(Path(sys.executable).parent))
        assert program, "the package's entry point is not installed"
        self.words = [program]
        self.environment = {
            **os.environ,
            "LOCAL_ACCOUNT_STATE": str(state),
            "LOCAL_ACCOUNT_PORT": str(free_ports()),
            "LOCAL_ACCOUNT_LABEL": LABEL,
        }

    def __call__(self, *words: str, code: int = 0) -> str:
        """Standard output of a command that must end with a code."""
        done = subprocess.run(
            [*self.words, *words], env=self.environment, capture_output=True, text=True, cwd=self.state.parent
        )
        assert done.returncode == code, done.stdout + done.stderr
        return done.stdout
