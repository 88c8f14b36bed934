"""Writing files completely or not at all, even if the process crashes in the middle."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path


def write_whole(path: Path, content: str | bytes, mode: int = 0o600) -> None:
    """Write a file in one step: a reader sees the old content or the new one, never a part.

    Args:
        path: the file, in a folder that exists. An existing file is replaced.
        content: text is written as UTF-8.
        mode: the file's permissions, whatever the umask says. By default only the owner reads it.
    """
    with _draft(path, content, mode) as draft:
        draft.replace(path)


def write_once(path: Path, content: str | bytes, mode: int = 0o600) -> bool:
    """Like `write_whole`, but an existing file is left unchanged.

    Several threads or processes may find the file missing at the same time. The first one writes it, and the
    others read what it wrote.

    Returns:
        Whether this call made the file.
    """
    with _draft(path, content, mode) as draft:
        try:
            os.link(draft, path)
        except FileExistsError:
            return False
    return True


@contextlib.contextmanager
def _draft(path: Path, content: str | bytes, mode: int) -> Iterator[Path]:
    """A temporary file next to `path` with the content on the disk; it is removed at the end."""
    descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    draft = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content.encode() if isinstance(content, str) else content)
            file.flush()
            os.fchmod(descriptor, mode)
            os.fsync(descriptor)
        yield draft
    finally:
        draft.unlink(missing_ok=True)
