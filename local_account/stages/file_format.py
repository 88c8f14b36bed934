"""FILE FORMAT objects. See https://docs.snowflake.com/en/sql-reference/sql/create-file-format"""

from __future__ import annotations

import json
from typing import Any

from local_account.base.result import Result, columns
from local_account.base.sql import Statement
from local_account.catalog.catalog import Object
from local_account.stages import format_options
from local_account.stages.format_options import OPTIONS, TYPE
from local_account.statement.context import Context
from local_account.statement.object_type import property_table, text
from local_account.statement.temporary import MaybeTemporary


class FileFormat(MaybeTemporary):
    """File formats of type CSV, JSON and PARQUET; their properties are the options that were given."""

    kind, plural, scope = "FILE FORMAT", "FILE FORMATS", "schema"
    title = "File format"
    privileges = frozenset({"USAGE"})
    taggable = False
    show_columns = columns(
        "created_on:timestamp_ltz name database_name schema_name type owner comment format_options "
        "owner_role_type"
    )

    def read_create(self, context: Context, statement: Statement) -> dict[str, Any]:
        del context
        found = self._read(statement)
        return {TYPE: "CSV", **found}

    def read_set(self, context: Context, item: Object, statement: Statement) -> dict[str, Any]:
        del context
        return self._read(statement, item.properties[TYPE])

    def _read(self, statement: Statement, known_type: str = "") -> dict[str, Any]:
        found: dict[str, Any] = {}
        while not statement.done:
            if statement.accept("COMMENT"):
                statement.expect("=")
                found["COMMENT"] = text(statement)
                continue
            known = found.get(TYPE, known_type)
            found |= format_options.read(statement, known, inside=False)
            if statement.words(1) == (")",) or format_options.FORMAT_NAME in found:
                raise statement.unexpected()
        return found

    def row(self, context: Context, item: Object) -> dict[str, Any]:
        options = format_options.complete(item.properties)
        return {"type": options[TYPE], "format_options": json.dumps(options, ensure_ascii=False)}

    def describe(self, context: Context, item: Object) -> Result:
        options = format_options.complete(item.properties)
        rows = [
            (name, option.kind, format_options.shown(options[name]), format_options.shown(option.default))
            for name, option in OPTIONS[options[TYPE]].items()
        ]
        return property_table([(TYPE, "String", options[TYPE], "CSV"), *rows])


TYPES = [FileFormat()]
