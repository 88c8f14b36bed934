"""Declared and running specifications: what counts as a difference, and what does not."""

from __future__ import annotations

import pytest

from components.services import specification
from operations.drift.specifications import declared_digests, differences

DIGEST = "sha256:" + "a" * 64
DECLARED = f"""
spec:
  containers:
  - name: main
    image: /d/s/r/main:1  # {DIGEST}
    env:
      PORT: 19530
      VERBOSE: true
    readinessProbe:
      port: 80
      path: /ready
    resources:
      requests:
        cpu: "0.5"
        memory: 1Gi
    volumeMounts:
    - name: data
      mountPath: /data
  endpoints:
  - name: web
    port: 80
    public: true
  volumes:
  - name: data
    source: block
    size: 10Gi
"""
# As DESCRIBE SERVICE shows it: other order, everything quoted, defaults filled in.
RUNNING = f"""---
spec:
  volumes:
  - name: "data"
    source: "block"
    size: "10Gi"
    blockConfig:
      iops: 3000
      throughput: 125
      encryption: "SNOWFLAKE_SSE"
      snapshotOnDelete: true
      snapshotDeleteAfter: "7d"
  containers:
  - name: "main"
    image: "org-account.registry.snowflakecomputing.com/d/s/r/main:1"
    sha256: "@{DIGEST}"
    env:
      VERBOSE: "true"
      PORT: "19530"
    readinessProbe:
      port: 80
      path: "/ready"
      periodSeconds: 5
      failureThreshold: 3
    resources:
      requests:
        memory: "1024Mi"
        cpu: "500m"
      limits:
        memory: "6Gi"
        cpu: "1"
    volumeMounts:
    - name: "data"
      mountPath: "/data"
  endpoints:
  - name: "web"
    port: 80
    protocol: "HTTP"
    public: true
"""


def test_the_normal_form_of_snowflake_is_no_difference() -> None:
    assert differences(DECLARED, RUNNING) == []


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("main:1", "main:2", ("spec.containers.[main].image", "/d/s/r/main:1", "/d/s/r/main:2")),
        ('"19530"', '"19531"', ("spec.containers.[main].env.PORT", "19530", "19531")),
        ('PORT: "19530"', 'PORT: "19530"\n      cpu: "1"', ("spec.containers.[main].env.cpu", "-", "1")),
        ('"500m"', '"2"', ("spec.containers.[main].resources.requests.cpu", "0.5", "2")),
        ('"1024Mi"', '"1G"', ("spec.containers.[main].resources.requests.memory", "1Gi", "1G")),
        ("public: true", "public: false", ("spec.endpoints.[web].public", "True", "False")),
        ('protocol: "HTTP"', 'protocol: "TCP"', ("spec.endpoints.[web].protocol", "-", "TCP")),
        ('    env:\n', '    command: ["sh"]\n    env:\n', ("spec.containers.[main].command", "-", "['sh']")),
        ("snapshotOnDelete: true", "snapshotOnDelete: false",
         ("spec.volumes.[data].blockConfig", "-", "'snapshotOnDelete': False")),
        ('  - name: "web"', '  - name: "back"\n    port: 22\n  - name: "web"',
         ("spec.endpoints.[back]", "-", "{'name': 'back', 'port': 22}")),
        ('      PORT: "19530"\n', "", ("spec.containers.[main].env.PORT", "19530", "-")),
    ],
)  # fmt: skip
def test_what_somebody_changed_is_named(old: str, new: str, expected: tuple[str, str, str]) -> None:
    assert old in RUNNING
    changed = RUNNING.replace(old, new)
    found = differences(DECLARED, changed)
    assert [(item.place, item.declared) for item in found] == [expected[:2]]
    assert expected[2] in found[0].found


def test_an_added_secret_and_an_added_role_are_found() -> None:
    declared = "spec:\n  containers:\n  - name: a\n    image: /i:1\n"
    running = (
        declared
        + "    secrets:\n    - snowflakeSecret: {objectName: D.S.X}\n      directoryPath: /x\n"
        + "serviceRoles:\n- name: all\n  endpoints: [web]\n"
    )
    assert {item.place for item in differences(declared, running)} == {
        "spec.containers.[a].secrets",
        "serviceRoles",
    }


@pytest.mark.parametrize("template", sorted(path.name for path in specification.SPECS.glob("*.yaml")))
def test_every_template_equals_itself(template: str) -> None:
    names = ("image", "milvus_host", "milvus_secret", "root_secret", "files_stage", "data_stage", "folder")
    text = specification.render(
        template,
        **dict.fromkeys(names, "/d/s/r/i:1"),
        **dict.fromkeys(("iops", "throughput", "cpu", "memory", "most_cpu", "most_memory"), 1),
        config={"A_B": "c"},
        digest=DIGEST,
        volume_size=10,
        snapshot="",
        action="export",
        only="",
    )
    assert differences(text, text) == []
    assert set(declared_digests(text).values()) == {DIGEST}
