"""Service specifications: what is accepted, and what is refused with which text. No Docker, no server."""

from __future__ import annotations

import copy
from typing import Any

import pytest
import yaml

from local_account.base.errors import SnowflakeError
from local_account.spcs.spec import spec, templates
from local_account.spcs.spec.families import FAMILIES

FAMILY = FAMILIES["CPU_X64_XS"]
GOOD: dict[str, Any] = {
    "spec": {
        "containers": [
            {
                "name": "milvus",
                "image": "/db/schema/repo/milvus:1",
                "env": {"NUMBER": 1, "FLAG": True, "TEXT": "a"},
                "readinessProbe": {"port": 9091, "path": "/healthz"},
                "volumeMounts": [{"name": "data", "mountPath": "/var/lib/milvus"}],
                "resources": {"limits": {"memory": "2Gi", "cpu": "500m"}},
                "secrets": [
                    {"snowflakeSecret": {"objectName": "db.s.root"}, "directoryPath": "/run/secrets"},
                    {"snowflakeSecret": "db.s.root", "secretKeyRef": "password", "envVarName": "PASSWORD"},
                ],
            }
        ],
        "endpoints": [
            {"name": "grpc", "port": 19530, "protocol": "TCP"},
            {"name": "web", "port": 8888, "public": True},
            {"name": "many", "portRange": "8000-8010", "protocol": "TCP"},
        ],
        "volumes": [
            {"name": "data", "source": "block", "size": "10Gi"},
            {"name": "files", "source": "stage", "stageConfig": {"name": "@db.s.files"}, "uid": 1000},
            {"name": "fast", "source": "memory", "size": "64Mi"},
        ],
    },
    "serviceRoles": [{"name": "people", "endpoints": ["web"]}],
}
CONTAINER = ("spec", "containers", 0)
ENDPOINT = ("spec", "endpoints", 1)
VOLUME = ("spec", "volumes", 0)
UNKNOWN = "unknown option"


def changed(path: tuple[Any, ...], value: Any) -> str:
    """The good specification with one value put in or, for None, taken out."""
    document = copy.deepcopy(GOOD)
    target: Any = document
    for step in path[:-1]:
        target = target.setdefault(step, {}) if isinstance(target, dict) else target[step]
    if value is None:
        del target[path[-1]]
    else:
        target[path[-1]] = value
    return yaml.safe_dump(document)


