"""Commands that may build images: they share one builder, and one that stops it runs alone."""

from __future__ import annotations

import fcntl
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from machine.paths import STATE
from workstation.toolchain.builder import ensure_builder

_LOCK, _GATE = STATE / "tests-builder", STATE / "tests-builder-gate"
_started: list[subprocess.Popen[str]] = []


def popen(
    command: Sequence[str], folder: Path, environment: Mapping[str, str], *, alone: bool = False
) -> subprocess.Popen[str]:
    """A command in the background, in a session of its own; standard output and error together.

    Args:
        alone: whether it ends the builder, so that no other command of another process may run meanwhile.
    """
    _started[:] = [each for each in _started if each.poll() is None]
    with _LOCK.open("w") as lock, _GATE.open("w") as gate:
        # Who waits to be alone holds the gate, so that others do not go before. A second command at the same
        # time may: what waits for the first one waits for it too.
        if not _started:
            fcntl.flock(gate, fcntl.LOCK_EX)
        fcntl.flock(lock, fcntl.LOCK_EX if alone else fcntl.LOCK_SH)
        ensure_builder()
        process = subprocess.Popen(
            command,
            cwd=folder,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            text=True,
            start_new_session=True,
            # The lock lasts as long as the command.
            pass_fds=[lock.fileno()],
        )
    _started.append(process)
    return process
