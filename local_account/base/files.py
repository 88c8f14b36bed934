"""Files that are there in full or not at all, even after a crash in the middle of writing."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path


def write_whole(path: Path, content: str | bytes, mode: int = 0o600) -> None:
    """Write a file in one step: a reader sees the old content or the new one, never a part.

    Args:
        path: the file, in a folder that exists. A file that is there already is replaced.
        content: text is written as UTF-8.
        mode: the file's permissions, whatever the umask says. By default only the owner reads it.
    """
    with _draft(path, content, mode) as draft:
        draft.replace(path)


def write_once(path: Path, content: str | bytes, mode: int = 0o600) -> bool:
    """Like `write_whole`, but a file that is there already stays as it is.

    Whoever comes second therefore reads what the first one wrote, as several threads or processes may all
    find the file missing.

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
    """A file beside `path` with the content safely on the disk; it is gone in the end."""
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