REFUSED = [
    (("spec", "serviceRoles"), [], f"{UNKNOWN} 'serviceRoles' for 'spec'."),
    ((*ENDPOINT, "authenticationPolicy"), 1, f"{UNKNOWN} 'authenticationPolicy' for 'endpoints[1]'."),
    (("specs",), 1, f"{UNKNOWN} 'specs' for 'specification'."),
    (("spec", "containers"), None, "missing 'containers' for 'spec'."),
    (("spec", "containers"), [], "invalid 'containers'. Value is empty."),
    ((*CONTAINER, "image"), None, "missing 'image' for 'containers[0]'."),
    ((*CONTAINER, "name"), "My_Name", "'containers[0].name' is 'My_Name'"),
    ((*CONTAINER, "name"), "x" * 64, "1 to 63 characters"),
    ((*CONTAINER, "command"), "sh", "'containers[0].command' must be a list."),
    ((*CONTAINER, "env"), {"A": [1]}, "'containers[0].env.A' must be a scalar."),
    ((*CONTAINER, "readinessProbe", "path"), None, "missing 'path' for 'containers[0].readinessProbe'."),
    ((*CONTAINER, "readinessProbe", "port"), 0, "must be a number from 1 to 65535."),
    (
        (*CONTAINER, "readinessProbe", "command"),
        [],
        f"{UNKNOWN} 'command' for 'containers[0].readinessProbe'.",
    ),
    ((*CONTAINER, "volumeMounts", 0, "name"), "none", "unknown volume 'none'"),
    ((*CONTAINER, "volumeMounts", 0, "mountPath"), "x", "must be an absolute path, not 'x'."),
    ((*CONTAINER, "resources", "limits", "memory"), "2", "must be like 2Gi."),
    ((*CONTAINER, "resources", "limits", "cpu"), "much", "must be like 0.5 or 500m."),
    ((*CONTAINER, "resources", "requests"), {"nvidia.com/gpu": 1}, "must be equal"),
    ((*CONTAINER, "secrets", 0, "envVarName"), "A", "exactly one of 'directoryPath' and 'envVarName'"),
    ((*CONTAINER, "secrets", 0, "secretKeyRef"), "password", "'secretKeyRef' goes with 'envVarName' only"),
    ((*CONTAINER, "secrets", 1, "secretKeyRef"), "token", "must be one of username, password, secret_string"),
    ((*CONTAINER, "sessionTokenConfig"), {"path": "/a/../b"}, "must be an absolute, normalised path"),
    ((*CONTAINER, "sessionTokenConfig"), {"path": "/a", "permission": 420}, "four octal digits in quotes"),
    ((*CONTAINER, "sessionTokenConfig"), {"path": "/a", "permission": "0666"}, 'at most "0644"'),
    ((*CONTAINER, "sessionTokenConfig"), {"permission": "0400"}, "needs 'path'"),
    ((*ENDPOINT, "protocol"), "TCP", "a public endpoint must have protocol HTTP"),
    ((*ENDPOINT, "protocol"), "UDP", "must be one of HTTP, TCP, not 'UDP'."),
    ((*ENDPOINT, "portRange"), "1-2", "exactly one of 'port' and 'portRange'"),
    ((*ENDPOINT, "name"), "grpc", "duplicate name 'grpc' in 'endpoints'."),
    ((*ENDPOINT, "corsSettings"), {"Access-Control-Allow-Origin": ["*"]}, "must list full origins"),
    ((*VOLUME, "size"), None, "missing 'size' for 'volumes[0]'."),
    ((*VOLUME, "size"), "10G", "a block volume has 1Gi to 65536Gi."),
    ((*VOLUME, "source"), "nfs", "must be one of local, memory, block, stage, not 'nfs'."),
    (("spec", "volumes", 2, "uid"), 5, "'uid' is not allowed for a memory volume"),
    ((*VOLUME, "blockConfig"), {"iops": 1}, "must be a number from 3000 to 80000."),
    (("serviceRoles", 0, "endpoints"), ["none"], "unknown endpoint 'none' in 'serviceRoles[0]'."),
    (("serviceRoles", 0, "name"), "my-role", "may have letters, digits and '_'"),
]


@pytest.mark.parametrize(("path", "value", "text"), REFUSED, ids=lambda value: str(value)[:40])
def test_refused(path: tuple[Any, ...], value: Any, text: str) -> None:
    with pytest.raises(SnowflakeError) as caught:
        spec.parse(changed(path, value), FAMILY)
    assert caught.value.code == "395018"
    assert caught.value.message.startswith("Invalid spec: ")
    assert text in caught.value.message


@pytest.mark.parametrize(
    ("path", "value", "feature"),
    [
        (
            ("spec", "resourceManagement"),
            {
                "autoScalingPolicies": {
                    "suspend": {"allConditions": [{"metricCondition": {"metricName": "x"}}]}
                }
            },
            "autoScalingPolicies by metric x",
        ),
        (("capabilities",), {"securityContext": {"executeAsCaller": True}}, "executeAsCaller"),
        ((*CONTAINER, "env", "A"), "{{ secret.root.password }}", "with envVarName"),
    ],
)
def test_unsupported_is_named(path: tuple[Any, ...], value: Any, feature: str) -> None:
    with pytest.raises(SnowflakeError, match=feature) as caught:
        spec.parse(changed(path, value), FAMILY)
    assert caught.value.code == "000002"


@pytest.mark.parametrize("text", ["", "a: [", "- 1", "spec: 5"])
def test_not_a_specification(text: str) -> None:
    with pytest.raises(SnowflakeError) as caught:
        spec.parse(text, FAMILY)
    assert caught.value.code == "395018"


def test_defaults_are_filled_in() -> None:
    found = spec.parse(yaml.safe_dump(GOOD), FAMILY)["spec"]
    container = found["containers"][0]
    assert container["env"] == {"NUMBER": "1", "FLAG": "true", "TEXT": "a"}
    assert container["readinessProbe"]["periodSeconds"] == 5
    assert container["resources"] == {
        "requests": {"memory": "2Gi", "cpu": "0.5"},
        "limits": {"memory": "2Gi", "cpu": "500m"},
    }
    assert [endpoint["protocol"] for endpoint in found["endpoints"]] == ["TCP", "HTTP", "TCP"]


