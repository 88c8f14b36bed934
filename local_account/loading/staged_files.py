"""The files of a stage location, read as tables of the data engine.

Whatever the format, a file becomes a view on a connection of the data engine: one column for each field
(`$1`, `$2` … of delimited texts, the document `$1` of JSON, the columns of Parquet), the columns METADATA$…,
and the row's number and line.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb
import pyarrow

from local_account.base import errors
from local_account.base.errors import SnowflakeError
from local_account.base.result import now
from local_account.catalog.catalog import Object
from local_account.loading import compression, csv_rows
from local_account.loading.csv_rows import BadRecord, CsvReader, Enclosed
from local_account.loading.json_rows import JsonReader
from local_account.stages.location import find_stage, matching, parse_location, shown
from local_account.stages.store import File, StageStore
from local_account.statement.context import Context
from local_account.tables.translation.names import encoded

ROW, LINE, WIDTH = "_ROW", "_LINE", "_WIDTH"
METADATA = {
    "METADATA$FILENAME": "VARCHAR",
    "METADATA$FILE_ROW_NUMBER": "BIGINT",
    "METADATA$FILE_CONTENT_KEY": "VARCHAR",
    "METADATA$FILE_LAST_MODIFIED": "TIMESTAMP",
    "METADATA$START_SCAN_TIME": "TIMESTAMPTZ",
}
_ROWS_AT_ONCE = 65536


@dataclass
class StagedFile:
    """One file of a stage.

    Attributes:
        stage: the STAGE, USER or TABLE that has it.
        name: as COPY shows it: the stage's name and the path.
    """

    context: Context
    stage: Object
    file: File

    @property
    def name(self) -> str:
        return shown(self.stage, self.file.path)

    @property
    def digest(self) -> str:
        """MD5 of the file; the same path with another digest is another file."""
        return self._store.md5(self.stage.id, self.file)

    def remove(self) -> None:
        self._store.remove(self.stage.id, self.file.path)

    @property
    def _store(self) -> StageStore:
        return self.context.account.part(StageStore)

    @contextlib.contextmanager
    def opened(self) -> Iterator[Any]:
        """The file, open for reading.

        Raises:
            SnowflakeError: 091016 when it is gone.
        """
        try:
            with self._store.open(self.stage.id, self.file.path) as descriptor:
                yield os.fdopen(os.dup(descriptor), "rb")
        except FileNotFoundError:
            raise absent(self.name) from None


def absent(name: str) -> SnowflakeError:
    """A file that the statement names is not on the stage."""
    return SnowflakeError("091016", "22000", f"Remote file '{name}' was not found.")


def find(
    context: Context, location: str, names: list[str] | None = None, pattern: str | None = None
) -> tuple[Object, list[StagedFile]]:
    """The stage of a location, and its files.

    Args:
        names: FILES: paths below the location.
        pattern: PATTERN, which the whole path must match.

    Raises:
        SnowflakeError: 002003 for an absent stage, 003001 without READ on it, 091016 for an absent file.
    """
    place = parse_location(location)
    stage = find_stage(context, place, "READ")
    found = matching(context, stage, place.path, pattern)
    if names is not None:
        by_path = {file.path: file for file in found}
        base = f"{place.path}/" if place.path else ""
        wanted = [parse_location(f"@x/{base}{name}").path for name in names]
        for path in wanted:
            if path not in by_path:
                raise absent(shown(stage, path))
        found = [by_path[path] for path in dict.fromkeys(wanted)]
    return stage, [StagedFile(context, stage, file) for file in found]


@dataclass
class Rows:
    """A file's rows in the data engine.

    Attributes:
        view: name of the view that has them.
        columns: names of the columns that hold the file's fields.
        count: number of rows, without the bad records.
        bad: number in the file, line and what is wrong of each bad record.
        widths: numbers of fields that records have, with the row and line of the first such record.
        header: names of the columns, if the file has them.
    """

    view: str
    columns: list[str]
    count: int = 0
    bad: list[tuple[int, int, BadRecord]] = field(default_factory=list)
    widths: dict[int, tuple[int, int]] = field(default_factory=dict)
    header: list[str] | None = None


class Staging:
    """Makes views of staged files on a connection of the data engine.

    Args:
        connection: of the data engine; the views are temporary ones there.
        folder: folder of the data engine's own, for copies of Parquet files.
    """

    def __init__(self, connection: duckdb.DuckDBPyConnection, folder: Path) -> None:
        self._connection = connection
        # The engine accepts no new table while the last result is not read to its end.
        connection.execute("SELECT 1").fetchall()
        self._folder = folder / "loading" / secrets.token_hex(8)
        self._count = 0

    def close(self) -> None:
        """Remove the views and copies."""
        for index in range(self._count):
            with contextlib.suppress(duckdb.Error):
                self._connection.execute(f"DROP VIEW IF EXISTS temp.main.{_view(index)}")
                self._connection.unregister(f"{_view(index)}_rows")
        shutil.rmtree(self._folder, ignore_errors=True)

    def read(self, staged: StagedFile, options: dict[str, Any], width: int = 0) -> Rows:
        """Make a view of one file.

        Args:
            options: complete format options.
            width: number of columns that a CSV file is read as; 0 for as many as it has.

        Raises:
            SnowflakeError: the file cannot be read.
        """
        view = _view(self._count)
        self._count += 1
        kind = options["TYPE"]
        if kind == "PARQUET":
            return self._parquet(staged, view)
        with staged.opened() as source:
            pieces = compression.plain(source, options["COMPRESSION"], staged.name)
            text = csv_rows.decoded(pieces, options, staged.name)
            if kind == "JSON":
                return self._json(staged, view, JsonReader(options, staged.name), "".join(text))
            return self._csv(staged, view, CsvReader(options), text, options, width)

    def together(self, parts: list[Rows], options: dict[str, Any]) -> Rows:
        """One view of the rows of several files; a field that a file does not have is NULL there.

        Raises:
            SnowflakeError: the first bad record.
        """
        for part in parts:
            if part.bad:
                number, line, record = part.bad[0]
                raise SnowflakeError(
                    "100066",
                    "22000",
                    f"{record.message}\n  Line {line}, character {record.character}, row {number}",
                )
        if len(parts) == 1:
            return parts[0]
        view = _view(self._count)
        self._count += 1
        names = list(dict.fromkeys(name for part in parts for name in part.columns))
        selects = [f"SELECT * FROM temp.main.{part.view}" for part in parts]  # noqa: S608
        if not parts:
            kind = "JSON" if options["TYPE"] == "JSON" else "VARCHAR"
            names = ["$1"] if options["TYPE"] != "PARQUET" else []
            empty = {**dict.fromkeys(names, kind), ROW: "BIGINT", LINE: "BIGINT", **METADATA}
            columns = ", ".join(f"NULL::{kind} AS {encoded(name)}" for name, kind in empty.items())
            selects = [f"SELECT {columns} WHERE false"]
        self._connection.execute(
            f"CREATE OR REPLACE TEMP VIEW {view} AS {' UNION ALL BY NAME '.join(selects)}"
        )
        return Rows(view, names, sum(part.count for part in parts))

    def types(self, rows: Rows) -> list[tuple[str, str]]:
        """Name and type of each column that holds a file's fields."""
        found = self._connection.execute(f"DESCRIBE temp.main.{rows.view}").fetchall()
        kinds = {str(entry[0]): str(entry[1]) for entry in found}
        return [(name, kinds[encoded(name)]) for name in rows.columns]

    def filled(self, rows: Rows) -> set[str]:
        """The columns that have a value other than NULL."""
        if not rows.columns:
            return set()
        counted = ", ".join(f"count({encoded(name)})" for name in rows.columns)
        counts = self.ask(f"SELECT {counted} FROM temp.main.{rows.view}")  # noqa: S608
        return {name for name, count in zip(rows.columns, counts, strict=True) if count}

    def members(self, rows: Rows) -> list[tuple[str, str]]:
        """Name and type of each member of the objects in a JSON file."""
        found = self._connection.execute(
            "SELECT member.key, CASE WHEN bool_and(member.type IN ('BIGINT', 'UBIGINT', 'NULL')) THEN "  # noqa: S608
            "'NUMBER(38, 0)' WHEN bool_and(member.type IN ('BIGINT', 'UBIGINT', 'DOUBLE', 'NULL')) "
            "THEN 'REAL' "
            "WHEN bool_and(member.type IN ('BOOLEAN', 'NULL')) THEN 'BOOLEAN' "
            "WHEN bool_and(member.type IN ('OBJECT', 'NULL')) THEN 'OBJECT' "
            "WHEN bool_and(member.type IN ('ARRAY', 'NULL')) THEN 'ARRAY' ELSE 'TEXT' END "
            f"FROM temp.main.{rows.view}, json_each({encoded('$1')}) AS member "
            f"WHERE json_type({encoded('$1')}) = 'OBJECT' GROUP BY member.key ORDER BY min(member.id)"
        )
        return [(str(name), str(kind)) for name, kind in found.fetchall()]

    def ask(self, query: str) -> tuple[Any, ...]:
        """The one row of a query on the views."""
        row = self._connection.execute(query).fetchone()
        assert row
        return row

    def _csv(
        self,
        staged: StagedFile,
        view: str,
        reader: CsvReader,
        text: Iterator[str],
        options: dict[str, Any],
        width: int,
    ) -> Rows:
        rows = Rows(view, [])
        cells = _Cells(options)
        for number, (line, record) in enumerate(reader.records(text), 1):
            if isinstance(record, BadRecord):
                rows.bad.append((number, line, record))
                continue
            rows.widths.setdefault(len(record), (number, line))
            cells.add(number, line, record)
        rows.header = reader.header
        count = width or max([*rows.widths, len(reader.header or ())], default=0)
        rows.columns = [f"${index + 1}" for index in range(count)]
        table = cells.table(rows.columns)
        rows.count = table.num_rows
        self._make(staged, view, table, [*(f'"{name}" AS {encoded(name)}' for name in rows.columns), WIDTH])
        return rows

    def _json(self, staged: StagedFile, view: str, reader: JsonReader, text: str) -> Rows:
        lines, values = [], []
        for line, value in reader.values(text):
            lines.append(line)
            values.append(value)
        table = pyarrow.table(
            {
                "$1": pyarrow.array(values, pyarrow.large_string()),
                ROW: pyarrow.array(range(1, len(values) + 1), pyarrow.int64()),
                LINE: pyarrow.array(lines, pyarrow.int64()),
            }
        )
        self._make(staged, view, table, [f'"$1"::JSON AS {encoded("$1")}'])
        return Rows(view, ["$1"], len(values))

    def _parquet(self, staged: StagedFile, view: str) -> Rows:
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        copy = self._folder / f"{view}.parquet"
        with staged.opened() as source, copy.open("wb") as target:
            shutil.copyfileobj(source, target, 1 << 20)
        path = str(copy.resolve()).replace("'", "''")
        source = f"read_parquet('{path}', file_row_number = true)"
        try:
            found = self._connection.execute(f"DESCRIBE SELECT * FROM {source}").fetchall()  # noqa: S608
            names = [str(entry[0]) for entry in found if entry[0] != "file_row_number"]
            counted = self._connection.execute(f"SELECT count(*) FROM {source}").fetchone()  # noqa: S608
            fields = [f'"{name.replace(chr(34), chr(34) * 2)}" AS {encoded(name)}' for name in names]
            self._select(staged, view, source, [*fields, f"file_row_number + 1 AS {ROW}", f"0 AS {LINE}"])
        except duckdb.Error:
            raise SnowflakeError(
                "100155", "22000", f"Not a readable Parquet file.\n  File '{staged.name}'"
            ) from None
        return Rows(view, names, counted[0] if counted else 0)

    def _make(self, staged: StagedFile, view: str, table: pyarrow.Table, fields: list[str]) -> None:
        self._connection.register(f"{view}_rows", table)
        self._select(staged, view, f"temp.main.{view}_rows", [*fields, ROW, LINE])

    def _select(self, staged: StagedFile, view: str, source: str, fields: list[str]) -> None:
        name = staged.name.replace("'", "''")
        metadata = {
            "METADATA$FILENAME": f"'{name}'",
            "METADATA$FILE_ROW_NUMBER": ROW if source.startswith("temp") else "file_row_number + 1",
            "METADATA$FILE_CONTENT_KEY": f"'{staged.digest}'",
            "METADATA$FILE_LAST_MODIFIED": f"make_timestamp({int(staged.file.modified * 1_000_000)})",
            "METADATA$START_SCAN_TIME": f"make_timestamptz({int(now() * 1_000_000)})",
        }
        chosen = [*fields, *(f"{value} AS {encoded(label)}" for label, value in metadata.items())]
        self._connection.execute(
            f"CREATE OR REPLACE TEMP VIEW {view} AS SELECT {', '.join(chosen)} FROM {source}"  # noqa: S608
        )


