"""Files that are there in full or not at all."""

import os
import stat
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from local_account.base import files, keys


def mode_of(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_file_has_the_content_and_only_its_owner_reads_it(tmp_path: Path) -> None:
    files.write_whole(tmp_path / "text", "ä\n")
    files.write_whole(tmp_path / "bytes", b"\x00\xff")
    assert (tmp_path / "text").read_bytes() == "ä\n".encode()
    assert (tmp_path / "bytes").read_bytes() == b"\x00\xff"
    assert mode_of(tmp_path / "text") == 0o600


def test_mode_does_not_depend_on_the_umask(tmp_path: Path) -> None:
    before = os.umask(0o077)
    try:
        files.write_whole(tmp_path / "file", "", 0o644)
    finally:
        os.umask(before)
    assert mode_of(tmp_path / "file") == 0o644


def test_old_content_stays_when_writing_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "file"
    files.write_whole(path, "old")

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    for write in (files.write_whole, files.write_once):
        with pytest.raises(OSError, match="No space"):
            write(path, "new")
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_file_is_replaced_or_kept(tmp_path: Path) -> None:
    path = tmp_path / "file"
    assert files.write_once(path, "first")
    assert not files.write_once(path, "second")
    assert path.read_text() == "first"
    files.write_whole(path, "third")
    assert path.read_text() == "third"
    assert list(tmp_path.iterdir()) == [path]


def test_threads_that_all_find_no_key_seal_with_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    count = 4
    all_there, generate = threading.Barrier(count), keys.Fernet.generate_key

    def generate_together() -> bytes:
        all_there.wait(10)
        return generate()

    monkeypatch.setattr(keys.Fernet, "generate_key", generate_together)
    with ThreadPoolExecutor(count) as pool:
        sealed = list(pool.map(lambda number: keys.seal(tmp_path, f"text {number}"), range(count)))
    assert [keys.unseal(tmp_path, each) for each in sealed] == [f"text {number}" for number in range(count)]
