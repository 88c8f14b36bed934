"""Service specifications: reads and checks them, and makes the normal form that the account keeps.

See https://docs.snowflake.com/en/developer-guide/snowpark-container-services/specification-reference
"""

from __future__ import annotations

import hashlib
import json
import re
from typing import Any

from local_account.base import errors
from local_account.spcs.spec import document, scaling_spec, spec_containers, spec_volumes
from local_account.spcs.spec.document import Node, invalid
from local_account.spcs.spec.families import Family
from local_account.spcs.spec.names import check_name, check_role_name, unique

Document = dict[str, Any]
MAX_CONTAINERS, MAX_ENDPOINTS, MAX_VOLUMES, MAX_BLOCK_VOLUMES, MAX_SECRETS = 20, 100, 20, 3, 50
# A limit of the deprecated form `source: "@stage"`. Volumes with `stageConfig` are not limited by it.
MAX_STAGE_SOURCES = 5
ALL_ENDPOINTS = "ALL_ENDPOINTS_USAGE"
_CAPABILITIES = ("executeAsCaller", "enableCustomCredentials")
# Keys of the first preview, which many public specifications still have.
_PLURALS = {"container": "containers", "endpoint": "endpoints", "volume": "volumes"}
_PORT_RANGE = re.compile(r"([0-9]{1,5})-([0-9]{1,5})")
_ORIGIN = re.compile(r"https?://[A-Za-z0-9.-]+(:[0-9]{1,5})?")


def parse(text: str, family: Family, job: bool = False, stage_sources: bool = True) -> Document:
    """The normal form of a specification: defaults and resources are filled in, unknown options refused.

    Args:
        text: the specification in YAML.
        family: the compute pool's instance family. It gives default resources; containers that need more
            than a node has are refused.
        job: whether it is a job service, which has no public endpoints and no probes.
        stage_sources: whether volumes may name a stage as their source, the deprecated form.

    Raises:
        SnowflakeError: 395018 for a wrong specification, 000002 for an option that this account lacks.
    """
    root = document.load(text).only("spec", "serviceRoles", "capabilities")
    spec = _with_plural_keys(root.need("spec")).only(
        *_PLURALS.values(), "logExporters", "platformMonitor", "resourceManagement"
    )
    capabilities = _capabilities(root.get("capabilities"))
    volumes = _volumes(spec, job, stage_sources)
    found: Document = {
        "containers": [
            spec_containers.container(node, family, volumes) for node in spec.need("containers").some()
        ]
    }
    if endpoints := [_endpoint(node) for node in spec.get("endpoints") or ()]:
        found["endpoints"] = endpoints
    if volumes:
        found["volumes"] = volumes
    for key, read in (
        ("logExporters", _log_exporters),
        ("platformMonitor", _platform_monitor),
        ("resourceManagement", scaling_spec.resource_management),
    ):
        if node := spec.get(key):
            found[key] = read(node)
    if job and "resourceManagement" in found:
        raise invalid("a job service cannot have 'resourceManagement'")
    _check_limits(found)
    roles = [_service_role(node, endpoints) for node in root.get("serviceRoles") or ()]
    unique("serviceRoles", [role["name"].upper() for role in roles])
    if job and any(endpoint["public"] for endpoint in endpoints):
        raise invalid("a job service cannot have public endpoints")
    return {"spec": found, **({"serviceRoles": roles} if roles else {}), **capabilities}


def names_resources(text: str) -> bool:
    """Whether a specification that `parse` has accepted says what some container needs."""
    spec = _with_plural_keys(document.load(text).need("spec"))
    return any(node.get("resources") is not None for node in spec.need("containers"))


def digest(found: Document, images: dict[str, dict[str, str]]) -> str:
    """64 hex digits that change with the specification and with the digests of its images."""
    content = json.dumps([found, {name: image["digest"] for name, image in images.items()}], sort_keys=True)
    return hashlib.sha256(content.encode()).hexdigest()


def describe(found: Document, images: dict[str, dict[str, str]]) -> str:
    """The text that DESCRIBE SERVICE shows: the normal form with each image's digest."""
    containers = []
    for container in found["spec"]["containers"]:
        shown: Document = {}
        for key, value in container.items():
            shown[key] = value
            if key == "image":
                shown["sha256"] = "@" + images[container["name"]]["digest"]
        containers.append(shown)
    return document.dump({**found, "spec": {**found["spec"], "containers": containers}})


def block_volumes(found: Document) -> list[Document]:
    return [volume for volume in found["spec"].get("volumes", ()) if volume["source"] == "block"]


def require_same_block_volumes(before: Document, after: Document) -> None:
    """Refuse a change of a service's block volumes; only their backup options may change.

    Raises:
        SnowflakeError: 395018.
    """
    if _fixed_parts(before) != _fixed_parts(after):
        raise invalid(
            "block volumes of a service cannot be added, removed or changed. Drop it and create it anew"
        )


def _fixed_parts(found: Document) -> list[Document]:
    free = ("snapshotOnDelete", "snapshotDeleteAfter")
    return [
        {
            **volume,
            "blockConfig": {key: value for key, value in volume["blockConfig"].items() if key not in free},
        }
        for volume in block_volumes(found)
    ]


