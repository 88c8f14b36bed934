"""PUT, GET, LIST and REMOVE: files of internal stages.

Clients move the bytes themselves, over URLs that look like presigned URLs of Google Cloud Storage: the only
form that all official drivers accept over plain HTTP. As on Google Cloud, PUT of most drivers replaces
existing files and ignores OVERWRITE. See https://docs.snowflake.com/en/sql-reference/sql/put
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Callable
from email.utils import formatdate
from typing import Any
from urllib.parse import quote

import re2

from local_account.base import errors
from local_account.base.result import Result, columns, table
from local_account.base.sql import Statement
from local_account.catalog.catalog import Object
from local_account.stages.store import File, Location, StageStore, find_stage, parse_location
from local_account.statement.context import Context

RawHandler = Callable[[Context, str], Result]
LIST_COLUMNS = columns("name size:fixed md5 last_modified")
REMOVE_COLUMNS = columns("name result")
_BLANK = re.compile(r"(?:\s|--[^\n]*|/\*.*?\*/)*+", re.DOTALL)
_QUOTED = re.compile(r"'((?:[^'\\]|''|\\.)*)'", re.DOTALL)
_ESCAPE = re.compile(r"\\(.)|''", re.DOTALL)
_BARE = re.compile(r"""(?:"(?:[^"]|"")*+"|[^\s;"'])++""")
_WORD = re.compile(r"\w+")
_OPTION = re.compile(r"([A-Za-z_]+)\s*=\s*")
# Connector 5 sends these headers only when the URL names them.
_SIGNED_HEADERS = quote(
    "host;x-goog-if-generation-match;x-goog-meta-encryptiondata;x-goog-meta-matdesc;x-goog-meta-sfc-digest"
)
_COMPRESSED = (".gz", ".bz2", ".br", ".zst", ".deflate", ".raw_deflate", ".parquet", ".orc", ".snappy")
# RE2 takes linear time for every pattern that a client can send.
_PATTERN_OPTIONS = re2.Options()
_PATTERN_OPTIONS.log_errors = False
_GLOB = re.compile(r"[*?\[]")


class Reader:
    """Reads the notation of these statements, in which `//` and `/*` are parts of paths.

    Its methods raise SnowflakeError 001003 when the text is not what they read.
    """

    def __init__(self, text: str) -> None:
        self._text, self._position = text, 0
        self._skip()

    def path(self) -> str:
        """Read a quoted string or a bare path."""
        if found := _QUOTED.match(self._text, self._position):
            value = _ESCAPE.sub(lambda escape: escape[1] or "'", found[1])
        elif found := _BARE.match(self._text, self._position):
            value = found[0]
        else:
            raise self._unexpected()
        self._position = found.end()
        self._skip()
        return value

    def source(self) -> str:
        """Read the local path of PUT, up to the stage that follows.

        A driver that expands a wildcard sends PUT again for each file, and does not quote blanks in its name.
        """
        start, prefix = self._position, "file://"
        if self._text[start : start + len(prefix)].lower() != prefix:
            return self.path()
        at = self._text.find("@", start)
        while at > 0:
            before = self._text[start : at - (self._text[at - 1] == "'")]
            found = before.rstrip()
            if len(prefix) < len(found) < len(before):
                self._position += len(found)
                self._skip()
                return found
            at = self._text.find("@", at + 1)
        return self.path()

    @property
    def rest(self) -> str:
        """The text that is not read yet."""
        return self._text[self._position :]

    def keyword(self, word: str) -> None:
        """Read a word that must come next."""
        found = _WORD.match(self._text, self._position)
        if not found or found[0].upper() != word:
            raise self._unexpected()
        self._position += len(word)
        self._skip()

    def options(self, *allowed: str) -> dict[str, str]:
        """Read `NAME = value` pairs up to the end of the statement."""
        values: dict[str, str] = {}
        while found := _OPTION.match(self._text, self._position):
            if found[1].upper() not in allowed:
                raise self._unexpected()
            self._position = found.end()
            values[found[1].upper()] = self.path()
        if self._text[self._position : self._position + 1] == ";":
            self._position += 1
            self._skip()
        if self._position < len(self._text):
            raise self._unexpected()
        return values

    def _skip(self) -> None:
        blank = _BLANK.match(self._text, self._position)
        self._position = blank.end() if blank else self._position

    def _unexpected(self) -> errors.SnowflakeError:
        rest = self._text[self._position :].split()
        return errors.syntax_error(1, self._position, rest[0] if rest else "<EOF>")


