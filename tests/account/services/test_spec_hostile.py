"""Specifications that are wrong in every part, larger than they may be, or made to hurt the server."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from local_account.base.errors import SnowflakeError
from local_account.spcs.spec import spec
from tests.account.services.test_spec import CONTAINER, ENDPOINT, FAMILY, GOOD, UNKNOWN, VOLUME, changed

STAGE, MEMORY = ("spec", "volumes", 1), ("spec", "volumes", 2)
BLOCK = (*VOLUME, "blockConfig")
CORS = "Access-Control-Allow-Origin"
TOKEN = (*CONTAINER, "sessionTokenConfig")
MOUNT = {"name": "data", "mountPath": "/a"}
SECRET = {"snowflakeSecret": "s", "envVarName": "A", "secretKeyRef": "password"}

REFUSED: list[tuple[tuple[Any, ...], Any, str]] = [
    # Unknown options, at every depth
    (("spec", "container"), [], "both 'container' and 'containers' for 'spec'."),
    (("spec", "init"), [], f"{UNKNOWN} 'init' for 'spec'."),
    (("capabilities",), {"net": 1}, f"{UNKNOWN} 'net' for 'capabilities'."),
    (
        ("capabilities",),
        {"securityContext": {"privileged": True}},
        f"{UNKNOWN} 'privileged' for 'capabilities.securityContext'.",
    ),
    ((*CONTAINER, "ports"), [80], f"{UNKNOWN} 'ports' for 'containers[0]'."),
    ((*CONTAINER, "resources", "limit"), {}, f"{UNKNOWN} 'limit' for 'containers[0].resources'."),
    (
        (*CONTAINER, "resources", "limits", "disk"),
        1,
        f"{UNKNOWN} 'disk' for 'containers[0].resources.limits'.",
    ),
    (
        (*CONTAINER, "volumeMounts", 0, "readOnly"),
        True,
        f"{UNKNOWN} 'readOnly' for 'containers[0].volumeMounts[0]'.",
    ),
    ((*CONTAINER, "secrets", 0, "mode"), 1, f"{UNKNOWN} 'mode' for 'containers[0].secrets[0]'."),
    (TOKEN, {"mode": 1}, f"{UNKNOWN} 'mode' for 'containers[0].sessionTokenConfig'."),
    ((*BLOCK,), {"snapshot": 1}, f"{UNKNOWN} 'snapshot' for 'volumes[0].blockConfig'."),
    (
        BLOCK,
        {"initialContents": {"from": 1}},
        f"{UNKNOWN} 'from' for 'volumes[0].blockConfig.initialContents'.",
    ),
    ((*STAGE, "stageConfig", "path"), "x", f"{UNKNOWN} 'path' for 'volumes[1].stageConfig'."),
    (("spec", "logExporters"), {"file": 1}, f"{UNKNOWN} 'file' for 'logExporters'."),
    (("spec", "platformMonitor"), {"metrics": 1}, f"{UNKNOWN} 'metrics' for 'platformMonitor'."),
    (("serviceRoles", 0, "role"), "x", f"{UNKNOWN} 'role' for 'serviceRoles[0]'."),
    # Types
    (("spec",), None, "missing 'spec' for 'specification'."),
    (("spec", "containers"), {"name": "a"}, "'containers' must be a list."),
    (("spec", "containers"), ["a"], "'containers[0]' must be a mapping."),
    ((*CONTAINER, "name"), 5, "'containers[0].name' must be a non-empty string."),
    ((*CONTAINER, "image"), "", "'containers[0].image' must be a non-empty string."),
    ((*CONTAINER, "args"), [{"a": 1}], "'containers[0].args[0]' must be a scalar."),
    ((*CONTAINER, "env"), ["A=1"], "'containers[0].env' must be a mapping."),
    (
        (*CONTAINER, "env"),
        {"A=B": "1"},
        "'A=B' in 'containers[0].env' is no name of an environment variable.",
    ),
    ((*CONTAINER, "env"), {"A": "1\0"}, "'containers[0].env.A' has a null character."),
    ((*CONTAINER, "env"), {"A": {1, 2}}, "'containers[0].env.A' must be a scalar."),
    ((*CONTAINER, "mountSessionToken"), "no", "'containers[0].mountSessionToken' must be true or false."),
    ((*CONTAINER, "readinessProbe", "port"), "80", "must be a number from 1 to 65535."),
    ((*CONTAINER, "readinessProbe", "port"), True, "must be a number from 1 to 65535."),
    ((*CONTAINER, "readinessProbe", "path"), "healthz", "must begin with '/'."),
    ((*CONTAINER, "livenessProbe"), {"path": "/"}, "missing 'port' for 'containers[0].livenessProbe'."),
    ((*CONTAINER, "volumeMounts"), [], "invalid 'volumeMounts'. Value is empty."),
    ((*CONTAINER, "volumeMounts"), [MOUNT, MOUNT], "duplicate name '/a' in 'containers[0].volumeMounts'."),
    ((*CONTAINER, "volumeMounts", 0, "mountPath"), "/a/../etc", "must be an absolute path"),
    ((*CONTAINER, "volumeMounts", 0, "mountPath"), "/", "must be an absolute path"),
    # Quantities
    ((*CONTAINER, "resources", "limits", "memory"), "2Ti", "must be like 2Gi."),
    ((*CONTAINER, "resources", "limits", "memory"), "-2Gi", "must be like 2Gi."),
    ((*CONTAINER, "resources", "limits", "memory"), "9" * 400 + "Gi", "must be like 2Gi."),
    ((*CONTAINER, "resources", "limits", "memory"), "\u0662Gi", "must be like 2Gi."),
    ((*CONTAINER, "resources", "limits", "memory"), "0Gi", "limits.memory' must be more than 0."),
    ((*CONTAINER, "resources", "limits", "cpu"), 0, "limits.cpu' must be more than 0."),
    ((*CONTAINER, "resources", "limits", "cpu"), float("inf"), "must be like 0.5 or 500m."),
    ((*CONTAINER, "resources", "requests"), {"cpu": 1}, "requests.cpu' is more than the limit of 500m."),
    ((*CONTAINER, "resources", "requests"), {"nvidia.com/gpu": -1}, "must be like 1."),
    (
        (*CONTAINER, "resources"),
        {key: {"nvidia.com/gpu": 1} for key in ("requests", "limits")},
        "instance family CPU_X64_XS has 0 GPUs, 1 are requested.",
    ),
    # Tokens and secrets
    (TOKEN, {}, "'containers[0].sessionTokenConfig' must not be empty."),
    (TOKEN, {"path": "relative"}, "must be an absolute, normalised path"),
    (TOKEN, {"path": "/a b"}, "must be an absolute, normalised path"),
    (TOKEN, {"path": "/a", "permission": "0044"}, "with owner read"),
    (TOKEN, {"path": "/a", "permission": "644"}, "four octal digits in quotes"),
    ((*CONTAINER, "secrets"), [], "invalid 'secrets'. Value is empty."),
    ((*CONTAINER, "secrets"), [SECRET] * 51, "more than 50 secrets."),
    ((*CONTAINER, "secrets", 0, "snowflakeSecret"), {"objectReference": "r"}, "is for native apps only"),
    ((*CONTAINER, "secrets", 0, "snowflakeSecret"), {}, "missing 'objectName'"),
    ((*CONTAINER, "secrets", 0, "directoryPath"), "run", "must be an absolute path, not 'run'."),
    (
        (*CONTAINER, "secrets", 1, "secretKeyRef"),
        None,
        "missing 'secretKeyRef' for 'containers[0].secrets[1]'.",
    ),
    ((*CONTAINER, "secrets", 1, "envVarName"), "A B", "is no name of an environment variable."),
    # Endpoints
    ((*ENDPOINT, "port"), 65536, "must be a number from 1 to 65535."),
    ((*ENDPOINT, "public"), "true", "'endpoints[1].public' must be true or false."),
    (("spec", "endpoints", 2, "portRange"), "9-8", "must be like 8000-8010."),
    (("spec", "endpoints", 2, "portRange"), "\u00b2-3", "must be like 8000-8010."),
    (("spec", "endpoints", 2, "portRange"), "1-70000", "must be like 8000-8010."),
    (("spec", "endpoints", 2, "protocol"), "HTTP", "needs protocol TCP and a private endpoint."),
    ((*ENDPOINT, "corsSettings"), {CORS: []}, "must list full origins"),
    ((*ENDPOINT, "corsSettings"), {CORS: ["example.com"]}, "not 'example.com'."),
    ((*ENDPOINT, "corsSettings"), {CORS: ["https://a.b/path"]}, "not 'https://a.b/path'."),
    ((*ENDPOINT, "corsSettings"), {"Access-Control-Allow-Methods": ["GET"]}, f"missing '{CORS}'"),
    (("serviceRoles", 0, "endpoints"), [], "invalid 'endpoints'. Value is empty."),
    (("serviceRoles", 0, "name"), "all_endpoints_usage", "is the role that every service has"),
    (("serviceRoles",), GOOD["serviceRoles"] * 2, "duplicate name 'PEOPLE' in 'serviceRoles'."),
    # Volumes
    ((*VOLUME, "size"), 10, "a block volume has 1Gi to 65536Gi."),
    ((*VOLUME, "size"), "65537Gi", "a block volume has 1Gi to 65536Gi."),
    ((*MEMORY, "size"), None, "missing 'size' for 'volumes[2]'."),
    ((*MEMORY, "size"), "64", "it must be a size like 2Gi."),
    ((*MEMORY, "blockConfig"), {}, "'blockConfig' is not allowed for a memory volume"),
    ((*STAGE, "stageConfig"), None, "missing 'stageConfig' for 'volumes[1]'."),
    ((*STAGE, "stageConfig", "name"), "files", "must begin with '@'."),
    ((*STAGE, "stageConfig", "metadataCache"), "soon", "it must be like 1h30m45s."),
    ((*STAGE, "stageConfig", "resources"), {"limits": {"cpu": "x"}}, "it must be a quantity."),
    ((*STAGE, "uid"), -1, "'volumes[1].uid' must be a number"),
    (BLOCK, {"iops": 5001}, "'volumes[0].blockConfig.iops' may be 5000 for 10Gi."),
    (BLOCK, {"throughput": 751}, "throughput' may be a quarter of its 3000 iops."),
    (BLOCK, {"encryption": "AES"}, "must be one of SNOWFLAKE_SSE, SNOWFLAKE_FULL, not 'AES'."),
    (BLOCK, {"encryption": ["AES"]}, "must be one of SNOWFLAKE_SSE, SNOWFLAKE_FULL"),
    (BLOCK, {"snapshotOnDelete": "no"}, "snapshotOnDelete' must be true or false."),
    (BLOCK, {"snapshotDeleteAfter": "7"}, "it must be like 12h or 7d."),
    (BLOCK, {"initialContents": {}}, "missing 'fromSnapshot'"),
    # Observability
    (
        ("spec", "logExporters"),
        {"eventTableConfig": {"logLevel": "DEBUG"}},
        "must be one of INFO, ERROR, NONE",
    ),
    (("spec", "platformMonitor"), {"metricConfig": {"groups": ["all"]}}, "must be one of system, "),
    # Limits
    (
        ("spec", "containers"),
        [{"name": f"c{n}", "image": "/a/b/c/d"} for n in range(21)],
        "more than 20 containers.",
    ),
    (("spec", "endpoints"), [{"name": f"e{n}", "port": 1} for n in range(101)], "more than 100 endpoints."),
    (("spec", "volumes"), [{"name": f"v{n}", "source": "local"} for n in range(21)], ""),
]


@pytest.mark.parametrize(("path", "value", "text"), REFUSED, ids=range(len(REFUSED)))
def test_refused(path: tuple[Any, ...], value: Any, text: str) -> None:
    with pytest.raises(SnowflakeError) as caught:
        spec.parse(changed(path, value), FAMILY)
    assert caught.value.code == "395018"
    assert caught.value.message.startswith("Invalid spec: ")
    assert text in caught.value.message


def volumes(count: int, **parts: Any) -> str:
    document = yaml.safe_load(changed((*CONTAINER, "volumeMounts"), None))
    document["spec"]["volumes"] = [{"name": f"v{number}", **parts} for number in range(count)]
    return yaml.safe_dump(document)


def test_limits_of_volumes() -> None:
    for count, parts, text in (
        (21, {"source": "local"}, "more than 20 volumes."),
        (4, {"source": "block", "size": "1Gi"}, "more than 3 block volumes."),
        (6, {"source": "@stage"}, "more than 5 volumes with a stage as their source."),
    ):
        with pytest.raises(SnowflakeError, match=text):
            spec.parse(volumes(count, **parts), FAMILY)
        assert spec.parse(volumes(count - 1, **parts), FAMILY)


BOMB = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{chr(98 + level)}: &{chr(98 + level)} [{', '.join(['*' + chr(97 + level)] * 9)}]\n"
    for level in range(8)
)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("spec:\n  containers: []\n  containers: []\n", "found duplicate key 'containers'"),
        (BOMB, "it has more than 20000 values"),
        ("spec: &a\n  containers: [*a]\n", "it is nested too deeply"),
        ("spec: " + "[" * 60 + "]" * 60, "it is nested too deeply"),
        ("spec: " + "[" * 100_000, "it is nested too deeply"),
        ("spec: " + "x" * 200_000, "131072 are allowed"),
        ("spec: !!python/object/apply:os.system [ls]", "could not determine a constructor"),
        ("spec: {}\n---\nspec: {}", "expected a single document"),
        ("spec: \x00", "not valid YAML"),
        ("spec: {<<: [a]}", "not valid YAML"),
        ("? [a, b]\n: c", "not valid YAML"),
        ("spec: 2024-99-99", "not valid YAML"),
        ("spec: " + "9" * 5000, "not valid YAML"),
    ],
    ids=range(13),
)
def test_documents_made_to_hurt(text: str, says: str) -> None:
    with pytest.raises(SnowflakeError, match="Invalid spec: ") as caught:
        spec.parse(text, FAMILY)
    assert says in caught.value.message
    assert len(caught.value.message) < 500


def test_aliases_and_merges_are_plain_yaml() -> None:
    document = yaml.safe_load(yaml.safe_dump(GOOD))
    shared = {"A": "1"}
    document["spec"]["containers"][0]["env"] = shared
    other = {"name": "other", "image": "/a/b/c/d", "env": shared}
    document["spec"]["containers"].append(other)
    text = yaml.safe_dump(document)
    assert "&id" in text
    assert [part["env"] for part in spec.parse(text, FAMILY)["spec"]["containers"]] == [{"A": "1"}] * 2
