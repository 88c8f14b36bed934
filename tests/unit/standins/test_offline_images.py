"""Offline base images: what is written, and what is chosen for the image's Python."""

from __future__ import annotations

import hashlib
import json
import re
import tarfile
from pathlib import Path

import pytest

from local_account.host.images import ImageError
from machine.errors import ToolchainError
from standins.images import bases, packages
from standins.images.bases import Bases, base_of
from standins.images.layers import LayerWriter
from standins.images.oci import ImageConfig, Layout
from workstation.toolchain.public_registry import registry_answers

LOCK = bases.JUPYTER_REQUIREMENTS
PINNED = re.compile(r"[\w./-]+:v?\d+\.\d+\.\d+[\w.-]*$")


def layer(path: Path, content: bytes = b"text") -> Path:
    with LayerWriter(path) as writer:
        writer.folder("etc")
        writer.file("/etc/file", content, 0o600)
        writer.link("etc/link", "file")
    return path


def test_equal_content_gives_equal_layers(tmp_path: Path) -> None:
    first, second = layer(tmp_path / "a.tar"), layer(tmp_path / "b.tar")
    assert first.read_bytes() == second.read_bytes()
    with tarfile.open(first) as tar:
        assert [(entry.name, entry.mode, entry.uid) for entry in tar][1:] == [
            ("etc/file", 0o600, 0),
            ("etc/link", 0o777, 0),
        ]


def test_an_image_location_leads_to_its_manifest_config_and_layers(tmp_path: Path) -> None:
    layout = Layout(tmp_path / "layout")
    digest = layout.add_layer(layer(tmp_path / "a.tar"))
    location = layout.add_image("base", [digest], ImageConfig(env=("A=b",), command=("run",)))
    folder, _, reference = location.removeprefix("oci-layout://").partition("@")
    manifest = _blob(Path(folder), reference)
    assert _blob(Path(folder), manifest["config"]["digest"])["config"]["Env"] == ["A=b"]
    assert [entry["digest"] for entry in manifest["layers"]] == [digest]
    assert layout.has(location)
    assert not layout.has(location[:-4] + "0000")


def test_an_image_of_the_same_name_is_replaced_in_the_index(tmp_path: Path) -> None:
    layout = Layout(tmp_path / "layout")
    for content in (b"old", b"new"):
        digest = layout.add_layer(layer(tmp_path / "a.tar", content))
        location = layout.add_image("base", [digest], ImageConfig())
    manifests = json.loads((tmp_path / "layout" / "index.json").read_text())["manifests"]
    assert [entry["digest"] for entry in manifests] == [location.partition("@")[2]]


def test_requirements_are_chosen_for_the_images_python_not_the_hosts() -> None:
    text = (
        "# comment\n"
        "numpy==1.0 ; python_full_version < '3.12' \\\n    --hash=sha256:aa \\\n    --hash=sha256:bb\n"
        "    # via something\n"
        "numpy==2.0 ; python_full_version >= '3.12' \\\n    --hash=sha256:cc\n"
        "pywin==3 ; os_name == 'nt' \\\n    --hash=sha256:dd\n"
        "plain==4 \\\n    --hash=sha256:ee\n"
    )
    assert packages.requirements_for_image(text) == (
        "numpy==1.0 --hash=sha256:aa --hash=sha256:bb\nplain==4 --hash=sha256:ee\n"
    )


def test_every_requirement_of_the_notebook_image_is_pinned_with_hashes() -> None:
    lines = packages.requirements_for_image(LOCK.read_text()).splitlines()
    assert len(lines) > 50
    assert [
        line for line in lines if not re.match(r"[\w.-]+==\S+( --hash=sha256:[0-9a-f]{64})+$", line)
    ] == []


@pytest.mark.parametrize("image", ["milvus", "jupyter"])
def test_dockerfiles_name_public_images_with_an_exact_version(image: str) -> None:
    assert PINNED.match(base_of(image))


def test_without_mmdebstrap_the_message_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ToolchainError, match="mmdebstrap"):
        packages.debian_tar(tmp_path / "x.tar", ("tini",))


def test_a_failing_command_is_reported_with_its_last_lines() -> None:
    with pytest.raises(ImageError, match=r"(?s)making x failed.*no such thing"):
        packages.run(["sh", "-c", "echo no such thing >&2; exit 3"], "making x")


def test_images_already_made_are_not_made_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[str] = []

    def tar(target: Path, *_: object, **__: object) -> None:
        made.append(target.name)
        layer(target)

    monkeypatch.setattr(bases, "debian_tar", tar)
    monkeypatch.setattr(
        bases, "download_wheels", lambda *_: [tmp_path / "milvus-1.whl", tmp_path / "pip-1.whl"]
    )
    for name in ("milvus_layer", "pip_layer", "wheels_layer"):
        monkeypatch.setattr(bases.layers, name, lambda _, target: layer(target))
    said: list[str] = []
    first = Bases(tmp_path / "state", said.append).contexts()
    lines = len(said)
    assert set(first) == {base_of("milvus"), base_of("jupyter"), "wheels"}
    assert Bases(tmp_path / "state", said.append).contexts() == first
    assert (made, len(said)) == (["system.tar"], lines)


def test_an_unreachable_registry_is_not_an_error() -> None:
    assert registry_answers("https://127.0.0.1:9/v2/", timeout=1) is False


def _blob(folder: Path, digest: str) -> dict:
    data = (folder / "blobs" / "sha256" / digest.removeprefix("sha256:")).read_bytes()
    assert f"sha256:{hashlib.sha256(data).hexdigest()}" == digest
    return json.loads(data)