def put(context: Context, text: str) -> Result:
    """PUT file://<path> @<stage>[/<path>] [PARALLEL] [AUTO_COMPRESS] [SOURCE_COMPRESSION] [OVERWRITE]"""
    reader = Reader(text)
    source = _local(reader.source())
    location = parse_location(reader.path())
    options = reader.options("PARALLEL", "AUTO_COMPRESS", "SOURCE_COMPRESSION", "OVERWRITE")
    item = find_stage(context, location, "WRITE")
    name = source.replace("\\", "/").rpartition("/")[2]
    target = parse_location(f"@x/{location.path}/{_stored_name(source, name, options)}").path
    url = "" if _GLOB.search(name) else _url(context, item, target, upload=True)
    data = {
        "command": "UPLOAD",
        "src_locations": [source],
        "parallel": _integer(options.get("PARALLEL", "4")),
        "threshold": 209715200,
        "autoCompress": _boolean(options.get("AUTO_COMPRESS", "TRUE")),
        "overwrite": _boolean(options.get("OVERWRITE", "FALSE")),
        "sourceCompression": options.get("SOURCE_COMPRESSION", "AUTO_DETECT").lower(),
        "encryptionMaterial": None,
        "stageInfo": {**_stage_info(item, location), "presignedUrl": url},
    }
    return Result([], extra=data)


def get(context: Context, text: str) -> Result:
    """GET @<stage>[/<path>] file://<folder> [PARALLEL] [PATTERN]"""
    reader = Reader(text)
    location = parse_location(reader.path())
    folder = _local(reader.path())
    options = reader.options("PARALLEL", "PATTERN")
    item = find_stage(context, location, "READ")
    found = _matching(context, item, location, options)
    data = {
        "command": "DOWNLOAD",
        "src_locations": [_shown(item, file) for file in found],
        "localLocation": folder,
        "parallel": _integer(options.get("PARALLEL", "10")),
        "threshold": 209715200,
        "autoCompress": False,
        "overwrite": False,
        "encryptionMaterial": [],
        "presignedUrls": [_url(context, item, file.path, upload=False) for file in found],
        "stageInfo": _stage_info(item, location),
    }
    return Result([], extra=data)


def list_files(context: Context, text: str) -> Result:
    """{LIST | LS} @<stage>[/<path>] [PATTERN]"""
    reader = Reader(text)
    location = parse_location(reader.path())
    options = reader.options("PATTERN")
    item = find_stage(context, location, "READ")
    rows = [
        {
            "name": _shown(item, file),
            "size": file.size,
            "md5": context.account.part(StageStore).md5(item.id, file),
            "last_modified": formatdate(file.modified, usegmt=True),
        }
        for file in _matching(context, item, location, options)
    ]
    return table(LIST_COLUMNS, rows)


def remove(context: Context, text: str) -> Result:
    """{REMOVE | RM} @<stage>[/<path>] [PATTERN]"""
    reader = Reader(text)
    location = parse_location(reader.path())
    options = reader.options("PATTERN")
    item = find_stage(context, location, "WRITE")
    found = _matching(context, item, location, options)
    for file in found:
        context.account.part(StageStore).remove(item.id, file.path)
    return table(REMOVE_COLUMNS, [{"name": _shown(item, file), "result": "removed"} for file in found])


