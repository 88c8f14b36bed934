"""COPY INTO <stage>: writes rows to files.

See https://docs.snowflake.com/en/sql-reference/sql/copy-into-location
"""

from __future__ import annotations

import bz2
import gzip
import io
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import pyarrow
import pyarrow.parquet

from local_account.base import errors
from local_account.base.errors import SnowflakeError
from local_account.base.result import Column, Result, columns, table
from local_account.base.sql import Statement, shown
from local_account.loading.copy_statement import read_location
from local_account.loading.staged_files import require_format
from local_account.stages import format_options
from local_account.stages.location import find_stage, parse_location
from local_account.stages.location import shown as shown_file
from local_account.stages.store import StageStore
from local_account.statement.context import Context
from local_account.statement.options import Reader, boolean, integer, option_name
from local_account.tables.engine.data_engine import DataEngine
from local_account.tables.plan import access
from local_account.tables.translation import results

_UNLOAD_TYPE = 0x3700
_SUMMARY = columns("rows_unloaded:fixed input_bytes:fixed output_bytes:fixed")
_DETAILS = columns("FILE_NAME FILE_SIZE:fixed ROW_COUNT:fixed")
_OPTIONS: dict[str, tuple[Reader, Any]] = {
    "FILE_FORMAT": (format_options.read, {}),
    "OVERWRITE": (boolean, False),
    "SINGLE": (boolean, False),
    "MAX_FILE_SIZE": (integer, 16 << 20),
    "HEADER": (boolean, False),
    "DETAILED_OUTPUT": (boolean, False),
}
_REFUSED = (
    "INCLUDE_QUERY_ID",
    "VALIDATION_MODE",
    "CREDENTIALS",
    "ENCRYPTION",
    "STORAGE_INTEGRATION",
)
_COMPRESSED: dict[str, tuple[str, Callable[[bytes], bytes]]] = {
    "GZIP": (".gz", lambda content: gzip.compress(content, mtime=0)),
    "BZ2": (".bz2", bz2.compress),
    "BROTLI": (".br", lambda content: _by_arrow(content, "brotli")),
    "ZSTD": (".zst", lambda content: _by_arrow(content, "zstd")),
    "DEFLATE": (".deflate", zlib.compress),
    "RAW_DEFLATE": (".raw_deflate", lambda content: _raw_deflated(content)),
    "NONE": ("", bytes),
}


@dataclass
class _Unload:
    location: str
    query: str
    options: dict[str, Any] = field(default_factory=dict)


def run(context: Context, statement: Statement) -> Result:
    """Run what follows COPY INTO, if that is a stage.

    Raises:
        SnowflakeError: 001030 when a file exists and OVERWRITE is FALSE, or the query is not permitted.
    """
    unload = _read(statement)
    place = parse_location(unload.location)
    stage = find_stage(context, place, "WRITE")
    options = unload.options
    given = format_options.resolve(context, options["FILE_FORMAT"], stage)
    require_format(given)
    engine = context.account.part(DataEngine)
    with engine.alone(context) as session:
        plan = access.plan(context, Statement(unload.query), session.temporary)
        rows, kinds = session.rows(engine.prepared(session, plan, unload.query))
        names = results.column_names(plan.expression, list(rows.column_names))
        shape = [results.column(name, kind) for name, kind in zip(names, kinds, strict=True)]
        texts = rows if given["TYPE"] == "PARQUET" else session.texts(rows)
    context.changing()
    parts = list(_parts(rows, texts, shape, given, options))
    if options["SINGLE"]:
        parts = (
            [(sum(count for count, _ in parts), b"".join(content for _, content in parts))] if parts else []
        )
    is_folder = not place.path or unload.location.endswith("/")
    base = place.path + ("/" if place.path and is_folder else "") + ("data" if is_folder else "")
    store, written, read_bytes = context.account.part(StageStore), [], 0
    paths = [_path(base, index, given, options["SINGLE"]) for index in range(len(parts))]
    present = {file.path for file in store.files(stage.id, base)}
    if not options["OVERWRITE"] and present.intersection(paths):
        raise SnowflakeError(
            "001030",
            "22000",
            f"Files already existing at the unload destination: {unload.location}. Use overwrite option to "
            "force unloading.",
        )
    for path, (count, content) in zip(paths, parts, strict=True):
        packed = content if given["TYPE"] == "PARQUET" else _COMPRESSED[_compression(given)][1](content)
        incoming = store.incoming()
        incoming.write_bytes(packed)
        store.put(stage.id, path, incoming)
        read_bytes += len(content)
        written.append({"FILE_NAME": shown_file(stage, path), "FILE_SIZE": len(packed), "ROW_COUNT": count})
    if options["DETAILED_OUTPUT"]:
        return replace(table(_DETAILS, written), statement_type=_UNLOAD_TYPE)
    summary = {
        "rows_unloaded": rows.num_rows,
        "input_bytes": read_bytes,
        "output_bytes": sum(entry["FILE_SIZE"] for entry in written),
    }
    return replace(table(_SUMMARY, [summary]), statement_type=_UNLOAD_TYPE)