def _capabilities(node: Node | None) -> Document:
    """The part `capabilities` of the document; nothing when no capability is on."""
    context = node.only("securityContext").get("securityContext") if node else None
    if context is None:
        return {}
    caller, custom = (
        option is not None and option.flag()
        for option in map(context.only(*_CAPABILITIES).get, _CAPABILITIES)
    )
    if caller:
        raise errors.unsupported("executeAsCaller")
    return {"capabilities": {"securityContext": {"enableCustomCredentials": True}}} if custom else {}


def _with_plural_keys(spec: Node) -> Node:
    """The node with the names that the keys have today."""
    if not isinstance(spec.value, dict):
        return spec
    for old, new in _PLURALS.items():
        if old in spec.value and new in spec.value:
            raise invalid(f"both '{old}' and '{new}' for 'spec'")
    return Node({_PLURALS.get(key, key): value for key, value in spec.value.items()}, spec.path)


def _volumes(spec: Node, job: bool, stage_sources: bool) -> list[Document]:
    nodes = list(spec.get("volumes") or ())
    old = sum(node.only(*spec_volumes.KEYS).need("source").text().startswith("@") for node in nodes)
    if old and not stage_sources:
        raise invalid("stage mount v1 not supported, please use v2 instead")
    if old > MAX_STAGE_SOURCES:
        raise invalid(f"more than {MAX_STAGE_SOURCES} volumes with a stage as their source")
    return [spec_volumes.volume(node, job) for node in nodes]


def _check_limits(found: Document) -> None:
    for key, limit in (
        ("containers", MAX_CONTAINERS),
        ("endpoints", MAX_ENDPOINTS),
        ("volumes", MAX_VOLUMES),
    ):
        items = found.get(key, [])
        if len(items) > limit:
            raise invalid(f"more than {limit} {key}")
        unique(key, [item["name"] for item in items])
    if sum(len(container.get("secrets", ())) for container in found["containers"]) > MAX_SECRETS:
        raise invalid(f"more than {MAX_SECRETS} secrets")
    if sum(volume["source"] == "block" for volume in found.get("volumes", ())) > MAX_BLOCK_VOLUMES:
        raise invalid(f"more than {MAX_BLOCK_VOLUMES} block volumes")


def _endpoint(node: Node) -> Document:
    node.only("name", "port", "portRange", "public", "protocol", "corsSettings")
    found: Document = {"name": check_name(node.need("name"))}
    port, ports = node.get("port"), node.get("portRange")
    if (port is None) == (ports is None):
        raise invalid(f"exactly one of 'port' and 'portRange' is needed for '{node.path}'")
    protocol, public = node.get("protocol"), node.get("public")
    found["public"] = public.flag() if public else False
    found["protocol"] = protocol.choice("HTTP", "TCP") if protocol else "HTTP"
    if port:
        found["port"] = port.number(1, 65535)
    if ports:
        found["portRange"] = _port_range(ports, found)
    if found["public"] and found["protocol"] != "HTTP":
        raise invalid(f"a public endpoint must have protocol HTTP: '{node.path}'")
    if cors := node.get("corsSettings"):
        found["corsSettings"] = _cors(cors)
    return found


def _port_range(node: Node, endpoint: Document) -> str:
    ports = _PORT_RANGE.fullmatch(node.text())
    if not ports or not 1 <= int(ports[1]) <= int(ports[2]) <= 65535:
        raise invalid(f"'{node.path}' must be like 8000-8010")
    if endpoint["public"] or endpoint["protocol"] != "TCP":
        raise invalid(f"'{node.path}' needs protocol TCP and a private endpoint")
    return node.text()


def _cors(node: Node) -> Document:
    prefix = "Access-Control-"
    names = [prefix + name for name in ("Allow-Origin", "Allow-Methods", "Allow-Headers", "Expose-Headers")]
    node.only(*names)
    node.need(names[0])
    found = {name: value.texts() for name in names if (value := node.get(name))}
    wrong = [origin for origin in found[names[0]] if not _ORIGIN.fullmatch(origin)]
    if wrong or not found[names[0]]:
        shown = f", not '{wrong[0]}'" if wrong else ""
        raise invalid(f"'{node.path}.{names[0]}' must list full origins like https://example.com{shown}")
    return found


def _service_role(node: Node, endpoints: list[Document]) -> Document:
    node.only("name", "endpoints")
    found = {"name": check_role_name(node.need("name")), "endpoints": node.need("endpoints").some().texts()}
    if found["name"].upper() == ALL_ENDPOINTS:
        raise invalid(f"'{ALL_ENDPOINTS}' is the role that every service has: '{node.path}'")
    known = {endpoint["name"] for endpoint in endpoints}
    for name in found["endpoints"]:
        if name not in known:
            raise invalid(f"unknown endpoint '{name}' in '{node.path}'")
    return found


def _log_exporters(node: Node) -> Document:
    table = node.only("eventTableConfig").need("eventTableConfig").only("logLevel")
    level = table.get("logLevel")
    return {"eventTableConfig": {"logLevel": level.choice("INFO", "ERROR", "NONE") if level else "INFO"}}


def _platform_monitor(node: Node) -> Document:
    groups = node.only("metricConfig").need("metricConfig").only("groups").need("groups")
    allowed = ("system", "system_limits", "status", "network", "storage")
    return {"metricConfig": {"groups": [group.choice(*allowed) for group in groups]}}