def copy_files(context: Context, statement: Statement) -> Result:
    """COPY FILES INTO @<stage>[/<path>] FROM @<stage>[/<path>] [PATTERN]"""
    reader = Reader(statement.rest())
    target = parse_location(reader.path())
    reader.keyword("FROM")
    source = parse_location(reader.path())
    options = reader.options("PATTERN")
    item = find_stage(context, target, "WRITE")
    origin = find_stage(context, source, "READ")
    copied = []
    for file in _matching(context, origin, source, options):
        below = file.path.removeprefix(f"{source.path}/" if source.path else "")
        # A location may also be a file, or the common beginning of several files' names.
        name = below if below != file.path or not source.path else file.path.rpartition("/")[2]
        path = parse_location(f"@x/{target.path}/{name}").path
        _copy(context.account.part(StageStore), origin, file.path, item, path)
        copied.append({"file": path})
    return table(columns("file"), copied)


def _copy(stages: StageStore, origin: Object, path: str, item: Object, target: str) -> None:
    made = stages.incoming()
    with stages.open(origin.id, path) as descriptor, made.open("wb") as content:
        shutil.copyfileobj(os.fdopen(os.dup(descriptor), "rb"), content)
    stages.put(item.id, target, made)


def _stored_name(source: str, name: str, options: dict[str, str]) -> str:
    """The name under which the driver that sent this PUT will upload the file.

    Connector 5 uploads to the first URL that it gets. Other drivers ask again, with only the final name.
    """
    compresses = _boolean(options.get("AUTO_COMPRESS", "TRUE")) and "/" in source
    given = options.get("SOURCE_COMPRESSION", "AUTO_DETECT").upper()
    compressed = name.lower().endswith(_COMPRESSED) or given not in ("AUTO_DETECT", "NONE")
    return f"{name}.gz" if compresses and not compressed else name


def _matching(context: Context, item: Object, location: Location, options: dict[str, str]) -> list[File]:
    found = context.account.part(StageStore).files(item.id, location.path)
    if "PATTERN" not in options:
        return found
    try:
        pattern = re2.compile(options["PATTERN"], _PATTERN_OPTIONS)
    except re2.error as error:
        reason = error.args[0].decode() if isinstance(error.args[0], bytes) else str(error)
        allowed = f"a regular expression in RE2's syntax, which has no look-around ({reason})"
        raise errors.invalid_value(options["PATTERN"], "PATTERN", allowed) from None
    return [file for file in found if pattern.fullmatch(_shown(item, file)) or pattern.fullmatch(file.path)]


def _shown(item: Object, file: File) -> str:
    return f"{item.name.lower()}/{file.path}"


def _url(context: Context, item: Object, path: str, upload: bool) -> str:
    token = context.account.part(StageStore).grant_transfer(item.id, path, upload)
    return f"{context.origin}/stages/{token}/{quote(path)}?X-Goog-SignedHeaders={_SIGNED_HEADERS}"


def _stage_info(item: Object, location: Location) -> dict[str, Any]:
    folder = f"{item.name.lower()}/{location.path}".rstrip("/") + "/"
    return {
        "locationType": "GCS",
        "location": folder,
        "path": folder,
        "region": "local",
        "storageAccount": None,
        "isClientSideEncrypted": False,
        "creds": {},
        "presignedUrl": "",
        "endPoint": None,
    }


def _local(path: str) -> str:
    if not path.lower().startswith("file://"):
        raise errors.compilation_error("001003", "42000", f"syntax error: '{path}' must begin with file://.")
    return path[len("file://") :]


def _boolean(value: str) -> bool:
    if value.upper() not in ("TRUE", "FALSE"):
        raise errors.invalid_value(value, "option", "TRUE, FALSE")
    return value.upper() == "TRUE"


def _integer(value: str) -> int:
    if not value.isdigit() or not 1 <= int(value) <= 99:
        raise errors.invalid_value(value, "PARALLEL", "1 to 99")
    return int(value)


RAW_STATEMENTS: dict[str, RawHandler] = {
    "PUT": put,
    "GET": get,
    "LIST": list_files,
    "LS": list_files,
    "REMOVE": remove,
    "RM": remove,
}
