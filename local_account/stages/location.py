"""Stage locations: `@stage/path`, `@~/path` and `@%table/path`, and the files there.

See https://docs.snowflake.com/en/user-guide/data-load-local-file-system-create-stage
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import NamedTuple

import re2

from local_account.base import errors
from local_account.base.sql import Name
from local_account.catalog.catalog import Object
from local_account.identity.account import Account
from local_account.stages.store import File, StageStore
from local_account.statement.context import Context

MAX_SPECIFICATION = 1024 * 1024
_LOCATION = re.compile(
    r'@((?:~|%?(?:"(?:[^"]|"")++"|[^"./\s])++(?:\.%?(?:"(?:[^"]|"")++"|[^"./\s])++){0,2}))(?:/(.*))?', re.S
)
_PART = re.compile(r'(%?)(?:"((?:[^"]|"")++)"|([A-Za-z_][A-Za-z0-9_$]*))')
# RE2 takes linear time for every pattern that a client can send.
_PATTERN_OPTIONS = re2.Options()
_PATTERN_OPTIONS.log_errors = False


class Location(NamedTuple):
    """A stage location.

    Attributes:
        parts: `[[database, ]schema, ]name`; none for the stage of the user.
        path: path below the stage, without a leading, trailing or doubled slash.
        table: the stage is that of a table.
    """

    parts: list[str]
    path: str
    table: bool = False


def parse_location(text: str) -> Location:
    """Split a stage location into its parts, without a check that the stage exists.

    Raises:
        SnowflakeError: 001003 when the text is not a location.
    """
    matched = _LOCATION.fullmatch(text)
    found = _PART.findall(matched[1]) if matched else []
    names = [quoted.replace('""', '"') or bare.upper() for _, quoted, bare in found]
    is_table = bool(found) and bool(found[-1][0])
    misplaced = any(mark for mark, _, _ in found[:-1])
    if not matched or misplaced or (not names and matched[1] != "~"):
        raise errors.compilation_error("001003", "42000", f"syntax error: invalid stage location '{text}'.")
    path = [part for part in (matched[2] or "").split("/") if part not in ("", ".")]
    if ".." in path or "\0" in text:
        raise errors.compilation_error(
            "002003", "02000", f"Stage path '{text}' leaves its stage: '..' is not allowed."
        )
    return Location(names, "/".join(path), is_table)


def find_stage(context: Context, location: Location, privilege: str) -> Object:
    """The stage of a location, if the session may use it: a STAGE, or the USER or TABLE that has it.

    The stage of a table needs ownership of the table.

    Args:
        privilege: READ or WRITE.

    Raises:
        SnowflakeError: 002003 when it is absent or invisible, 003001 without the privilege.
    """
    if not location.parts:
        return _user(context)
    name: Name = context.resolve(location.parts, "schema")
    context.require_usage(name)
    if location.table:
        item = context.get("TABLE", name)
        context.require_ownership(item)
        return item
    item = context.get("STAGE", name)
    if not context.access.has("WRITE", item):
        context.require(privilege, item)
    return item


def _user(context: Context) -> Object:
    name = context.session.account_user
    item = context.catalog.find("USER", Name("", "", name)) if name else None
    if item is None:
        raise errors.unsupported("the user stage of a service")
    return item


def is_encrypted(item: Object) -> bool:
    """Whether clients encrypt the files of a stage."""
    return item.properties.get("ENCRYPTION", "SNOWFLAKE_FULL") == "SNOWFLAKE_FULL" or item.type != "STAGE"


def shown(item: Object, path: str) -> str:
    """A file's name as LIST has it; stages of users and tables have no name of their own."""
    return f"{item.name.lower()}/{path}" if item.type == "STAGE" else path


def matching(context: Context, item: Object, path: str, pattern: str | None) -> list[File]:
    """Files whose path begins with `path`, and whose whole path matches the pattern if there is one.

    Raises:
        SnowflakeError: 001008 when the pattern is not a regular expression.
    """
    found = context.account.part(StageStore).files(item.id, path)
    if pattern is None:
        return found
    try:
        compiled = re2.compile(pattern, _PATTERN_OPTIONS)
    except re2.error as error:
        reason = error.args[0].decode() if isinstance(error.args[0], bytes) else str(error)
        allowed = f"a regular expression in RE2's syntax, which has no look-around ({reason})"
        raise errors.invalid_value(pattern, "PATTERN", allowed) from None
    return [
        file for file in found if compiled.fullmatch(shown(item, file.path)) or compiled.fullmatch(file.path)
    ]


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
