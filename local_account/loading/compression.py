"""Decompresses staged files. See https://docs.snowflake.com/en/user-guide/intro-summary-loading"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from typing import IO, Any

import pyarrow

from local_account.base.errors import SnowflakeError

# A small file can grow a thousand times, and must not fill the memory.
MOST_BYTES = 1 << 30
_PIECE = 1 << 20
_BY_NAME = {
    ".gz": "GZIP",
    ".bz2": "BZ2",
    ".br": "BROTLI",
    ".zst": "ZSTD",
    ".zstd": "ZSTD",
    ".deflate": "DEFLATE",
}
_BY_MAGIC = ((b"\x1f\x8b", "GZIP"), (b"BZh", "BZ2"), (b"\x28\xb5\x2f\xfd", "ZSTD"))
_WINDOWS = {"GZIP": 31, "DEFLATE": 15, "RAW_DEFLATE": -15}


def detected(name: str, beginning: bytes) -> str:
    """The compression of a file under `COMPRESSION = AUTO`, from its first bytes or its name."""
    for magic, kind in _BY_MAGIC:
        if beginning.startswith(magic):
            return kind
    return next((kind for end, kind in _BY_NAME.items() if name.lower().endswith(end)), "NONE")


def plain(source: IO[bytes], kind: str, name: str) -> Iterator[bytes]:
    """The decompressed bytes of a file, in pieces.

    Args:
        kind: value of the option COMPRESSION.
        name: the file's name, for errors.

    Raises:
        SnowflakeError: 100032 when the file is not compressed in this way, 100033 when it is too large.
    """
    if kind == "AUTO":
        kind = detected(name, source.read(4))
        source.seek(0)
    total = 0
    try:
        for piece in _pieces(source, kind):
            total += len(piece)
            if total > MOST_BYTES:
                raise SnowflakeError(
                    "100033",
                    "22000",
                    f"File '{name}' has more than {MOST_BYTES >> 30} GiB after decompression; divide it.",
                )
            yield piece
    except (zlib.error, OSError, EOFError, pyarrow.ArrowException):
        raise SnowflakeError(
            "100032", "22000", f"Invalid data encountered during decompression for file: '{name}', {kind}"
        ) from None


def _pieces(source: IO[bytes], kind: str) -> Iterator[bytes]:
    if kind == "NONE":
        stream: Any = source
    elif kind in _WINDOWS:
        yield from _inflated(source, _WINDOWS[kind])
        return
    else:
        stream = pyarrow.CompressedInputStream(pyarrow.PythonFile(source, mode="r"), kind.lower())
    while piece := stream.read(_PIECE):
        yield piece


def _inflated(source: IO[bytes], window: int) -> Iterator[bytes]:
    """Inflate one stream, or several streams one after the other, as `cat a.gz b.gz` makes them."""
    engine, rest = zlib.decompressobj(window), b""
    while rest or (rest := source.read(_PIECE)):
        yield engine.decompress(rest, _PIECE)
        rest = engine.unconsumed_tail
        if engine.eof:
            rest = engine.unused_data
            # Some programs fill the end of a file with zeros.
            if rest and not rest.strip(b"\0"):
                rest = b""
            engine = zlib.decompressobj(window) if rest or _more(source) else engine
            if engine.eof:
                return
    if not engine.eof:
        raise EOFError


def _more(source: IO[bytes]) -> bool:
    position = source.tell()
    found = bool(source.read(1))
    source.seek(position)
    return found
