"""Compares the specification that the stack declared with the one that Snowflake runs.

DESCRIBE SERVICE shows a normal form: texts are quoted, images have their digest, defaults are filled in. So
both sides are read as YAML. A key that the stack did not declare may have its documented default, or any
value if Snowflake fills it in. Everything that remains is a difference. See
https://docs.snowflake.com/en/developer-guide/snowpark-container-services/specification-reference.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import yaml

ABSENT = "-"
# Keys that Snowflake fills in, by the last part of their path; None allows any value.
_DEFAULTS: Mapping[str, Any] = {
    "sha256": None,
    "cpu": None,
    "memory": None,
    "periodSeconds": None,
    "failureThreshold": None,
    "iops": None,
    "throughput": None,
    "encryption": None,
    "snapshotOnDelete": "true",
    "snapshotDeleteAfter": "7d",
    "metadataCache": None,
    "uid": "0",
    "gid": "0",
    "protocol": "HTTP",
    "public": "false",
    "permission": "0644",
    "mountSessionToken": "true",
    "mountConnectionConfig": "false",
    "executeAsCaller": "false",
    "enableCustomCredentials": "false",
    "logLevel": "INFO",
}
# Keys that identify an element of a list, so that the same element is found on both sides.
_IDENTITY = ("name", "mountPath", "envVarName", "directoryPath")
_FACTORS = {
    "m": Decimal("0.001"),
    "k": Decimal(1000),
    "M": Decimal(1000**2),
    "G": Decimal(1000**3),
    "Ki": Decimal(1024),
    "Mi": Decimal(1024**2),
    "Gi": Decimal(1024**3),
}
_QUANTITY = re.compile(rf"([0-9]+(?:\.[0-9]+)?)({'|'.join(sorted(_FACTORS, key=len, reverse=True))})?")
# The keys below this one are the user's own.
_ENVIRONMENT = ".env."
_QUANTITIES = ("cpu", "memory", "size", "nvidia.com/gpu")


@dataclass(frozen=True)
class Difference:
    """One place in which two specifications differ; `-` stands for a missing value."""

    place: str
    declared: str
    found: str


def differences(declared: str, running: str) -> list[Difference]:
    """The places where a running specification differs from the declared one.

    Args:
        declared: YAML text of the program.
        running: YAML text of DESCRIBE SERVICE.
    """
    return list(_compare(yaml.safe_load(declared), yaml.safe_load(running), ""))


def _compare(declared: Any, found: Any, place: str) -> Iterator[Difference]:
    if isinstance(declared, list) or isinstance(found, list):
        declared, found = _by_identity(declared), _by_identity(found)
    if isinstance(declared, Mapping) and isinstance(found, Mapping):
        for key in {**declared, **found}:
            yield from _compare_part(declared.get(key), found.get(key), f"{place}.{key}".lstrip("."))
    elif _scalar(declared, place) != _scalar(found, place):
        yield Difference(place, _shown(declared), _shown(found))


def _compare_part(declared: Any, found: Any, place: str) -> Iterator[Difference]:
    if declared is not None:
        yield from _compare(declared, found, place)
    elif not _is_default(found, place):
        yield Difference(place, ABSENT, _shown(found))


def _is_default(found: Any, place: str) -> bool:
    """Whether Snowflake shows this value when nothing was declared."""
    key = place.rpartition(".")[2]
    if found in (None, "", [], {}):
        return True
    if key in _DEFAULTS and _ENVIRONMENT not in place:
        return _DEFAULTS[key] is None or _scalar(found, place) == _DEFAULTS[key]
    return isinstance(found, Mapping) and all(
        _is_default(value, f"{place}.{name}") for name, value in found.items()
    )


def _by_identity(items: Any) -> Mapping[str, Any]:
    """A list as a mapping, so that the order of named elements does not count."""
    if not isinstance(items, list):
        return {} if items is None else {"[0]": items}
    return {f"[{_identity(item, index)}]": item for index, item in enumerate(items)}


def _identity(item: Any, index: int) -> str:
    if isinstance(item, Mapping):
        named = next((str(item[key]) for key in reversed(_IDENTITY) if key in item), None)
        return named or str(index)
    return str(index)


def _scalar(value: Any, place: str) -> Any:
    """A value in a form that can be compared: 0.5 equals 500m, true equals "true"."""
    if not isinstance(value, str | int | float):
        return value
    text = str(value).lower() if isinstance(value, bool) else str(value)
    key = "" if _ENVIRONMENT in place else place.rpartition(".")[2]
    if key == "image":
        # With or without the registry's host.
        return text if text.startswith("/") else "/" + text.partition("/")[2]
    quantity = _QUANTITY.fullmatch(text) if key in _QUANTITIES else None
    return Decimal(quantity[1]) * _FACTORS.get(quantity[2], Decimal(1)) if quantity else text


def _shown(value: Any) -> str:
    return ABSENT if value is None else str(value)


def declared_images(text: str) -> dict[str, str]:
    """Each image of a program's specification, with the digest in the comment after it."""
    return dict(re.findall(r"image:\s*(\S+)\s+#\s*(sha256:[0-9a-f]{64})", text))


def declared_digests(text: str) -> dict[str, str]:
    """Digest of the image of each container in a program's specification."""
    digests, containers = declared_images(text), yaml.safe_load(text)["spec"]["containers"]
    return {item["name"]: digests[item["image"]] for item in containers if item["image"] in digests}