class _Cells:
    """Fields of records, collected column by column."""

    def __init__(self, options: dict[str, Any]) -> None:
        self._nulls = frozenset(options["NULL_IF"])
        self._empty_is_null = options["EMPTY_FIELD_AS_NULL"]
        self._rows: list[list[str]] = []
        self._numbers: list[int] = []
        self._lines: list[int] = []
        self._widths: list[int] = []
        self._parts: list[tuple[int, list[pyarrow.Array]]] = []

    def add(self, number: int, line: int, record: list[str]) -> None:
        self._rows.append(record)
        self._numbers.append(number)
        self._lines.append(line)
        self._widths.append(len(record))
        if len(self._rows) >= _ROWS_AT_ONCE:
            self._pack()

    def _pack(self) -> None:
        rows, width = self._rows, max(map(len, self._rows), default=0)
        if any(len(row) != width for row in rows):
            # Text that is absent is NULL, which no field of a record is yet.
            columns = [[row[index] if index < len(row) else None for row in rows] for index in range(width)]
        else:
            columns = [list(column) for column in zip(*rows, strict=True)]
        arrays = [pyarrow.array(map(self._cell, column), pyarrow.large_string()) for column in columns]
        self._parts.append((len(rows), arrays))
        self._rows = []

    def _cell(self, value: str | None) -> str | None:
        if value is None or value in self._nulls:
            return None
        if not value and self._empty_is_null and not isinstance(value, Enclosed):
            return None
        return value

    def table(self, names: list[str]) -> pyarrow.Table:
        """All rows with these columns; a record that has fewer fields has NULL."""
        if self._rows:
            self._pack()
        text = pyarrow.large_string()
        columns: dict[str, Any] = {}
        for index, name in enumerate(names):
            chunks = [
                arrays[index] if index < len(arrays) else pyarrow.nulls(count, text)
                for count, arrays in self._parts
            ]
            columns[name] = pyarrow.chunked_array(chunks, text)
        columns[ROW] = pyarrow.array(self._numbers, pyarrow.int64())
        columns[LINE] = pyarrow.array(self._lines, pyarrow.int64())
        columns[WIDTH] = pyarrow.array(self._widths, pyarrow.int32())
        return pyarrow.table(columns)


def _view(index: int) -> str:
    return f"_STAGED_{index}"


def require_format(options: dict[str, Any]) -> None:
    """Refuse format options that are not supported.

    Raises:
        SnowflakeError: 000002.
    """
    if options.get("ENABLE_OCTAL"):
        raise errors.unsupported("FILE_FORMAT ENABLE_OCTAL")
    if not options.get("MULTI_LINE", True):
        raise errors.unsupported("FILE_FORMAT MULTI_LINE = FALSE")
    if options["TYPE"] == "PARQUET" and options["COMPRESSION"] == "LZO":
        raise errors.unsupported("FILE_FORMAT COMPRESSION = LZO")
