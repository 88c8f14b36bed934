"""Job: writes all collections of Milvus to a folder, or makes them again from one.

    python -m milvus_transfer export FOLDER
    python -m milvus_transfer import FOLDER [DATABASE.COLLECTION]

FOLDER gets one compressed file of JSON lines for each partition of a collection. The last file is
`collections.json`, which describes the collections. The job acts as root, so that it sees every database. It
leaves out users and roles, because the set-up job makes them.
"""

from __future__ import annotations

import base64
import gzip
import json
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from milvus_demo.connection import (
    MILVUS_ERRORS,
    ROOT_SECRET,
    Credentials,
    DemoError,
    MilvusAddress,
    connect,
)
from pymilvus import CollectionSchema, DataType, MilvusClient

INDEX = "collections.json"
FORMAT = 1
BATCH = 1000
SUPPORTED = {
    DataType.BOOL,
    DataType.INT8,
    DataType.INT16,
    DataType.INT32,
    DataType.INT64,
    DataType.FLOAT,
    DataType.DOUBLE,
    DataType.VARCHAR,
    DataType.JSON,
    DataType.ARRAY,
    DataType.FLOAT_VECTOR,
    DataType.BINARY_VECTOR,
    DataType.SPARSE_FLOAT_VECTOR,
}


class Databases:
    """Clients of Milvus as root, one for each database."""

    def __init__(self) -> None:
        self._root = Credentials.from_secret("MILVUS_ROOT_CREDENTIALS", ROOT_SECRET)
        self._first = connect(self._root)

    def names(self) -> list[str]:
        return self._first.list_databases()

    def client(self, database: str) -> MilvusClient:
        """A client of one database; a missing database is made."""
        if database not in self.names():
            self._first.create_database(database)
        return MilvusClient(uri=MilvusAddress().uri, token=self._root.token, db_name=database)

    def collections(self) -> list[tuple[str, str]]:
        """Database and name of each collection."""
        return [(name, item) for name in self.names() for item in self.client(name).list_collections()]


def main() -> None:
    """Run the job; the exit status is 1 and the reason is printed when something fails."""
    action, folder, only = sys.argv[1], Path(sys.argv[2]), "".join(sys.argv[3:])
    try:
        if action == "export":
            export_all(Databases(), folder)
        else:
            import_all(Databases(), folder, only)
    except (DemoError, OSError, *MILVUS_ERRORS) as error:
        sys.exit(f"Milvus {action} failed: {error}")


def export_all(databases: Databases, folder: Path) -> None:
    """Write every collection of every database.

    Raises:
        DemoError: a collection contains what cannot be exported; nothing was written.
    """
    found = [
        {"database": database, **describe(databases.client(database), name)}
        for database, name in databases.collections()
    ]
    folder.mkdir(parents=True, exist_ok=True)
    for number, collection in enumerate(found):
        client = databases.client(collection["database"])
        for partition in collection["partitions"]:
            partition["file"] = f"{number}-{partition['number']}.jsonl.gz"
            rows = _rows(client, collection, partition["name"])
            partition["rows"] = _write(folder / partition["file"], rows, _fields(collection))
        if not collection["loaded"]:
            client.release_collection(collection["schema"]["collection_name"])
        _tell("exported", collection)
    # The last file, so that a folder with it is complete.
    (folder / INDEX).write_text(json.dumps({"format": FORMAT, "collections": found}, default=_plain))
    print(_summary("exported", found))


def import_all(databases: Databases, folder: Path, only: str = "") -> None:
    """Make the collections of a folder; if one of them exists already, nothing is done.

    Args:
        only: DATABASE.COLLECTION, to make only this one; "" makes all.

    Raises:
        DemoError: the folder is not complete, has no such collection, or one exists already.
    """
    path = folder / INDEX
    if not path.exists():
        raise DemoError(f"{path} is not there: no export, or one that did not come to its end")
    content = json.loads(path.read_text())
    if content["format"] != FORMAT:
        raise DemoError(f"{path} has format {content['format']}, this program reads {FORMAT}")
    wanted = {_name(item): item for item in content["collections"] if only in ("", _name(item))}
    if only and not wanted:
        raise DemoError(f"the export has no collection {only}")
    if taken := sorted(wanted.keys() & {".".join(pair) for pair in databases.collections()}):
        raise DemoError(f"these collections exist already: {', '.join(taken)}; drop them first")
    for collection in wanted.values():
        make(databases.client(collection["database"]), collection, folder)
        _tell("imported", collection)
    print(_summary("imported", list(wanted.values())))


def describe(client: MilvusClient, name: str) -> dict[str, Any]:
    """What a collection looks like: schema, indexes, partitions, whether it is loaded.

    Raises:
        DemoError: it has functions, or a field of a type whose values cannot be written as JSON lines.
    """
    schema = client.describe_collection(name)
    if schema.get("functions"):
        raise DemoError(f"collection {name} has functions, which an export does not keep; use a snapshot")
    for item in schema["fields"]:
        if item["type"] not in SUPPORTED:
            kind = DataType(item["type"]).name
            raise DemoError(
                f"field {item['name']} of collection {name} is a {kind}, which cannot be exported"
            )
    by_key = any(item.get("is_partition_key") for item in schema["fields"])
    partitions = [""] if by_key else client.list_partitions(name)
    return {
        "schema": schema,
        "indexes": [client.describe_index(name, index) for index in client.list_indexes(name)],
        "partitions": [{"number": number, "name": part} for number, part in enumerate(partitions)],
        "loaded": client.get_load_state(name)["state"].name == "Loaded",
    }


