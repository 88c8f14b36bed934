"""STAGE objects, internal ones. See https://docs.snowflake.com/en/sql-reference/sql/create-stage"""

from __future__ import annotations

from typing import Any

from local_account.base import errors
from local_account.base.result import Result, columns, table
from local_account.base.sql import Statement, shown
from local_account.catalog.catalog import Object
from local_account.stages import format_options
from local_account.stages.copy_options import STAGE_COPY_OPTIONS, read_copy_options
from local_account.stages.statements import RAW_STATEMENTS, copy_files
from local_account.statement.context import Context
from local_account.statement.object_type import one_of, read_options
from local_account.statement.temporary import MaybeTemporary

ENCRYPTION = "ENCRYPTION"
DIRECTORY = "DIRECTORY"
FILE_FORMAT, COPY_OPTIONS = "FILE_FORMAT", "COPY_OPTIONS"
DESCRIBE_COLUMNS = columns("parent_property property property_type property_value property_default")
_EXTERNAL = ("URL", "STORAGE_INTEGRATION", "CREDENTIALS")


def _encryption(statement: Statement) -> str:
    statement.expect("(")
    found = read_options(statement, {"TYPE": one_of("SNOWFLAKE_FULL", "SNOWFLAKE_SSE")}, stop=(")",))
    statement.expect(")")
    return found.get("TYPE", "SNOWFLAKE_FULL")


def _directory(statement: Statement) -> dict[str, bool]:
    readers = {"ENABLE": Statement.boolean, "AUTO_REFRESH": Statement.boolean}
    statement.expect("(")
    found = read_options(statement, readers, stop=(")",))
    statement.expect(")")
    return found


class Stage(MaybeTemporary):
    """Internal named stages."""

    kind, plural, scope = "STAGE", "STAGES", "schema"
    title = "Stage area"
    redefinable = True
    privileges = frozenset({"READ", "WRITE"})
    options = {  # noqa: RUF012 a class variable of the base
        ENCRYPTION: _encryption,
        DIRECTORY: _directory,
        FILE_FORMAT: format_options.read,
        COPY_OPTIONS: read_copy_options,
    }
    defaults = {ENCRYPTION: "SNOWFLAKE_FULL", DIRECTORY: {}}  # noqa: RUF012
    show_columns = columns(
        "created_on:timestamp_ltz name database_name schema_name url has_credentials has_encryption_key "
        "owner comment region type cloud notification_channel storage_integration endpoint owner_role_type "
        "directory_enabled"
    )

    def read_create(self, context: Context, statement: Statement) -> dict[str, Any]:
        self._refuse_external(statement)
        return super().read_create(context, statement)

    def read_set(self, context: Context, item: Object, statement: Statement) -> dict[str, Any]:
        self._refuse_external(statement)
        changed = super().read_set(context, item, statement)
        if ENCRYPTION in changed:
            raise errors.unsupported("ALTER STAGE SET ENCRYPTION")
        if DIRECTORY in changed:
            changed[DIRECTORY] = {**item.properties[DIRECTORY], **changed[DIRECTORY]}
        return changed

    def altered(self, context: Context, item: Object, changed: dict[str, Any]) -> None:
        if ENCRYPTION in changed:
            raise errors.unsupported("CREATE OR ALTER STAGE with another ENCRYPTION")

    def action(self, context: Context, item: Object, statement: Statement) -> Result | None:
        if statement.accept("REFRESH"):
            raise errors.unsupported("ALTER STAGE REFRESH")
        return None

    def _refuse_external(self, statement: Statement) -> None:
        word = statement.words(1)[0] if not statement.done else ""
        if word in _EXTERNAL:
            raise errors.unsupported(f"STAGE {word}")

    def row(self, context: Context, item: Object) -> dict[str, Any]:
        full = item.properties[ENCRYPTION] == "SNOWFLAKE_FULL"
        return {
            "url": "",
            "has_credentials": "N",
            "has_encryption_key": "N",
            "type": "INTERNAL" if full else "INTERNAL NO CSE",
            "directory_enabled": "Y" if item.properties[DIRECTORY].get("ENABLE") else "N",
        }

    def describe(self, context: Context, item: Object) -> Result:
        directory = item.properties[DIRECTORY]
        rows = [
            # The files of an internal stage have no address of their own.
            ("STAGE_LOCATION", "URL", "String", "", ""),
            *_format_rows(item.properties.get(FILE_FORMAT) or {}),
            *_copy_rows(item.properties.get(COPY_OPTIONS) or {}),
            (DIRECTORY, "ENABLE", "Boolean", directory.get("ENABLE", False), "false"),
            (DIRECTORY, "AUTO_REFRESH", "Boolean", directory.get("AUTO_REFRESH", False), "false"),
            (DIRECTORY, "LAST_REFRESHED_ON", "String", "", ""),
        ]
        return table(
            DESCRIBE_COLUMNS,
            [
                {
                    "parent_property": parent,
                    "property": name,
                    "property_type": kind,
                    "property_value": value,
                    "property_default": default,
                }
                for parent, name, kind, value, default in rows
            ],
        )


def _format_rows(given: dict[str, Any]) -> list[tuple[str, str, str, Any, Any]]:
    if format_options.FORMAT_NAME in given:
        name = shown(given[format_options.FORMAT_NAME])
        return [("STAGE_FILE_FORMAT", format_options.FORMAT_NAME, "String", name, "")]
    options = format_options.complete(given)
    kind = options[format_options.TYPE]
    return [
        ("STAGE_FILE_FORMAT", format_options.TYPE, "String", kind, "CSV"),
        *(
            (
                "STAGE_FILE_FORMAT",
                name,
                option.kind,
                format_options.shown(options[name]),
                format_options.shown(option.default),
            )
            for name, option in format_options.OPTIONS[kind].items()
        ),
    ]


def _copy_rows(given: dict[str, Any]) -> list[tuple[str, str, str, Any, Any]]:
    return [
        (
            "STAGE_COPY_OPTIONS",
            name,
            option.kind,
            format_options.shown(given.get(name, option.default)),
            format_options.shown(option.default),
        )
        for name, option in STAGE_COPY_OPTIONS.items()
    ]


TYPES = [Stage()]
STATEMENTS = {("COPY", "FILES", "INTO"): copy_files}

__all__ = ["RAW_STATEMENTS", "STATEMENTS", "TYPES"]
