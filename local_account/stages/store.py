"""Files of internal stages: plain files below the account's state folder, one folder for each stage.

The folders are also mounted into containers as stage volumes. Containers may write symbolic links and pipes
there, which the account never follows: it opens each path one component at a time, below the stage's folder.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import secrets
import shutil
import stat
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from local_account.base.result import now
from local_account.catalog.catalog import Catalog
from local_account.stages import encryption

URL_SECONDS = 3600
_INCOMING = "incoming"
_OWNERS = ("STAGE", "TABLE", "USER")


class File(NamedTuple):
    """One file on a stage: path below the stage, size in bytes, time in seconds since the epoch."""

    path: str
    size: int
    modified: float
    stamp: int


@dataclass(frozen=True)
class Transfer:
    """Permission that one URL gives until it expires: to upload or to download one file.

    Attributes:
        key: the master key of the stage, if clients encrypt its files.
        guessed: the path ends with `.gz` because the client probably compresses the file.
    """

    upload: bool
    stage: int
    path: str
    expires: float
    key: bytes = b""
    guessed: bool = False


class StageStore:
    """The folders of all stages, and the URLs given out for their files.

    A stage is known by the id of its STAGE, or of the USER or TABLE that has it.

    Args:
        temporary: gives the ids of temporary stages, which are negative.
    """

    def __init__(self, root: Path, catalog: Catalog, temporary: Callable[[], set[int]]) -> None:
        self._root, self._catalog, self._temporary = root, catalog, temporary
        self._secret = secrets.token_bytes(32)
        self._transfers: dict[str, Transfer] = {}
        self._digests: dict[tuple[int, str], tuple[int, str]] = {}
        self._lock, self._closed = threading.Lock(), False
        root.mkdir(parents=True, exist_ok=True, mode=0o700)
        shutil.rmtree(root / _INCOMING, ignore_errors=True)
        (root / _INCOMING).mkdir()
        self._sweeper = threading.Thread(target=self._follow_catalog, name="stage-sweeper", daemon=True)
        self._sweeper.start()

    def close(self) -> None:
        """End the thread that follows the catalog."""
        self._closed = True

    def folder(self, stage: int) -> Path:
        """The folder of a stage; it is made when missing. Any user of a container may write to it."""
        path = self._root / str(stage)
        if not path.is_dir():
            path.mkdir(exist_ok=True)
            path.chmod(0o777)
        return path

    def files(self, stage: int, prefix: str = "") -> list[File]:
        """Regular files whose path begins with the prefix, sorted by path."""
        root, found = self.folder(stage), []
        for folder, _, names in os.walk(root, followlinks=False):
            for name in names:
                path = Path(folder, name)
                with contextlib.suppress(FileNotFoundError):
                    status = path.lstat()
                    relative = str(path.relative_to(root))
                    if stat.S_ISREG(status.st_mode) and relative.startswith(prefix):
                        found.append(File(relative, status.st_size, status.st_mtime, status.st_mtime_ns))
        return sorted(found)

    def md5(self, stage: int, file: File) -> str:
        """Hexadecimal MD5 of a file; it is remembered until the file changes."""
        key = (stage, file.path)
        known = self._digests.get(key)
        if known and known[0] == file.stamp:
            return known[1]
        with self.open(stage, file.path) as descriptor, os.fdopen(os.dup(descriptor), "rb") as content:
            found = hashlib.file_digest(content, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()
        self._digests[key] = (file.stamp, found)
        return found

    @contextlib.contextmanager
    def open(self, stage: int, path: str) -> Iterator[int]:
        """Open a regular file for reading; the descriptor is closed at the end of the block.

        Raises:
            FileNotFoundError: the file is absent or not a regular file.
        """
        with self._parent(stage, path, create=False) as folder:
            try:
                flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK
                descriptor = os.open(path.rpartition("/")[2], flags, dir_fd=folder)
            except OSError as error:
                raise FileNotFoundError(path) from error
        try:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                raise FileNotFoundError(path)
            yield descriptor
        finally:
            os.close(descriptor)

    def incoming(self) -> Path:
        """A new path for a running upload, on the same file system as the stages."""
        return self._root / _INCOMING / secrets.token_hex(16)

    def put(self, stage: int, path: str, content: Path, replace: bool = True) -> None:
        """Move a complete upload to its place. An existing file is replaced in one step.

        Raises:
            FileExistsError: the file exists and `replace` is False.
        """
        content.chmod(0o666)
        with self._parent(stage, path, create=True) as folder:
            if not replace:
                os.link(content, path.rpartition("/")[2], dst_dir_fd=folder, follow_symlinks=False)
                return
            os.replace(content, path.rpartition("/")[2], dst_dir_fd=folder)

    def remove(self, stage: int, path: str) -> None:
        """Remove a file and the folders that become empty."""
        with contextlib.suppress(FileNotFoundError), self._parent(stage, path, create=False) as folder:
            os.unlink(path.rpartition("/")[2], dir_fd=folder)
        above = path
        while above := above.rpartition("/")[0]:
            with contextlib.suppress(FileNotFoundError), self._parent(stage, above, create=False) as folder:
                try:
                    os.rmdir(above.rpartition("/")[2], dir_fd=folder)
                except OSError:
                    return

    @contextlib.contextmanager
    def _parent(self, stage: int, path: str, create: bool) -> Iterator[int]:
        flags = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW
        descriptor = os.open(self.folder(stage), flags)
        try:
            for part in path.split("/")[:-1]:
                made = create and _make_folder(part, descriptor)
                try:
                    below = os.open(part, flags, dir_fd=descriptor)
                except OSError as error:
                    raise FileNotFoundError(path) from error
                if made:
                    os.fchmod(below, 0o777)
                os.close(descriptor)
                descriptor = below
            yield descriptor
        finally:
            os.close(descriptor)

    # URLs

    def master_key(self, stage: int) -> bytes:
        """The key with which clients wrap the keys of a stage's files."""
        return encryption.master_key(self._secret, stage)

    def grant_transfer(
        self, stage: int, path: str, upload: bool, encrypted: bool, guessed: bool = False
    ) -> str:
        """A token that permits the upload or download of one file for one hour.

        Args:
            encrypted: the client encrypts and decrypts the file.
            guessed: the path ends with `.gz` because the client probably compresses the file.
        """
        token = secrets.token_urlsafe(32)
        key = self.master_key(stage) if encrypted else b""
        with self._lock:
            self._transfers = {key: entry for key, entry in self._transfers.items() if entry.expires > now()}
            self._transfers[token] = Transfer(upload, stage, path, now() + URL_SECONDS, key, guessed)
        return token

    def transfer(self, token: str) -> Transfer | None:
        """What a token permits; None when it is unknown or expired."""
        entry = self._transfers.get(token)
        if entry is None or entry.expires < now():
            return None
        present = self._catalog.by_id(entry.stage) or entry.stage in self._temporary()
        return entry if present else None

    def sweep(self) -> None:
        """Remove the folders of stages that are no longer in the catalog."""
        # List folders before stages, so that a stage made in between does not look dropped.
        folders = [path for path in self._root.iterdir() if path.name != _INCOMING]
        present = {item.id for kind in _OWNERS for item in self._catalog.objects(kind)} | self._temporary()
        for path in folders:
            if int(path.name) not in present:
                shutil.rmtree(path, ignore_errors=True)

    def _follow_catalog(self) -> None:
        version = -1
        while not self._closed:
            with contextlib.suppress(Exception):
                self.sweep()
                version = self._catalog.wait(version, timeout=1.0) if version >= 0 else self._catalog.version
                time.sleep(0.5)  # many changes in a row are handled together


def _make_folder(name: str, parent: int) -> bool:
    try:
        os.mkdir(name, dir_fd=parent)
    except FileExistsError:
        return False
    return True