def make(client: MilvusClient, collection: dict[str, Any], folder: Path) -> None:
    """Make one collection with its rows, indexes and aliases, and load it where it was loaded."""
    schema = collection["schema"]
    name = schema["collection_name"]
    client.create_collection(
        name,
        schema=CollectionSchema.construct_from_dict(schema),
        consistency_level=schema["consistency_level"],
        num_shards=schema["num_shards"],
        properties=schema.get("properties") or None,
    )
    fields = _fields(collection)
    generated = {key for key, item in fields.items() if item.get("auto_id")}
    for partition in collection["partitions"]:
        if partition["name"] and partition["name"] not in client.list_partitions(name):
            client.create_partition(name, partition["name"])
        for rows in _batches(_read(folder / partition["file"], fields, generated)):
            client.insert(name, rows, partition_name=partition["name"])
    client.flush(name)
    for index in collection["indexes"]:
        parameters = client.prepare_index_params()
        details = {key: value for key, value in index.items() if key not in _INDEX_NAMES | _INDEX_STATE}
        parameters.add_index(**{key: index.get(key, "") for key in _INDEX_NAMES}, params=details)
        client.create_index(name, parameters)
    for alias in schema.get("aliases", ()):
        client.create_alias(name, alias)
    if collection["loaded"]:
        client.load_collection(name)


_INDEX_NAMES = {"field_name", "index_name", "index_type", "metric_type"}
# What describe_index gives in addition to the index's parameters.
_INDEX_STATE = {"total_rows", "indexed_rows", "pending_index_rows", "state"}


def _fields(collection: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {item["name"]: item for item in collection["schema"]["fields"]}


def _rows(client: MilvusClient, collection: dict[str, Any], partition: str) -> Iterator[dict[str, Any]]:
    name = collection["schema"]["collection_name"]
    if not collection["loaded"]:
        client.load_collection(name)
    iterator = client.query_iterator(
        name,
        batch_size=BATCH,
        output_fields=["*"],
        partition_names=[partition] if partition else None,
        consistency_level="Strong",
    )
    try:
        while rows := iterator.next():
            yield from rows
    finally:
        iterator.close()


def _write(path: Path, rows: Iterable[dict[str, Any]], fields: dict[str, dict[str, Any]]) -> int:
    count = 0
    with gzip.open(path, "wt", compresslevel=1, encoding="utf-8") as file:
        for row in rows:
            count += 1
            values = {key: _encode(value, fields.get(key)) for key, value in row.items()}
            file.write(json.dumps(values, default=_plain) + "\n")
    return count


def _read(path: Path, fields: dict[str, dict[str, Any]], without: set[str]) -> Iterator[dict[str, Any]]:
    with gzip.open(path, "rt", encoding="utf-8") as file:
        for line in file:
            row = json.loads(line)
            yield {key: _decode(value, fields.get(key)) for key, value in row.items() if key not in without}


def _batches(rows: Iterator[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    batch: list[dict[str, Any]] = []
    for row in rows:
        batch.append(row)
        if len(batch) == BATCH:
            yield batch
            batch = []
    if batch:
        yield batch


def _encode(value: Any, field: dict[str, Any] | None) -> Any:
    if field is not None and field["type"] == DataType.BINARY_VECTOR:
        data = value[0] if isinstance(value, list) else value
        return base64.b64encode(data).decode()
    return value


def _decode(value: Any, field: dict[str, Any] | None) -> Any:
    if field is None or value is None:
        return value
    if field["type"] == DataType.BINARY_VECTOR:
        return base64.b64decode(value)
    if field["type"] == DataType.SPARSE_FLOAT_VECTOR:
        return {int(key): number for key, number in value.items()}
    return value


def _plain(value: Any) -> Any:
    """Convert values that json does not know: numbers of numpy, and sequences of protocol buffers."""
    if hasattr(value, "item"):
        return value.item()
    return list(value)


def _tell(done: str, collection: dict[str, Any]) -> None:
    rows = sum(partition["rows"] for partition in collection["partitions"])
    note = ""
    if done == "imported" and any(item.get("auto_id") for item in collection["schema"]["fields"]):
        note = "; Milvus made new ids, as the collection's schema says"
    print(f"{done} {_name(collection)}: {rows} rows{note}")


def _name(collection: dict[str, Any]) -> str:
    return f"{collection['database']}.{collection['schema']['collection_name']}"


def _summary(done: str, collections: list[dict[str, Any]]) -> str:
    rows = sum(partition["rows"] for item in collections for partition in item["partitions"])
    return f"{done} {len(collections)} collections with {rows} rows"


if __name__ == "__main__":
    main()
