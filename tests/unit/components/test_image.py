"""Which files make up an image, and when its tag changes."""

from __future__ import annotations

from pathlib import Path

import pytest

from components.objects.image import content_tag, context_files, used_base_images


@pytest.fixture
def context(tmp_path: Path) -> Path:
    for name in ("Dockerfile", "app.py", "keep.log", "skip.log", "deep/app.py", "deep/__pycache__/app.pyc"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
    (tmp_path / ".dockerignore").write_text("# comment\n\n*.log\n!keep.log\n**/__pycache__\n/unused\n")
    return tmp_path


def files(context: Path) -> set[str]:
    return {path.relative_to(context).as_posix() for path in context_files(context)}


def test_dockerignore_is_followed(context: Path) -> None:
    assert files(context) == {".dockerignore", "Dockerfile", "app.py", "keep.log", "deep/app.py"}


def test_patterns_begin_at_the_root_as_docker_has_it(context: Path) -> None:
    (context / ".dockerignore").write_text("app.py\n")
    assert "deep/app.py" in files(context)
    assert "app.py" not in files(context)


def test_the_tag_stays_when_nothing_that_counts_changes(context: Path) -> None:
    before = content_tag(context, {})
    (context / "skip.log").write_text("changed")
    (context / "deep/__pycache__/other.pyc").write_text("new")
    assert content_tag(context, {}) == before
    assert len(before) == 16


@pytest.mark.parametrize("change", ["content", "name", "mode", "new", "gone", "base"])
def test_the_tag_changes_with_what_counts(context: Path, change: str) -> None:
    before = content_tag(context, {})
    path, base_images = context / "app.py", {}
    if change == "content":
        path.write_text("other!")
    elif change == "name":
        path.rename(context / "main.py")
    elif change == "mode":
        path.chmod(0o755)
    elif change == "new":
        (context / "new.py").touch()
    elif change == "gone":
        path.unlink()
    else:
        base_images = {"python": "oci-layout:///images/python@sha256:1"}
    assert content_tag(context, base_images) != before


def test_only_base_images_of_the_dockerfile_are_used() -> None:
    dockerfile = "FROM python:3.12 AS base\nfrom scratch as wheels\nRUN echo milvusdb/milvus:v2\n"
    sources = {
        "wheels": "/wheels",
        "python:3.12": "docker-image://x",
        "milvusdb/milvus:v2": "docker-image://y",
    }
    assert used_base_images(dockerfile, sources) == {"python:3.12": "docker-image://x", "wheels": "/wheels"}
    assert used_base_images(dockerfile, {}) == {}
