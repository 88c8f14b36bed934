"""The `volumes` part of a specification."""

from __future__ import annotations

import re
from typing import Any

from local_account.spcs.spec import units
from local_account.spcs.spec.document import Node, invalid
from local_account.spcs.spec.names import check_name

# Defaults and least values on AWS; the account presents itself as one on AWS.
_IOPS, _THROUGHPUT, _IOPS_PER_GIB = 3000, 125, 500
_DURATION = re.compile(r"(?=.)(\d{1,4}h)?(\d{1,5}m)?(\d{1,6}s)?", re.ASCII)
KEYS = ("name", "source", "size", "uid", "gid", "blockConfig", "stageConfig")
SOURCES = ("local", "memory", "block", "stage")
_PERIOD = re.compile(r"[1-9][0-9]{0,4}[hd]")
_BLOCK_SIZE = re.compile(r"([1-9][0-9]{0,5})Gi")


def volume(node: Node, job: bool = False) -> dict[str, Any]:
    """One volume in normal form. The deprecated `source: "@stage"` becomes a stage volume.

    Raises:
        SnowflakeError: 395018 for a wrong option.
    """
    node.only(*KEYS)
    found: dict[str, Any] = {"name": check_name(node.need("name")), "source": node.need("source").text()}
    if found["source"].startswith("@"):
        found |= {"source": "stage", "stageConfig": {"name": found["source"]}}
    elif found["source"] not in SOURCES:
        raise invalid(f"'{node.path}.source' must be one of {', '.join(SOURCES)}, not '{found['source']}'")
    source = found["source"]
    _refuse_foreign(node, source)
    if source in ("memory", "block"):
        found["size"] = _size(node.need("size"), source)
    if source == "block":
        found["blockConfig"] = _block_config(node.get("blockConfig"), job)
        _check_speed(node, found)
    if source == "stage":
        found |= _stage(node, found)
    return found | {key: part.number(0, 2**31) for key in ("uid", "gid") if (part := node.get(key))}


def _refuse_foreign(node: Node, source: str) -> None:
    belongs = {"size": ("memory", "block"), "uid": ("stage", "block"), "gid": ("stage", "block")}
    belongs |= {"blockConfig": ("block",), "stageConfig": ("stage",)}
    for key, sources in belongs.items():
        if node.get(key) and source not in sources:
            raise invalid(f"'{key}' is not allowed for a {source} volume: '{node.path}'")


def _size(node: Node, source: str) -> str:
    text = node.scalar()
    if source == "block" and not (_BLOCK_SIZE.fullmatch(text) and int(text[:-2]) <= 65536):
        raise invalid(f"'{node.path}' is '{text}'; a block volume has 1Gi to 65536Gi")
    try:
        units.memory(text)
    except ValueError:
        raise invalid(f"'{node.path}' is '{text}'; it must be a size like 2Gi") from None
    return text


def _block_config(node: Node | None, job: bool) -> dict[str, Any]:
    """`blockConfig` with defaults filled in; `snapshotOnDelete` is true except for jobs."""
    found: dict[str, Any] = {"iops": _IOPS, "throughput": _THROUGHPUT, "encryption": "SNOWFLAKE_SSE"}
    found["snapshotOnDelete"] = not job
    if node is None:
        return found
    node.only(
        "initialContents", "iops", "throughput", "encryption", "snapshotOnDelete", "snapshotDeleteAfter"
    )
    if contents := node.get("initialContents"):
        name = contents.only("fromSnapshot").need("fromSnapshot").text()
        found = {"initialContents": {"fromSnapshot": name}, **found}
    if iops := node.get("iops"):
        found["iops"] = iops.number(_IOPS, 80000)
    if throughput := node.get("throughput"):
        found["throughput"] = throughput.number(_THROUGHPUT, 2000)
    if encryption := node.get("encryption"):
        found["encryption"] = encryption.choice("SNOWFLAKE_SSE", "SNOWFLAKE_FULL")
    if keep := node.get("snapshotOnDelete"):
        found["snapshotOnDelete"] = keep.flag()
    if after := node.get("snapshotDeleteAfter"):
        if not _PERIOD.fullmatch(after.text()):
            raise invalid(f"'{after.path}' is '{after.value}'; it must be like 12h or 7d")
        found["snapshotDeleteAfter"] = after.text()
    return found


def _check_speed(node: Node, volume: dict[str, Any]) -> None:
    """Refuse a speed that is too high for the volume's size; the least values are allowed at every size."""
    iops, throughput = volume["blockConfig"]["iops"], volume["blockConfig"]["throughput"]
    most = _IOPS_PER_GIB * int(volume["size"].removesuffix("Gi"))
    if iops > max(_IOPS, most):
        raise invalid(f"'{node.path}.blockConfig.iops' may be {max(_IOPS, most)} for {volume['size']}")
    if throughput > max(_THROUGHPUT, iops // 4):
        raise invalid(f"'{node.path}.blockConfig.throughput' may be a quarter of its {iops} iops")


def _stage(node: Node, found: dict[str, Any]) -> dict[str, Any]:
    config = node.get("stageConfig")
    if config:
        config.only("name", "metadataCache", "resources")
        found = {"stageConfig": {"name": config.need("name").text()}}
        if cache := config.get("metadataCache"):
            if not _DURATION.fullmatch(cache.text()):
                raise invalid(f"'{cache.path}' is '{cache.value}'; it must be like 1h30m45s")
            found["stageConfig"]["metadataCache"] = cache.text()
        if resources := config.get("resources"):
            # On Snowflake a sidecar serves the files. Here they are bind mounts; the values are only shown.
            found["stageConfig"]["resources"] = _sidecar(resources)
    elif "stageConfig" not in found:
        raise invalid(f"missing 'stageConfig' for '{node.path}'")
    if not found["stageConfig"]["name"].startswith("@"):
        raise invalid(f"'{node.path}.stageConfig.name' must begin with '@'")
    return {"stageConfig": found["stageConfig"]}


def _sidecar(node: Node) -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = {}
    for key in ("requests", "limits"):
        if part := node.only("requests", "limits").get(key):
            part.only("cpu", "memory")
            found[key] = {name: _amount(value, name) for name, value in part.entries()}
    return found


def _amount(node: Node, name: str) -> str:
    text = node.scalar()
    try:
        (units.memory if name == "memory" else units.cpus)(text)
    except ValueError:
        raise invalid(f"'{node.path}' is '{text}'; it must be a quantity") from None
    return text
