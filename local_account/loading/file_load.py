"""Computes the rows that one staged file gives to a table, and what is wrong in it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import duckdb
import pyarrow
from sqlglot import exp

from local_account.base import errors
from local_account.base.errors import SnowflakeError
from local_account.base.sql import Statement
from local_account.loading import conversion, queries
from local_account.loading.conversion import Target
from local_account.loading.staged_files import LINE, ROW, Rows, StagedFile, Staging
from local_account.tables.engine.data_engine import DataEngine
from local_account.tables.engine.data_session import DataSession
from local_account.tables.engine.errors import engine_errors
from local_account.tables.engine.registered import registered
from local_account.tables.plan import access
from local_account.tables.plan.access import Plan
from local_account.tables.translation.names import encoded

_STATES = {
    **dict.fromkeys(("100037", "100038"), "22018"),
    **dict.fromkeys(("100035", "100040", "100108"), "22007"),
    "100132": "22003",
}


@dataclass
class Problem:
    """One error in a file.

    Attributes:
        row, line, character: where it is, counted from 1; line and character are 0 when there are no lines.
        column: the table's column, with its number; '' when the whole record is wrong.
    """

    code: str
    message: str
    row: int
    line: int = 0
    character: int = 0
    column: str = ""

    @property
    def state(self) -> str:
        """The SQL state."""
        return _STATES.get(self.code, "22000")

    def error(self, file: str) -> SnowflakeError:
        """The error of a statement that ends at this problem."""
        where = f"  File '{file}', line {self.line}, character {self.character}\n"
        column = f", column {self.column}" if self.column else ""
        return SnowflakeError(
            self.code,
            self.state,
            f"{self.message}\n{where}  Row {self.row}{column}\n  If you would like to continue loading when "
            "an error is encountered, use other values such as 'SKIP_FILE' or 'CONTINUE' for the ON_ERROR "
            "option. For more information on loading options, please run 'info loading_data' in a SQL "
            "client.",
        )


@dataclass
class Loaded:
    """What a file gives.

    Attributes:
        rows: the good rows; one column for each target.
        parsed: number of records in the file.
        problems: errors, by row; the first ones have details.
    """

    rows: pyarrow.Table
    parsed: int
    problems: list[Problem] = field(default_factory=list)


class FileLoad:
    """Reads files for one COPY.

    Args:
        engine: for statements in Snowflake's language.
        session: a connection of its own, on which errors do no harm.
        table: the table's name, for errors.
        targets: the columns to load, in the order of the fields.
        query: the SELECT that transforms the data; '' without one.
        format: complete format options.
        options: complete copy options.
    """

    def __init__(
        self,
        engine: DataEngine,
        session: DataSession,
        table: str,
        targets: Sequence[Target],
        query: str,
        format: dict[str, Any],
        options: dict[str, Any],
    ) -> None:
        self._engine, self._session, self._table = engine, session, table
        self._targets, self._query = targets, query
        self._format, self._options = format, options
        self._connection = session.connection
        self._by_name = options["MATCH_BY_COLUMN_NAME"]

    def read(self, file: StagedFile, most_details: int = 1) -> Loaded:
        """The rows of one file.

        Args:
            most_details: how many problems get a message; more cost a query each.

        Raises:
            SnowflakeError: the file cannot be read at all, or the COPY does not fit its format.
        """
        staging = Staging(self._connection, self._engine.folder)
        try:
            rows = staging.read(file, self._format)
            problems = [
                Problem("100066", record.message, row, line, record.character)
                for row, line, record in rows.bad
            ]
            problems += self._misfits(rows)
            outputs = list(self._outputs(rows))
            parsed = rows.count + len(rows.bad)
            excluded = {problem.row for problem in problems}
            table = None if excluded else self._plainly(rows, outputs)
            if table is None:
                table, more = self._carefully(rows, outputs, excluded, most_details)
                problems = sorted([*problems, *more], key=lambda problem: problem.row)
            return Loaded(table, parsed, problems)
        finally:
            staging.close()

    def _misfits(self, rows: Rows) -> list[Problem]:
        """Records with a wrong number of fields."""
        checked = self._format.get("ERROR_ON_COLUMN_COUNT_MISMATCH") and not self._query
        if self._format["TYPE"] != "CSV" or not checked:
            return []
        wanted = len(rows.header or ()) if self._by_name != "NONE" else len(self._targets)
        if set(rows.widths) <= {wanted}:
            return []
        found = self._connection.execute(
            f"SELECT {ROW}, {LINE}, _WIDTH FROM temp.main.{rows.view} WHERE _WIDTH <> ? ORDER BY {ROW}",  # noqa: S608
            [wanted],
        )
        return [self._misfit(width, wanted, row, line) for row, line, width in found.fetchall()]

    def _misfit(self, width: int, wanted: int, row: int, line: int) -> Problem:
        if width < wanted and self._by_name == "NONE":
            column = self._shown(self._targets[width])
            text = f"End of record reached while expected to parse column '{column}'"
            return Problem("100068", text, row, line, 1, column)
        text = (
            f"Number of columns in file ({width}) does not match that of the corresponding table ({wanted}), "
            "use file format option error_on_column_count_mismatch=false to ignore this error"
        )
        return Problem("100080", text, row, line, 1)

    def _shown(self, column: Target) -> str:
        return f'"{self._table}"["{column.name}":{column.position}]'

    # The columns as expressions of the engine

    def _outputs(self, rows: Rows) -> Iterator[tuple[Target, str]]:
        """Each column that gets values, and the expression of its value."""
        truncates = self._options["TRUNCATECOLUMNS"] or not self._options["ENFORCE_LENGTH"]
        for column, value in self._values(rows):
            yield column, conversion.limited(column, value, truncates)

    def _values(self, rows: Rows) -> Iterator[tuple[Target, str]]:
        if self._query:
            yield from self._transformed(rows)
        elif self._by_name != "NONE":
            yield from self._named(rows)
        elif self._format["TYPE"] == "CSV":
            for index, column in enumerate(self._targets):
                name = f"${index + 1}"
                if name in rows.columns:
                    yield column, conversion.from_text(column, encoded(name), self._format)
                else:
                    yield column, f"CAST(NULL AS {column.engine})"
        else:
            yield self._only_column(), self._document(rows)

    def _only_column(self) -> Target:
        if len(self._targets) != 1 or not self._targets[0].is_semistructured:
            kind = self._format["TYPE"]
            raise SnowflakeError(
                "002019",
                "0A000",
                f"SQL compilation error:\n{kind} file format can produce one and only one column of type "
                "variant, object, or array. Load data into separate columns using the MATCH_BY_COLUMN_NAME "
                "copy option or copy with transformation.",
            )
        return self._targets[0]

    def _document(self, rows: Rows) -> str:
        if self._format["TYPE"] == "JSON":
            return encoded("$1")
        pairs = (f"'{name.replace(chr(39), chr(39) * 2)}', {encoded(name)}" for name in rows.columns)
        return f"json_object({', '.join(pairs)})"

    def _named(self, rows: Rows) -> Iterator[tuple[Target, str]]:
        """Columns whose names are in the file; the others keep their defaults."""
        exact = self._by_name == "CASE_SENSITIVE"
        if self._format["TYPE"] == "CSV" and rows.header is None:
            raise errors.compilation_error(
                "001008", "22023", "MATCH_BY_COLUMN_NAME with CSV files needs PARSE_HEADER = TRUE."
            )
        fields = self._members(rows) if self._format["TYPE"] == "JSON" else rows.header or rows.columns
        by_name: dict[str, int] = {}
        for index, name in enumerate(fields):
            by_name.setdefault(name if exact else name.upper(), index)
        for column in self._targets:
            index = by_name.get(column.name if exact else column.name.upper())
            if index is None:
                continue
            if self._format["TYPE"] == "JSON":
                yield column, conversion.from_document(column, encoded("$1"), fields[index], self._format)
            elif self._format["TYPE"] == "CSV":
                yield column, conversion.from_text(column, encoded(f"${index + 1}"), self._format)
            else:
                value = encoded(fields[index])
                yield (
                    column,
                    conversion.from_value(column, value, self._kinds(rows, [value])[0], self._format),
                )

    def _members(self, rows: Rows) -> list[str]:
        found = self._connection.execute(
            f"SELECT DISTINCT unnest(json_keys({encoded('$1')})) FROM temp.main.{rows.view}"  # noqa: S608
        )
        return sorted(str(name) for (name,) in found.fetchall())

    def _transformed(self, rows: Rows) -> Iterator[tuple[Target, str]]:
        select = selected(self._query)
        items = select.expressions
        if len(items) != len(self._targets):
            raise errors.compilation_error(
                "002020",
                "21S01",
                f"Insert value list does not match column list expecting {len(self._targets)} but got "
                f"{len(items)}",
            )
        is_csv = self._format["TYPE"] == "CSV"
        plain = [is_csv and isinstance(item.unalias(), (exp.Parameter, exp.Column)) for item in items]
        node = select.find(exp.Table)
        assert node
        queries.attach(node, rows, self._format["TYPE"])
        for item in select.expressions:
            item.replace(item.unalias())
        statement = self._engine.prepared(self._session, Plan(select), self._query)
        texts = self._session.translated(statement)
        kinds = self._kinds(rows, texts)
        for column, text, kind, is_plain in zip(self._targets, texts, kinds, plain, strict=True):
            if is_plain and text.strip('"').startswith("_Q_24"):
                yield column, conversion.from_text(column, text, self._format)
            else:
                yield column, conversion.from_value(column, text, kind, self._format)

    def _kinds(self, rows: Rows, values: Sequence[str]) -> list[str]:
        """The engine's types of expressions."""
        with engine_errors():
            query = f"DESCRIBE SELECT {', '.join(values)} FROM temp.main.{rows.view}"  # noqa: S608
            return [str(entry[1]) for entry in self._connection.execute(query).fetchall()]

    # Their values

    def _plainly(self, rows: Rows, outputs: list[tuple[Target, str]]) -> pyarrow.Table | None:
        """All rows at once; None when there is an error in one of them."""
        columns = ", ".join(f"{value} AS {encoded(column.name)}" for column, value in outputs)
        try:
            table = self._ask(f"SELECT {columns} FROM temp.main.{rows.view}")  # noqa: S608
        except duckdb.InterruptException:
            raise
        except duckdb.Error:
            return None
        for (column, _), name in zip(outputs, table.column_names, strict=True):
            if not column.nullable and table.column(name).null_count:
                return None
        return table

    def _ask(self, query: str) -> pyarrow.Table:
        return self._connection.execute(query).to_arrow_table()

    def _carefully(
        self,
        rows: Rows,
        outputs: list[tuple[Target, str]],
        excluded: set[int],
        most_details: int,
    ) -> tuple[pyarrow.Table, list[Problem]]:
        """The good rows, and the problems of the others."""
        tried = ", ".join(f"TRY({{'v': {value}}}) AS c{index}" for index, (_, value) in enumerate(outputs))
        with engine_errors():
            self._connection.execute(
                f"CREATE OR REPLACE TEMP TABLE _TRIED AS SELECT {ROW}, {LINE}, {tried} "  # noqa: S608
                f"FROM temp.main.{rows.view}"
            )
            wrong = [
                f"c{index} IS NULL" + ("" if column.nullable else f" OR c{index}.v IS NULL")
                for index, (column, _) in enumerate(outputs)
            ]
            first = " ".join(f"WHEN {test} THEN {index}" for index, test in enumerate(wrong))
            bad = self._connection.execute(
                f"SELECT {ROW}, {LINE}, CASE {first} END FROM _TRIED "  # noqa: S608
                f"WHERE {' OR '.join(wrong)} ORDER BY {ROW}"
            ).fetchall()
            bad = [entry for entry in bad if entry[0] not in excluded]
            self._connection.execute("CREATE OR REPLACE TEMP TABLE _EXCLUDED (n BIGINT)")
            if excluded:
                numbers = pyarrow.table({"n": sorted(excluded)})
                with registered(self._connection, {"_NUMBERS": numbers}):
                    self._connection.execute("INSERT INTO _EXCLUDED SELECT n FROM _NUMBERS").fetchall()
            values = ", ".join(
                f"c{index}.v AS {encoded(column.name)}" for index, (column, _) in enumerate(outputs)
            )
            good = self._ask(
                f"SELECT {values} FROM _TRIED WHERE NOT ({' OR '.join(wrong)}) "  # noqa: S608
                f"AND {ROW} NOT IN (SELECT n FROM _EXCLUDED) ORDER BY {ROW}"
            )
        problems = [
            self._problem(rows, outputs[index], row, line)
            if number < most_details
            else Problem("", "", row, line)
            for number, (row, line, index) in enumerate(bad)
        ]
        return good, problems

    def _problem(self, rows: Rows, output: tuple[Target, str], row: int, line: int) -> Problem:
        """What is wrong with one column of one row."""
        column, value = output
        view = f"temp.main.{rows.view} WHERE {ROW} = {int(row)}"
        shown_column = self._shown(column)
        try:
            self._connection.execute(f"SELECT {value} FROM {view}").fetchall()  # noqa: S608
            return Problem("100072", "NULL result in a non-nullable column", row, line, 1, shown_column)
        except duckdb.Error as error:
            reported = str(error).partition("\n")[0].partition(": ")[2]
        text, character = None, 1
        if self._format["TYPE"] == "CSV" and not self._query and self._by_name == "NONE":
            index = self._targets.index(column)
            cells = self._connection.execute(
                f"SELECT {', '.join(encoded(name) for name in rows.columns[: index + 1])} FROM {view}"  # noqa: S608
            ).fetchone()
            text = cells[-1] if cells else None
            character = 1 + sum(len(cell or "") + 1 for cell in (cells or ())[:-1])
        elif quoted := reported.partition("'")[2].rpartition("'")[0]:
            text = quoted
        code, message = conversion.problem(column, text, reported)
        return Problem(code, message, row, line, character, shown_column)


def selected(query: str) -> exp.Select:
    """The SELECT of a COPY that transforms data.

    Raises:
        SnowflakeError: 001003 for wrong syntax, 002099 when it is more than expressions and a stage.
    """
    expression = access.parse(Statement(query))
    while isinstance(expression, exp.Subquery) and not expression.alias:
        expression = expression.this
    tables = list(expression.find_all(exp.Table))
    plain = ("expressions", "from_", "kind", "hint")
    simple = (
        isinstance(expression, exp.Select)
        and not any(value for name, value in expression.args.items() if name not in plain and value)
        and len(tables) == 1
        and queries.location(tables[0])
        and not expression.find(exp.Subquery, exp.AggFunc, exp.Window, exp.Star)
    )
    if not simple or not isinstance(expression, exp.Select):
        raise errors.compilation_error(
            "002099", "42601", "COPY statement only supports simple SELECT from stage statements for import."
        )
    return expression
