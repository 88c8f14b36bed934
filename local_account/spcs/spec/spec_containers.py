"""The `containers` part of a specification."""

from __future__ import annotations

import posixpath
import re
from typing import Any

from local_account.base import errors
from local_account.spcs.spec import units
from local_account.spcs.spec.document import Node, invalid
from local_account.spcs.spec.families import Family
from local_account.spcs.spec.names import check_name, unique

_KEYS = ("name", "image", "command", "args", "env", "readinessProbe", "livenessProbe", "volumeMounts")
_KEYS += ("resources", "mountSessionToken", "sessionTokenConfig", "secrets")
GPU = "nvidia.com/gpu"
DEFAULT_TOKEN_PATH = "/snowflake/session"  # noqa: S105 a folder, not a secret
_PERMISSION = re.compile(r"0[0-7]{3}")
_COUNT = re.compile("[0-9]{1,4}")
_TOKEN_PATH = re.compile(r"/[A-Za-z0-9/_.-]*")
_SECRET_REFERENCE = re.compile(r"\{\{\s{0,9}secret\.")
_VARIABLE = re.compile(r"[A-Za-z_.-][A-Za-z0-9_.-]*")


def container(node: Node, family: Family, volumes: list[dict[str, Any]]) -> dict[str, Any]:
    """One container in normal form.

    Raises:
        SnowflakeError: 395018 for a wrong option, or more GPUs than a node of the family has.
    """
    node.only(*_KEYS)
    found: dict[str, Any] = {"name": check_name(node.need("name")), "image": node.need("image").text()}
    for key in ("command", "args"):
        if part := node.get(key):
            found[key] = part.texts()
    if env := node.get("env"):
        found["env"] = {_variable(key, env.path): _value(value) for key, value in env.entries()}
    for key, period in (("readinessProbe", 5), ("livenessProbe", 10)):
        if part := node.get(key):
            found[key] = _probe(part, period)
    if mounts := node.get("volumeMounts"):
        found["volumeMounts"] = [_mount(mount, volumes) for mount in mounts.some()]
        unique(mounts.path, [mount["mountPath"] for mount in found["volumeMounts"]])
    found["resources"] = _resources(node.get("resources"), family)
    found |= _session_token(node)
    if secrets := node.get("secrets"):
        found["secrets"] = [_secret(secret) for secret in secrets.some()]
    return found


def _probe(node: Node, period: int) -> dict[str, Any]:
    node.only("port", "path", "periodSeconds", "failureThreshold")
    path = node.need("path").text()
    if not path.startswith("/"):
        raise invalid(f"'{node.path}.path' must begin with '/'")
    every, threshold = node.get("periodSeconds"), node.get("failureThreshold")
    return {
        "port": node.need("port").number(1, 65535),
        "path": path,
        "periodSeconds": every.number(1, 3600) if every else period,
        "failureThreshold": threshold.number(1, 1000) if threshold else 3,
    }


def _mount(node: Node, volumes: list[dict[str, Any]]) -> dict[str, str]:
    node.only("name", "mountPath")
    name, path = node.need("name").text(), node.need("mountPath").text()
    if name not in {volume["name"] for volume in volumes}:
        raise invalid(f"unknown volume '{name}' in '{node.path}'")
    return {"name": name, "mountPath": _absolute(node.path, "mountPath", path)}


def _absolute(where: str, key: str, path: str) -> str:
    if not path.startswith("/") or ".." in path.split("/") or not path.strip("/"):
        raise invalid(f"'{where}.{key}' must be an absolute path, not '{path}'")
    return path


def _variable(name: str, where: str) -> str:
    if not _VARIABLE.fullmatch(name):
        raise invalid(f"'{name}' in '{where}' is no name of an environment variable")
    return name


def _value(node: Node) -> str:
    """A variable's value. A reference to a secret would reach the container as this very text."""
    text = node.scalar()
    if _SECRET_REFERENCE.search(text):
        raise errors.unsupported("{{secret.…}} in env: name the secret under secrets, with envVarName")
    return text


def _resources(node: Node | None, family: Family) -> dict[str, dict[str, str]]:
    given: dict[str, dict[str, str]] = {"requests": {}, "limits": {}}
    if node:
        node.only("requests", "limits")
        for key in given:
            if part := node.get(key):
                part.only("cpu", "memory", GPU)
                given[key] = {name: _quantity(value, name) for name, value in part.entries()}
    requests, limits = given["requests"], given["limits"]
    _check_limits(node, requests, limits)
    _check_gpus(node, requests, limits, family)
    filled_requests = {
        "memory": requests.get("memory") or _default(limits.get("memory"), "0.5Gi", units.memory),
        "cpu": requests.get("cpu") or _default(limits.get("cpu"), "0.5", units.cpus),
    }
    filled_limits = {
        "memory": limits.get("memory") or units.gibibytes(family.memory),
        "cpu": limits.get("cpu") or str(family.vcpu),
    }
    if GPU in requests:
        filled_requests[GPU] = filled_limits[GPU] = requests[GPU]
    return {"requests": filled_requests, "limits": filled_limits}