def test_resources_of_a_container_that_names_none() -> None:
    found = spec.parse(changed((*CONTAINER, "resources"), None), FAMILY)["spec"]["containers"][0]
    assert found["resources"] == {
        "requests": {"memory": "0.5Gi", "cpu": "0.5"},
        "limits": {"memory": "6Gi", "cpu": "1"},
    }


def test_normal_form_is_stable() -> None:
    found = spec.parse(yaml.safe_dump(GOOD), FAMILY)
    assert spec.parse(yaml.safe_dump(found), FAMILY) == found


def test_block_volumes_are_backed_up_unless_a_job_has_them() -> None:
    document = changed((*ENDPOINT, "public"), False)
    for job, kept in ((False, True), (True, False)):
        volume = spec.parse(document, FAMILY, job)["spec"]["volumes"][0]
        assert volume["blockConfig"]["snapshotOnDelete"] is kept


def test_description_shows_digests_and_quotes_values() -> None:
    found = spec.parse(yaml.safe_dump(GOOD), FAMILY)
    text = spec.describe(found, {"milvus": {"digest": "sha256:" + "0" * 64}})
    assert text.startswith(
        '---\nspec:\n  containers:\n  - name: "milvus"\n    image: "/db/schema/repo/milvus:1"\n'
    )
    assert f'    sha256: "@sha256:{"0" * 64}"\n' in text
    assert '      NUMBER: "1"\n' in text


def test_digest_follows_image_and_text() -> None:
    found = spec.parse(yaml.safe_dump(GOOD), FAMILY)
    one, other = ({"milvus": {"digest": f"sha256:{digit * 64}"}} for digit in "01")
    assert spec.digest(found, one) != spec.digest(found, other)
    assert len(spec.digest(found, one)) == 64


def test_keys_of_the_first_preview() -> None:
    document = yaml.safe_load(yaml.safe_dump(GOOD))
    old = {key.removesuffix("s"): value for key, value in document["spec"].items()}
    assert spec.parse(yaml.safe_dump({**document, "spec": old}), FAMILY) == spec.parse(
        yaml.safe_dump(GOOD), FAMILY
    )


def test_deprecated_stage_source() -> None:
    document = changed(VOLUME, {"name": "data", "source": "@files/sub"})
    with pytest.raises(SnowflakeError, match="stage mount v1 not supported, please use v2 instead"):
        spec.parse(document, FAMILY, stage_sources=False)
    assert spec.parse(document, FAMILY)["spec"]["volumes"][0] == {
        "name": "data",
        "source": "stage",
        "stageConfig": {"name": "@files/sub"},
    }


@pytest.mark.parametrize(
    ("template", "values", "result"),
    [
        ("a: {{ x }}", {"x": "1"}, "a: 1"),
        ("a: {{ x }}", {"x": '"/p:1"'}, "a: /p:1"),
        ("a: {{ x | default('y') }}", {}, "a: y"),
        ("a: {{ x | default('y', true) }}", {"x": ""}, "a: y"),
        ("a: {{ x | default('y') }}", {"x": ""}, "a: "),
        ("a: {{ x }}", {"x": '["b", 1]'}, 'a: ["b", 1]'),
        ("a: {{ x }}", {"x": '{"b": true}'}, 'a: {"b": true}'),
        ("a: {{ x | default(5) }}\n", {}, "a: 5\n"),
    ],
)
def test_templates(template: str, values: dict[str, str], result: str) -> None:
    assert templates.render(template, values) == result


@pytest.mark.parametrize(
    ("template", "values"),
    [
        ("{{ x }}", {}),
        ("{{ X }}", {"x": "1"}),
        ("{{ x }}", {"x": "/p:1"}),
        ("{{ x", {"x": "1"}),
        ("{{ x | upper }}", {"x": "a"}),
        ("{{ 'a' * 10 ** 10 }}", {}),
        ("{% for a in x %}{{ x }}{% endfor %}", {"x": "aa"}),
        ("{{ x.__class__ }}", {"x": "a"}),
        ("{% include '/etc/passwd' %}", {}),
        ("x" * 200_000, {}),
        ("{{ " + "(" * 5000 + "x" + ")" * 5000 + " }}", {"x": "a"}),
        ("{{ x }}", {"x": "[" * 50_000}),
    ],
    ids=range(12),
)
def test_templates_refused(template: str, values: dict[str, str]) -> None:
    with pytest.raises(SnowflakeError, match="Unable to render service spec from given template") as caught:
        templates.render(template, values)
    assert caught.value.code == "395069"
