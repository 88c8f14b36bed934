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
from dataclasses import replace
from email.utils import formatdate
from typing import Any
from urllib.parse import quote

from local_account.base import errors
from local_account.base.result import Result, columns, table
from local_account.base.sql import Statement
from local_account.catalog.catalog import Object
from local_account.stages import encryption
from local_account.stages.location import (
    find_stage,
    is_encrypted,
    matching,
    parse_location,
    shown,
)
from local_account.stages.reader import Reader
from local_account.stages.store import File, StageStore
from local_account.statement.context import Context

RawHandler = Callable[[Context, Statement], Result]
# By these numbers the JDBC driver knows that a statement gives rows.
_LIST, _GET, _PUT, _REMOVE = 0x4701, 0x7101, 0x7102, 0x7103
LIST_COLUMNS = columns("name size:fixed md5 last_modified")
REMOVE_COLUMNS = columns("name result")
# Connector 5 sends these headers only when the URL names them.
_SIGNED_HEADERS = quote(
    "host;x-goog-if-generation-match;x-goog-meta-encryptiondata;x-goog-meta-matdesc;x-goog-meta-sfc-digest"
)
_COMPRESSED = (".gz", ".bz2", ".br", ".zst", ".deflate", ".raw_deflate", ".parquet", ".orc", ".snappy")
_GLOB = re.compile(r"[*?\[]")


def put(context: Context, statement: Statement) -> Result:
    """PUT file://<path> @<stage>[/<path>] [PARALLEL] [AUTO_COMPRESS] [SOURCE_COMPRESSION] [OVERWRITE]"""
    reader = Reader(statement.after_verb(), statement.bindings)
    source = _local(reader.source())
    location = parse_location(reader.path())
    options = reader.options("PARALLEL", "AUTO_COMPRESS", "SOURCE_COMPRESSION", "OVERWRITE")
    item = find_stage(context, location, "WRITE")
    name = source.replace("\\", "/").rpartition("/")[2]
    target = parse_location(f"@x/{location.path}/{_stored_name(source, name, options)}").path
    url = "" if _GLOB.search(name) else _url(context, item, target, upload=True, guessed=True)
    if statement.bindings and not url:
        # The driver does not ask again for each file, and has no other way over plain HTTP.
        raise errors.unsupported("PUT of several files to a bound stage (bulk_upload_chunks)")
    data = {
        "command": "UPLOAD",
        "src_locations": [source],
        "parallel": _integer(options.get("PARALLEL", "4")),
        "threshold": 209715200,
        "autoCompress": _boolean(options.get("AUTO_COMPRESS", "TRUE")),
        "overwrite": _boolean(options.get("OVERWRITE", "FALSE")),
        "sourceCompression": options.get("SOURCE_COMPRESSION", "AUTO_DETECT").lower(),
        "encryptionMaterial": _material(context, item),
        "stageInfo": {**_stage_info(item, location.path), "presignedUrl": url},
    }
    return Result([], statement_type=_PUT, extra=data)


def get(context: Context, statement: Statement) -> Result:
    """GET @<stage>[/<path>] file://<folder> [PARALLEL] [PATTERN]"""
    reader = Reader(statement.after_verb(), statement.bindings)
    location = parse_location(reader.path())
    folder = _local(reader.path())
    options = reader.options("PARALLEL", "PATTERN")
    item = find_stage(context, location, "READ")
    found = matching(context, item, location.path, options.get("PATTERN"))
    base = _folder(found, location.path)
    data = {
        "command": "DOWNLOAD",
        "src_locations": [file.path.removeprefix(base) for file in found],
        "localLocation": folder,
        "parallel": _integer(options.get("PARALLEL", "10")),
        "threshold": 209715200,
        "autoCompress": False,
        "overwrite": False,
        "encryptionMaterial": [_material(context, item) for _ in found] if is_encrypted(item) else [],
        "presignedUrls": [_url(context, item, file.path, upload=False) for file in found],
        "stageInfo": _stage_info(item, base),
    }
    return Result([], statement_type=_GET, extra=data)


def list_files(context: Context, statement: Statement) -> Result:
    """{LIST | LS} @<stage>[/<path>] [PATTERN]"""
    reader = Reader(statement.after_verb(), statement.bindings)
    location = parse_location(reader.path())
    options = reader.options("PATTERN")
    item = find_stage(context, location, "READ")
    rows = [
        {
            "name": shown(item, file.path),
            "size": encryption.encrypted_size(file.size) if is_encrypted(item) else file.size,
            "md5": context.account.part(StageStore).md5(item.id, file),
            "last_modified": formatdate(file.modified, usegmt=True),
        }
        for file in matching(context, item, location.path, options.get("PATTERN"))
    ]
    return replace(table(LIST_COLUMNS, rows), statement_type=_LIST)


def remove(context: Context, statement: Statement) -> Result:
    """{REMOVE | RM} @<stage>[/<path>] [PATTERN]"""
    reader = Reader(statement.after_verb(), statement.bindings)
    location = parse_location(reader.path())
    options = reader.options("PATTERN")
    item = find_stage(context, location, "WRITE")
    found = matching(context, item, location.path, options.get("PATTERN"))
    for file in found:
        context.account.part(StageStore).remove(item.id, file.path)
    rows = [{"name": shown(item, file.path), "result": "removed"} for file in found]
    return replace(table(REMOVE_COLUMNS, rows), statement_type=_REMOVE)


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
    for file in matching(context, origin, source.path, options.get("PATTERN")):
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
    """The name under which the driver that sent this PUT will probably upload the file.

    Connector 5 and `write_pandas` upload to the first URL that they get. Other drivers ask again, with only
    the final name.
    """
    compresses = _boolean(options.get("AUTO_COMPRESS", "TRUE")) and "/" in source
    given = options.get("SOURCE_COMPRESSION", "AUTO_DETECT").upper()
    compressed = name.lower().endswith(_COMPRESSED) or given not in ("AUTO_DETECT", "NONE")
    return f"{name}.gz" if compresses and not compressed else name


def _url(context: Context, item: Object, path: str, upload: bool, guessed: bool = False) -> str:
    store = context.account.part(StageStore)
    token = store.grant_transfer(item.id, path, upload, is_encrypted(item), guessed and path.endswith(".gz"))
    return f"{context.origin}/stages/{token}/{quote(path)}?X-Goog-SignedHeaders={_SIGNED_HEADERS}"


def _material(context: Context, item: Object) -> dict[str, Any] | None:
    """What a client needs to encrypt or decrypt a file; None if it does not have to."""
    if not is_encrypted(item):
        return None
    client = str(context.session.parameters.get("CLIENT_APP_ID", ""))
    return encryption.material(context.account.part(StageStore).master_key(item.id), client)


def _folder(found: list[File], path: str) -> str:
    """The folder that all found files have in common with the location, with a slash at its end or ''."""
    if path and any(file.path.startswith(f"{path}/") for file in found):
        return f"{path}/" if all(file.path.startswith(f"{path}/") for file in found) else _above(path)
    return _above(path)


def _above(path: str) -> str:
    return path[: path.rfind("/") + 1]


def _stage_info(item: Object, path: str) -> dict[str, Any]:
    folder = f"{item.type.lower()}-{item.id}/{path}".rstrip("/") + "/"
    return {
        "locationType": "GCS",
        "location": folder,
        "path": folder,
        "region": "local",
        "storageAccount": None,
        "isClientSideEncrypted": is_encrypted(item),
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