def _check_limits(node: Node | None, requests: dict[str, str], limits: dict[str, str]) -> None:
    for name, read in (("cpu", units.cpus), ("memory", units.memory)):
        if node is None or name not in limits:
            continue
        if not read(limits[name]):
            raise invalid(f"'{node.path}.limits.{name}' must be more than 0")
        if name in requests and read(requests[name]) > read(limits[name]):
            raise invalid(f"'{node.path}.requests.{name}' is more than the limit of {limits[name]}")


def _quantity(node: Node, name: str) -> str:
    text = node.scalar()
    try:
        if name == GPU:
            int(text if _COUNT.fullmatch(text) else "none")
        else:
            (units.memory if name == "memory" else units.cpus)(text)
    except ValueError:
        example = {"memory": "2Gi", "cpu": "0.5 or 500m"}.get(name, "1")
        raise invalid(f"'{node.path}' is '{text}'; it must be like {example}") from None
    return text


def _check_gpus(node: Node | None, requests: dict[str, str], limits: dict[str, str], family: Family) -> None:
    if requests.get(GPU) != limits.get(GPU):
        raise invalid(f"requests and limits of '{GPU}' must be equal in '{node.path if node else ''}'")
    if int(requests.get(GPU, 0)) > family.gpus:
        raise invalid(f"instance family {family.name} has {family.gpus} GPUs, {requests[GPU]} are requested")


def _default(limit: str | None, least: str, read: Any) -> str:
    return limit if limit and read(limit) > read(least) else least


def _session_token(node: Node) -> dict[str, Any]:
    mounted, config = node.get("mountSessionToken"), node.get("sessionTokenConfig")
    if mounted and not mounted.flag():
        if config:
            raise invalid(f"'sessionTokenConfig' needs a mounted session token: '{node.path}'")
        return {"mountSessionToken": False}
    if not config:
        return {}
    config.only("path", "permission", "mountConnectionConfig")
    if not config.value:
        raise invalid(f"'{config.path}' must not be empty")
    found: dict[str, Any] = {}
    if path := config.get("path"):
        found["path"] = _token_path(path)
    if permission := config.get("permission"):
        found["permission"] = _permission(permission, "path" in found)
    if connection := config.get("mountConnectionConfig"):
        found["mountConnectionConfig"] = connection.flag()
    return {"sessionTokenConfig": found}


def _token_path(node: Node) -> str:
    text = node.text()
    if not _TOKEN_PATH.fullmatch(text) or posixpath.normpath(text) != text or text == "/":
        raise invalid(
            f"'{node.path}' must be an absolute, normalised path out of A-Z, a-z, 0-9, '/', '_', '.', '-'"
        )
    return text


def _permission(node: Node, has_path: bool) -> str:
    text = node.value
    bad = not isinstance(text, str) or not _PERMISSION.fullmatch(text)
    if bad or not int(text, 8) & 0o400 or int(text, 8) & ~0o644:
        raise invalid(
            f"'{node.path}' must be four octal digits in quotes, with owner read and at most \"0644\""
        )
    if not has_path:
        raise invalid(f"'{node.path}' needs 'path'")
    return text


def _secret(node: Node) -> dict[str, Any]:
    node.only("snowflakeSecret", "directoryPath", "envVarName", "secretKeyRef")
    secret = node.need("snowflakeSecret")
    if isinstance(secret.value, dict):
        secret.only("objectName", "objectReference")
        if secret.get("objectReference"):
            raise invalid(f"'objectReference' is for native apps only: '{secret.path}'")
        secret = secret.need("objectName")
    found: dict[str, Any] = {"snowflakeSecret": {"objectName": secret.text()}}
    folder, variable, key = node.get("directoryPath"), node.get("envVarName"), node.get("secretKeyRef")
    if (folder is None) == (variable is None):
        raise invalid(f"exactly one of 'directoryPath' and 'envVarName' is needed for '{node.path}'")
    if folder:
        if key:
            raise invalid(f"'secretKeyRef' goes with 'envVarName' only: '{node.path}'")
        return {**found, "directoryPath": _absolute(node.path, "directoryPath", folder.text())}
    assert variable is not None
    key_name = node.need("secretKeyRef").choice("username", "password", "secret_string")
    return {**found, "secretKeyRef": key_name, "envVarName": _variable(variable.text(), node.path)}
