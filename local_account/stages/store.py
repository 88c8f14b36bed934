"""Files of internal stages: plain files below the account's state folder, one folder for each stage.

The folders are also mounted into containers as stage volumes. Containers may write symbolic links and pipes
there, which the account never follows: it opens each path one component at a time, below the stage's folder.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import secrets
import shutil
import stat
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from local_account.base import errors
from local_account.base.result import now
from local_account.base.sql import Name
from local_account.catalog.catalog import Catalog, Object
from local_account.identity.account import Account
from local_account.statement.context import Context

URL_SECONDS = 3600
MAX_SPECIFICATION = 1024 * 1024
_INCOMING = "incoming"
_LOCATION = re.compile(
    r'@((?:"(?:[^"]|"")++"|[^"./\s])++(?:\.(?:"(?:[^"]|"")++"|[^"./\s])++){0,2})(?:/(.*))?', re.S
)
_TABLE_STAGE = re.compile(r"@[^/]*\.%")
_PART = re.compile(r'"((?:[^"]|"")++)"|([A-Za-z_][A-Za-z0-9_$]*)')


class Location(NamedTuple):
    """`@[database.][schema.]stage[/path]`; the path has no leading, trailing or doubled slash."""

    parts: list[str]
    path: str


class File(NamedTuple):
    """One file on a stage: path below the stage, size in bytes, time in seconds since the epoch."""

    path: str
    size: int
    modified: float
    stamp: int


@dataclass(frozen=True)
class Transfer:
    """Permission that one URL gives until it expires: to upload or to download one file."""

    upload: bool
    stage: int
    path: str
    expires: float


class StageStore:
    """The folders of all stages, and the URLs given out for their files."""

    def __init__(self, root: Path, catalog: Catalog) -> None:
        self._root, self._catalog = root, catalog
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

    def grant_transfer(self, stage: int, path: str, upload: bool) -> str:
        """A token that permits the upload or download of one file for one hour."""
        token = secrets.token_urlsafe(32)
        with self._lock:
            self._transfers = {key: entry for key, entry in self._transfers.items() if entry.expires > now()}
            self._transfers[token] = Transfer(upload, stage, path, now() + URL_SECONDS)
        return token

    def transfer(self, token: str, upload: bool) -> Transfer | None:
        """What a token permits; None when it is unknown, expired or for the other direction."""
        entry = self._transfers.get(token)
        if entry is None or entry.expires < now() or entry.upload != upload:
            return None
        return entry if self._catalog.by_id(entry.stage) else None

    def sweep(self) -> None:
        """Remove the folders of stages that are no longer in the catalog."""
        # List folders before stages, so that a stage made in between does not look dropped.
        folders = [path for path in self._root.iterdir() if path.name.isdigit()]
        present = {item.id for item in self._catalog.objects("STAGE")}
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


def parse_location(text: str) -> Location:
    """Split a stage location into its parts, without a check that the stage exists.

    Raises:
        SnowflakeError: 001003 when the text is not a location, 000002 for user and table stages.
    """
    if text.startswith(("@~", "@%")) or _TABLE_STAGE.match(text):
        raise errors.unsupported("user and table stages")
    matched = _LOCATION.fullmatch(text)
    names = (
        [quoted.replace('""', '"') or bare.upper() for quoted, bare in _PART.findall(matched[1])]
        if matched
        else []
    )
    if not matched or not names:
        raise errors.compilation_error("001003", "42000", f"syntax error: invalid stage location '{text}'.")
    path = [part for part in (matched[2] or "").split("/") if part not in ("", ".")]
    if ".." in path or "\0" in text:
        raise errors.compilation_error(
            "002003", "02000", f"Stage path '{text}' leaves its stage: '..' is not allowed."
        )
    return Location(names, "/".join(path))


def find_stage(context: Context, location: Location, privilege: str) -> Object:
    """The stage of a location, if the session may use it.

    Args:
        privilege: READ or WRITE.

    Raises:
        SnowflakeError: 002003 when it is absent or invisible, 003001 without the privilege.
    """
    name: Name = context.resolve(location.parts, "schema")
    context.require_usage(name)
    item = context.get("STAGE", name)
    if not context.access.has("WRITE", item):
        context.require(privilege, item)
    return item


def stage_folder(account: Account, item: Object) -> Path:
    """Folder with a stage's files, to mount as a stage volume."""
    return account.part(StageStore).folder(item.id)


def read_stage_file(context: Context, location: str, file: str) -> str:
    """Text of a file on a stage, as in `FROM @stage/path SPECIFICATION_FILE = 'file'`.

    Args:
        location: `@[database.][schema.]stage[/path]`.
        file: file name below that path.

    Raises:
        SnowflakeError: the stage or the file is absent, or the session may not read it.
    """
    base = parse_location(location)
    item = find_stage(context, base, "READ")
    path = parse_location("@x/" + base.path + "/" + file).path
    try:
        with context.account.part(StageStore).open(item.id, path) as descriptor:
            content = os.read(descriptor, MAX_SPECIFICATION + 1)
    except FileNotFoundError:
        message = (
            f"Stage file '{file}' does not exist in {location}. Upload it with PUT … AUTO_COMPRESS=FALSE."
        )
        raise errors.compilation_error("395018", "22023", message) from None
    if len(content) > MAX_SPECIFICATION:
        raise errors.compilation_error("395018", "22023", f"Stage file '{file}' is larger than 1 MiB.")
    try:
        return content.decode()
    except UnicodeDecodeError:
        raise errors.compilation_error("395018", "22023", f"Stage file '{file}' is not UTF-8 text.") from None
