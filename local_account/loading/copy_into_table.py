"""COPY INTO <table>: loads staged files.

See https://docs.snowflake.com/en/sql-reference/sql/copy-into-table
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pyarrow

from local_account.base import errors
from local_account.base.errors import SnowflakeError
from local_account.base.result import Column, Result, columns, status, table
from local_account.base.sql import Statement, quote, shown
from local_account.catalog.catalog import Object
from local_account.loading import conversion, copy_statement, queries
from local_account.loading.conversion import Target
from local_account.loading.copy_statement import Copy
from local_account.loading.file_load import FileLoad, Loaded, Problem, selected
from local_account.loading.staged_files import StagedFile, find, require_format
from local_account.stages import format_options
from local_account.stages.copy_options import STAGE_COPY_OPTIONS, skip_limit
from local_account.statement.context import Context
from local_account.tables.engine.data_engine import DataEngine
from local_account.tables.engine.data_session import DataSession
from local_account.tables.engine.engine_statement import EngineStatement
from local_account.tables.plan import access
from local_account.tables.translation import results
from local_account.tables.translation.names import decoded, encoded

_COPY_TYPE = 0x3600
_COLUMNS = columns(
    "file status rows_parsed:fixed rows_loaded:fixed error_limit:fixed errors_seen:fixed first_error "
    "first_error_line:fixed first_error_character:fixed first_error_column_name"
)
_ERROR_COLUMNS = columns(
    "ERROR FILE LINE:fixed CHARACTER:fixed BYTE_OFFSET:fixed CATEGORY CODE:fixed SQL_STATE COLUMN_NAME "
    "ROW_NUMBER:fixed ROW_START_LINE:fixed REJECTED_RECORD"
)
_MOST_ERRORS = 1000
_DAYS = 64


def run(context: Context, statement: Statement) -> Result:
    """Run what follows COPY INTO.

    Raises:
        SnowflakeError: the COPY is not permitted or wrong, or a file has an error and ON_ERROR says to stop.
    """
    copy = copy_statement.read(statement)
    engine = context.account.part(DataEngine)
    with engine.alone(context) as session:
        plan = access.plan(context, Statement(copy.insert), session.temporary)
        prepared = engine.prepared(session, plan, statement.text)
        stage, files = _files(context, copy)
        given = format_options.resolve(context, copy.format, stage)
        require_format(given)
        options = {name: option.default for name, option in STAGE_COPY_OPTIONS.items()}
        options |= {**(stage.properties.get("COPY_OPTIONS") or {}), **copy.options}
        targets = _targets(context, engine, session, copy)
        name = plan.target.name if plan.target else ""
        with engine.aside(context) as side:
            load = FileLoad(engine, side, name, targets, copy.query, given, options)
            if copy.validation:
                return _validate(copy, load, files, targets)
            context.changing()
            return _Loading(session, prepared, load, options).run(files)


def _files(context: Context, copy: Copy) -> tuple[Object, list[StagedFile]]:
    location = copy.location
    if copy.query:
        node = selected(copy.query).find(access.exp.Table)
        assert node
        location = queries.location(node)
    if not location:
        above = ".".join(quote(part) for part in copy.table[:-1])
        location = f"@{above}{'.' if above else ''}%{quote(copy.table[-1])}"
    return find(context, location, copy.names, copy.pattern)


def _targets(context: Context, engine: DataEngine, session: DataSession, copy: Copy) -> list[Target]:
    """The columns to load, in the order in which the statement names them."""
    plan = access.plan(context, Statement(f"DESCRIBE TABLE {shown(copy.table)}"), session.temporary)
    described = session.run(engine.prepared(session, plan, ""))
    place = engine.prepared(session, plan, "").target
    kinds = session.connection.execute(
        "SELECT column_name, data_type FROM duckdb_columns() WHERE database_name = ? AND schema_name = ? "
        "AND table_name = ?",
        list(place or ("", "", "")),
    ).fetchall()
    by_name = {decoded(str(name)): str(kind) for name, kind in kinds}
    found = {
        str(row[0]): conversion.target(str(row[0]), index, str(row[1]), by_name[str(row[0])], row[3] == "Y")
        for index, row in enumerate(described.rows, 1)
    }
    if copy.columns is None:
        return list(found.values())
    for name in copy.columns:
        if name not in found:
            raise errors.compilation_error(
                "000904", "42000", f"error line 1 at position 0\ninvalid identifier '{name}'"
            )
    return [found[name] for name in copy.columns]


class _Loading:
    """One COPY that loads."""

    def __init__(
        self, session: DataSession, statement: EngineStatement, load: FileLoad, options: dict[str, Any]
    ) -> None:
        self._session, self._statement, self._load = session, statement, load
        self._options = options
        self._on_error = options["ON_ERROR"]

    def run(self, files: list[StagedFile]) -> Result:
        rows, size, purged = [], 0, []
        with self._session.changing(self._statement):
            path, key = self._session.loads(self._statement)
            self._session.load(
                self._statement,
                f"DELETE FROM {path} WHERE table_key = ? AND loaded < now() - INTERVAL {_DAYS} DAY",  # noqa: S608
                [key],
            )
            known = self._known(path, key)
            for file in files:
                if not self._options["FORCE"] and (file.stage.id, file.file.path, file.digest) in known:
                    continue
                if self._options["SIZE_LIMIT"] and size >= self._options["SIZE_LIMIT"]:
                    break
                size += file.file.size
                found = self._read(file)
                row = self._row(file, found)
                if row["status"] in ("LOADED", "PARTIALLY_LOADED"):
                    self._insert(found)
                    self._session.load(
                        self._statement,
                        f"INSERT INTO {path} VALUES (?, ?, ?, ?, now())",  # noqa: S608
                        [key, file.stage.id, file.file.path, file.digest],
                    )
                if row["status"] == "LOADED":
                    purged.append(file)
                rows.append(row)
        if self._options["PURGE"]:
            for file in purged:
                file.remove()
        if not rows:
            return replace(status("Copy executed with 0 files processed."), statement_type=_COPY_TYPE)
        if self._options["RETURN_FAILED_ONLY"]:
            rows = [row for row in rows if row["status"] != "LOADED"]
        return replace(table(_COLUMNS, rows), statement_type=_COPY_TYPE)

    def _known(self, path: str, key: str) -> set[tuple[int, str, str]]:
        found = self._session.connection.execute(
            f"SELECT stage, path, digest FROM {path} WHERE table_key = ?",  # noqa: S608
            [key],
        )
        return {(int(stage), str(file), str(digest)) for stage, file, digest in found.fetchall()}

    def _read(self, file: StagedFile) -> Loaded:
        try:
            return self._load.read(file)
        except SnowflakeError as error:
            if self._on_error == "ABORT_STATEMENT" or "compilation error" in error.message:
                raise
            lines = error.message.partition("\n")[0]
            return Loaded(pyarrow.table({}), 0, [Problem(error.code, lines, 0)])

    def _row(self, file: StagedFile, found: Loaded) -> dict[str, Any]:
        """The file's row in the result.

        Raises:
            SnowflakeError: the first error, if it ends the statement.
        """
        first = found.problems[0] if found.problems else None
        limit, row_status, loaded = 1, "LOADED", found.rows.num_rows
        if self._on_error == "CONTINUE":
            limit = found.parsed
        elif self._on_error.startswith("SKIP_FILE"):
            limit = max(int(skip_limit(self._on_error, found.parsed)), 1)
        if first and self._on_error == "ABORT_STATEMENT":
            raise first.error(file.file.path)
        if first:
            row_status = "PARTIALLY_LOADED"
            if loaded == 0 or (self._on_error != "CONTINUE" and len(found.problems) >= limit):
                row_status, loaded = "LOAD_FAILED", 0
        return {
            "file": file.name,
            "status": row_status,
            "rows_parsed": found.parsed,
            "rows_loaded": loaded,
            "error_limit": limit,
            "errors_seen": len(found.problems),
            "first_error": first.message if first else None,
            "first_error_line": (first.line or None) if first else None,
            "first_error_character": (first.character or None) if first else None,
            "first_error_column_name": (first.column or None) if first else None,
        }

    def _insert(self, found: Loaded) -> None:
        if found.rows.num_rows:
            names = ", ".join(found.rows.column_names)
            self._session.load(
                self._statement,
                f"INSERT INTO {self._statement.target} ({names}) SELECT {names} FROM temp.main._LOADED",  # noqa: S608
                rows=found.rows,
            )


def _validate(copy: Copy, load: FileLoad, files: list[StagedFile], targets: list[Target]) -> Result:
    """VALIDATION_MODE: what the files have, or what is wrong in them; nothing is loaded."""
    if copy.validated_rows:
        rows: list[list[str | None]] = []
        shape: list[Column] = [Column(target.name) for target in targets]
        for file in files:
            found = load.read(file)
            if found.problems:
                raise found.problems[0].error(file.file.path)
            kinds = {encoded(target.name): target.engine for target in targets}
            shape = [results.column(decoded(name), kinds[name]) for name in found.rows.column_names]
            rows += results.cells(found.rows.slice(0, copy.validated_rows - len(rows)), shape)
            if len(rows) >= copy.validated_rows:
                break
        return Result(shape, rows)
    return table(_ERROR_COLUMNS, [_listed(file, found) for file in files for found in _problems(load, file)])


def _problems(load: FileLoad, file: StagedFile) -> list[Problem]:
    return load.read(file, _MOST_ERRORS).problems[:_MOST_ERRORS]


def _listed(file: StagedFile, problem: Problem) -> dict[str, Any]:
    return {
        "ERROR": problem.message,
        "FILE": file.name,
        "LINE": problem.line,
        "CHARACTER": problem.character,
        "BYTE_OFFSET": 0,
        "CATEGORY": "conversion" if problem.column else "parsing",
        "CODE": int(problem.code),
        "SQL_STATE": problem.state,
        "COLUMN_NAME": problem.column or None,
        "ROW_NUMBER": problem.row,
        "ROW_START_LINE": problem.line,
        "REJECTED_RECORD": None,
    }
