"""Service specifications: golden files, and what is refused before Snowflake sees it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pulumi
import pytest
import yaml

from components.services import specification
from components.services.specification import SpecificationError, check, render, split_reference

GOLDEN = Path(__file__).parent / "golden"
TEMPLATES = sorted(path.name for path in specification.SPECS.glob("*.yaml"))
VALUES: dict[str, Any] = {
    "image": "/milvus_demo/public/milvus_repo/example:0123456789abcdef",
    "digest": "sha256:" + "ab" * 32,
    "root_secret": "MILVUS_DEMO.PUBLIC.MILVUS_ROOT",
    "milvus_secret": "MILVUS_DEMO.PUBLIC.MILVUS_NOTEBOOK",
    "files_stage": "MILVUS_DEMO.PUBLIC.FILES",
    "milvus_host": "milvus",
    "cpu": "2.8",
    "memory": 12,
    "most_cpu": "3",
    "most_memory": 12,
    "config": {"QUERYNODE_CACHE_MEMORYLIMIT": "1073741824"},
    "volume_size": 10,
    "iops": 0,
    "throughput": 0,
    "snapshot": "",
    "action": "export",
    "folder": "exports/MILVUS_BACKUP_20260102_030405",
    "only": "",
    "data_stage": "MILVUS_DEMO.PUBLIC.DATA",
}
MINIMAL = {"spec": {"containers": [{"name": "main", "image": "/d/s/r/i:1"}]}}


@pytest.mark.parametrize("template", TEMPLATES)
def test_golden(template: str) -> None:
    rendered = render(template, **VALUES)
    golden = GOLDEN / template
    if os.environ.get("UPDATE_GOLDEN"):
        golden.write_text(rendered)
    assert rendered == golden.read_text()


def test_no_golden_file_is_left_over() -> None:
    assert sorted(path.name for path in GOLDEN.iterdir()) == TEMPLATES


def test_the_digest_stands_beside_the_image() -> None:
    line = next(line for line in render("milvus.yaml", **VALUES).splitlines() if "image:" in line)
    assert line.strip() == f"image: {VALUES['image']}  # {VALUES['digest']}"


def test_a_new_digest_changes_the_text_only() -> None:
    first, second = (
        render("milvus.yaml", **{**VALUES, "digest": digest}) for digest in ("sha256:1", "sha256:2")
    )
    assert first != second
    assert yaml.safe_load(first) == yaml.safe_load(second)


def test_milvus_is_private_and_keeps_its_data() -> None:
    document = yaml.safe_load(render("milvus.yaml", **VALUES))["spec"]
    (container,) = document["containers"]
    assert document["endpoints"] == [{"name": "milvus", "port": 19530, "protocol": "TCP", "public": False}]
    assert document["volumes"] == [{"name": "data", "source": "block", "size": "10Gi"}]
    assert container["volumeMounts"] == [{"name": "data", "mountPath": "/var/lib/milvus"}]
    assert container["readinessProbe"] == {"port": 9091, "path": "/healthz"}
    assert container["secrets"][0]["snowflakeSecret"] == {"objectName": VALUES["root_secret"]}


def test_a_fast_volume_says_so() -> None:
    fast = yaml.safe_load(render("milvus.yaml", **{**VALUES, "iops": 4000, "throughput": 500}))["spec"]
    assert fast["volumes"][0]["blockConfig"] == {"iops": 4000, "throughput": 500}
    seeded = yaml.safe_load(render("milvus.yaml", **{**VALUES, "iops": 4000, "snapshot": "B1"}))["spec"]
    assert seeded["volumes"][0]["blockConfig"] == {
        "initialContents": {"fromSnapshot": "B1"}, "iops": 4000,
    }  # fmt: skip


def test_jupyter_has_no_password_of_snowflake() -> None:
    document = yaml.safe_load(render("jupyter.yaml", **VALUES))["spec"]
    (container,) = document["containers"]
    assert not [key for key in container["env"] if "PASSWORD" in key or key.startswith("SNOW")]
    assert container["sessionTokenConfig"]["mountConnectionConfig"] is True
    assert document["endpoints"] == [{"name": "jupyter", "port": 8888, "public": True}]
    (volume,) = document["volumes"]
    assert (volume["uid"], volume["gid"], volume["stageConfig"]["name"]) == (
        1000, 1000, "@MILVUS_DEMO.PUBLIC.FILES",
    )  # fmt: skip


@pytest.mark.parametrize("template", TEMPLATES)
def test_jobs_and_services_ask_for_resources(template: str) -> None:
    (container,) = yaml.safe_load(render(template, **VALUES))["spec"]["containers"]
    assert container["resources"].keys() == {"requests", "limits"}


def test_templates_are_checked_before_their_values_are_known(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    specification.check_all()
    (tmp_path / "bad.yaml").write_text("spec: {containers: [{name: a, image: '{{ image }}', port: 1}]}")
    monkeypatch.setattr(specification, "SPECS", tmp_path)
    with pytest.raises(SpecificationError, match=r"specs/bad.yaml: unknown key 'port'"):
        specification.check_all()


def test_a_missing_value_is_named() -> None:
    with pytest.raises(SpecificationError, match=r"specs/milvus.yaml: 'volume_size' is undefined"):
        render("milvus.yaml", **{key: value for key, value in VALUES.items() if key != "volume_size"})


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"serviceRoles": []}, "unknown key 'serviceRoles' in spec; allowed: containers, endpoints"),
        ({"endpoints": [{"name": "a", "prt": 1}]}, r"unknown key 'prt' in spec.endpoints\[0\]"),
        ({"containers": [{"name": "main", "ports": []}]}, r"unknown key 'ports' in spec.containers\[0\]"),
        ({"containers": [{"name": "Main"}]}, "name 'Main' in spec.containers must be 1 to 63"),
        ({"containers": [{"name": "my_main"}]}, "name 'my_main'"),
        ({"containers": [{"image": "/a/b/c/d"}]}, "name 'None' in spec.containers"),
        ({"containers": []}, "'spec.containers' is missing"),
        ({"containers": {"name": "main"}}, "spec.containers must be a list"),
        ({"volumes": ["data"]}, r"spec.volumes\[0\] must be a mapping"),
        ({"volumes": [{"name": "data", "blockConfig": {"iop": 1}}]}, "unknown key 'iop'"),
    ],
)
def test_bad_specifications(change: dict[str, Any], message: str) -> None:
    text = yaml.safe_dump({"spec": {**MINIMAL["spec"], **change}})
    with pytest.raises(SpecificationError, match=f"specs/x.yaml: .*{message}"):
        check(text, "specs/x.yaml")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("spec: {containers: [{name: a, image: $$}]}", "ends the specification inside a SQL statement"),
        ("spec: [", "not YAML"),
        ("", "the document must be a mapping"),
        ("spec:", "spec must be a mapping"),
        ("container: {}", "unknown key 'container' in the document"),
    ],
)
def test_bad_texts(text: str, message: str) -> None:
    with pytest.raises(SpecificationError, match=message):
        check(text, "x")


def test_service_roles_stand_beside_the_specification() -> None:
    check(yaml.safe_dump({**MINIMAL, "serviceRoles": [{"name": "r", "endpoints": ["e"]}]}), "x")


def test_references() -> None:
    reference = "localhost:8482/d/s/r/milvus:0123@sha256:ff"
    assert split_reference(reference) == ("/d/s/r/milvus:0123", "sha256:ff")
    assert split_reference("org-acct.registry.example.com/d/s/r/m:1")[0] == "/d/s/r/m:1"


def test_a_wrong_specification_stops_the_program_with_the_reason() -> None:
    assert issubclass(SpecificationError, pulumi.RunError)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a: b",
        "$$; DROP DATABASE x; $$",
        'x"\n- y',
        "'",
        "{{ image }}",
        "&a *b",
        "é\t\x85\u2028😀",
        "\\",
        "# no",
    ],
)
def test_any_text_of_a_mapping_stays_a_text(text: str) -> None:
    rendered = render("milvus.yaml", **{**VALUES, "config": {"A_B": text}})
    assert yaml.safe_load(rendered)["spec"]["containers"][0]["env"] == {"A_B": text}
    assert "$" not in rendered