def _read(statement: Statement) -> _Unload:
    location = read_location(statement)
    statement.expect("FROM")
    query = (
        statement.nested() if statement.words(1) == ("(",) else f"SELECT * FROM {shown(statement.parts())}"  # noqa: S608
    )
    options = {name: default for name, (_, default) in _OPTIONS.items()}
    readers: dict[str, Reader] = {name: reader for name, (reader, _) in _OPTIONS.items()}
    readers |= dict.fromkeys(_REFUSED, boolean)
    while not statement.done:
        if statement.accept("PARTITION BY"):
            raise errors.unsupported("COPY INTO a stage PARTITION BY")
        name = option_name(statement, readers)
        if name in _REFUSED:
            raise errors.unsupported(f"COPY INTO a stage {name}")
        statement.expect("=")
        options[name] = readers[name](statement)
    if not 0 < options["MAX_FILE_SIZE"] <= 5 << 30:
        raise errors.invalid_value(options["MAX_FILE_SIZE"], "MAX_FILE_SIZE", f"1 to {5 << 30}")
    return _Unload(location, query, options)


def _compression(given: dict[str, Any]) -> str:
    return "GZIP" if given["COMPRESSION"] == "AUTO" else given["COMPRESSION"]


def _path(base: str, index: int, given: dict[str, Any], single: bool) -> str:
    if single:
        return base + (f".{given['FILE_EXTENSION']}" if given.get("FILE_EXTENSION") else "")
    if given["TYPE"] == "PARQUET":
        packed = {"AUTO": "snappy.", "SNAPPY": "snappy.", "GZIP": "gz.", "NONE": ""}
        middle = packed.get(given["COMPRESSION"], f"{given['COMPRESSION'].lower()}.")
        return f"{base}_0_0_{index}.{middle}parquet"
    end = given["FILE_EXTENSION"] or given["TYPE"].lower() + _COMPRESSED[_compression(given)][0]
    return f"{base}_0_0_{index}.{end}"


def _parts(
    rows: pyarrow.Table,
    texts: pyarrow.Table,
    shape: list[Column],
    given: dict[str, Any],
    options: dict[str, Any],
) -> Iterator[tuple[int, bytes]]:
    """Number of rows and content of each file, before compression."""
    if given["TYPE"] == "PARQUET":
        if rows.num_rows:
            yield rows.num_rows, _parquet(rows, shape, given, options["HEADER"])
        return
    lines = _json(texts, shape) if given["TYPE"] == "JSON" else _csv(texts, shape, given)
    header = _header(shape, given) if options["HEADER"] and given["TYPE"] == "CSV" else b""
    count, pieces, size = 0, [header], len(header)
    limit = None if options["SINGLE"] else options["MAX_FILE_SIZE"]
    for line in lines:
        if limit and count and size + len(line) > limit:
            yield count, b"".join(pieces)
            count, pieces, size = 0, [header], len(header)
        pieces.append(line)
        count, size = count + 1, size + len(line)
    if count:
        yield count, b"".join(pieces)


