"""Settings of Milvus itself, which its service gets as environment variables.

Milvus takes every key of its milvus.yaml from the environment too: with underscores for dots, in upper case.
See https://milvus.io/docs/configure-docker.md and https://milvus.io/docs/system_configuration.md
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from typing import Annotated

from pydantic import AfterValidator, StrictBool, StrictFloat, StrictInt, StrictStr

from settings.values import Allowed, shown

# Keys that the stack sets, with all below them: why, and what to use instead.
_OWNED = {
    "common.security": "the stack makes users and passwords",
    "common.storageType": "the data is on the service's block volume",
    "deploymode": "this is Milvus standalone",
    "etcd": "Milvus runs an etcd of its own on the volume",
    "grpc.serverMaxRecvSize.port": "the endpoint of the service names the port",
    "kafka": "the message queue of a volume cannot be changed",
    "localStorage.path": "the data is on the service's block volume",
    "log.file.rootPath": "the log is what the container prints: `milvus-spcs logs`",
    "minio": "the data is on the service's block volume",
    "mq": "the message queue of a volume cannot be changed",
    "natsmq": "the message queue of a volume cannot be changed",
    "proxy.http.port": "the specification names the ports",
    "proxy.internalPort": "the specification names the ports",
    "proxy.ip": "Milvus finds its own address",
    "proxy.port": "the specification names the ports",
    "pulsar": "the message queue of a volume cannot be changed",
    "rocksmq.path": "the data is on the service's block volume",
    "tls": "the traffic between services never leaves Snowflake",
    "woodpecker": "the message queue of a volume cannot be changed",
}
_KEY = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,63}(\.[A-Za-z0-9_-]{1,64}){1,7}")
_LONGEST = 1000
_WORDS = (
    "a map (pulumi config set --path 'milvusConfig[\"queryNode.cache.memoryLimit\"]' VALUE) from keys of "
    "milvus.yaml, with dots between their parts, to texts, numbers, true or false"
)


def _checked(given: Mapping[str, str | bool | int | float]) -> Mapping[str, str]:
    names: dict[str, str] = {}
    for key, value in given.items():
        if not _KEY.fullmatch(key):
            raise ValueError(f"{_WORDS}; {shown(key)} is not such a key")
        if owner := _owner(key):
            raise ValueError(f"without {key}, which the stack sets itself: {_OWNED[owner]}")
        if same := names.get(_plain(key)):
            raise ValueError(f"without one of {same} and {key}, which are the same to Milvus")
        names[_plain(key)] = key
        if len(str(value)) > _LONGEST or "\x00" in str(value) or not _is_finite(value):
            raise ValueError(f"{_WORDS}, at most {_LONGEST} characters long; the value of {key} is not")
    return {key: _text(value) for key, value in given.items()}


def environment(config: Mapping[str, object]) -> dict[str, str]:
    """The variables for Milvus's container.

    Args:
        config: the setting milvusConfig.
    """
    return {re.sub("[.-]", "_", key).upper(): str(value) for key, value in config.items()}


def _owner(key: str) -> str:
    """The owned key that a key is, or is below; '' when it is the user's."""
    # Milvus takes no notice of case and of underscores.
    parts = [_plain(part) for part in key.split(".")]
    starts = {"".join(parts[: index + 1]) for index in range(len(parts))}
    return next((owned for owned in _OWNED if _plain(owned) in starts), "")


def _plain(key: str) -> str:
    return re.sub(r"[._-]", "", key).lower()


def _is_finite(value: str | bool | int | float) -> bool:
    return not isinstance(value, float) or math.isfinite(value)


def _text(value: str | bool | int | float) -> str:
    return json.dumps(value) if isinstance(value, bool) else str(value)


MilvusConfig = Annotated[
    Mapping[str, StrictBool | StrictInt | StrictFloat | StrictStr], AfterValidator(_checked), Allowed(_WORDS)
]