def _parquet(rows: pyarrow.Table, shape: list[Column], given: dict[str, Any], header: bool) -> bytes:
    names = [column.name if header else f"_COL_{index}" for index, column in enumerate(shape)]
    compression = {"AUTO": "snappy"}.get(given["COMPRESSION"], str(given["COMPRESSION"]).lower())
    target = io.BytesIO()
    pyarrow.parquet.write_table(rows.rename_columns(names), target, compression=compression)
    return target.getvalue()


def _json(texts: pyarrow.Table, shape: list[Column]) -> Iterator[bytes]:
    if len(shape) != 1 or shape[0].type not in ("variant", "object", "array"):
        raise SnowflakeError(
            "002019",
            "0A000",
            "SQL compilation error:\nJSON file format can unload only one column of type variant, object, or "
            "array. Use OBJECT_CONSTRUCT.",
        )
    for batch in texts.column(0).chunks:
        for value in batch.to_pylist():
            yield ("null" if value is None else value).encode() + b"\n"


def _header(shape: list[Column], given: dict[str, Any]) -> bytes:
    cell = _Cell(given)
    delimiter = given["FIELD_DELIMITER"] or ""
    return (
        delimiter.join(cell.text(column.name) for column in shape) + (given["RECORD_DELIMITER"] or "")
    ).encode()


def _csv(texts: pyarrow.Table, shape: list[Column], given: dict[str, Any]) -> Iterator[bytes]:
    cell, delimiter, end = _Cell(given), given["FIELD_DELIMITER"] or "", given["RECORD_DELIMITER"] or ""
    writers = [cell.plain if column.type in ("fixed", "real", "boolean") else cell.text for column in shape]
    for batch in texts.to_batches(max_chunksize=10000):
        written = [
            [cell.null if value is None else write(value) for value in column.to_pylist()]
            for write, column in zip(writers, batch.columns, strict=True)
        ]
        for fields in zip(*written, strict=True):
            yield (delimiter.join(fields) + end).encode("utf-8", "surrogatepass")


class _Cell:
    """Writes the fields of delimited texts so that COPY reads the same values with the same format."""

    def __init__(self, given: dict[str, Any]) -> None:
        self._quote = given["FIELD_OPTIONALLY_ENCLOSED_BY"]
        escape = given["ESCAPE"] or given["ESCAPE_UNENCLOSED_FIELD"]
        self._escape = escape
        self._enclosed_escape = given["ESCAPE"]
        delimiters = [given["FIELD_DELIMITER"], given["RECORD_DELIMITER"]]
        self._special = [mark for mark in (escape, *delimiters) if mark and escape]
        self.null = (given["NULL_IF"] or [""])[0]

    def text(self, value: str) -> str:
        """A text, enclosed if the format says so."""
        if self._quote:
            if self._enclosed_escape and self._enclosed_escape != self._quote:
                value = value.replace(self._enclosed_escape, self._enclosed_escape * 2)
            return self._quote + value.replace(self._quote, self._quote * 2) + self._quote
        return self.plain(value)

    def plain(self, value: str) -> str:
        """A field without enclosing characters."""
        for mark in self._special:
            value = value.replace(mark, self._escape + mark)
        return value


def _by_arrow(content: bytes, codec: str) -> bytes:
    sink = pyarrow.BufferOutputStream()
    with pyarrow.CompressedOutputStream(sink, codec) as stream:
        stream.write(content)
    return sink.getvalue().to_pybytes()


def _raw_deflated(content: bytes) -> bytes:
    engine = zlib.compressobj(wbits=-15)
    return engine.compress(content) + engine.flush()
