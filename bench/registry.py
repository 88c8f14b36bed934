"""Push and pull of a large image through the account's registry, against a bare registry of the same kind."""

from __future__ import annotations

import io
import os
import subprocess
import tarfile
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import docker

from bench.measure import MIB, Figure
from bench.servers import Server, account_settings, local_account
from local_account.base.settings import LocalSettings
from local_account.base.waiting import answers_http, poll

SIZE = 1024 * MIB
_LEAST = 0.8
_ANSWER_SECONDS = 60.0
_IMAGE = "milvus-spcs-bench/random:1"


def figures() -> list[Figure]:
    """MiB per second of `docker push` and `docker pull`."""
    with (
        _image(),
        account_settings() as settings,
        local_account(settings) as account,
        _bare(settings.labels.registry_image) as bare,
        tempfile.TemporaryDirectory() as folder,
    ):
        ours = f"{repository(account, settings, Path(folder))}/random:1"
        speeds = [_push_and_pull(Path(folder), target) for target in (ours, f"{bare}/random:1")]
    return [
        Figure(f"registry: {name} of a {SIZE // MIB} MiB image", mine, "MiB/s", theirs, least=_LEAST)
        for name, mine, theirs in zip(("push", "pull"), *speeds, strict=True)
    ]


@contextmanager
def _image() -> Iterator[None]:
    """An image with one layer that cannot be compressed."""
    importing = subprocess.Popen(
        ["docker", "import", "-", _IMAGE], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL
    )
    assert importing.stdin
    with importing.stdin as stream, tarfile.open(fileobj=stream, mode="w|") as tar:
        for number in range(SIZE // (16 * MIB)):
            entry = tarfile.TarInfo(f"random/{number}")
            entry.size = 16 * MIB
            tar.addfile(entry, io.BytesIO(os.urandom(entry.size)))
    if importing.wait(600):
        raise RuntimeError("docker import failed")
    try:
        yield
    finally:
        subprocess.run(["docker", "image", "rm", "--force", _IMAGE], check=False, capture_output=True)


@contextmanager
def _bare(image: str) -> Iterator[str]:
    """Host of a running registry without sign-in, with its image's own configuration."""
    container = docker.from_env().containers.run(
        image,
        detach=True,
        ports={"5000/tcp": ("127.0.0.1", 0)},
        environment={"OTEL_TRACES_EXPORTER": "none"},
    )
    try:
        container.reload()
        bound = container.ports["5000/tcp"] or []
        host = f"localhost:{bound[0]['HostPort']}"
        _wait_for(host)
        yield host
    finally:
        container.remove(force=True, v=True)


def _wait_for(host: str) -> None:
    if not poll(lambda: answers_http(f"http://{host}/v2/"), _ANSWER_SECONDS):
        raise RuntimeError(f"registry {host} did not answer within {_ANSWER_SECONDS} s")


def repository(account: Server, settings: LocalSettings, folder: Path) -> str:
    """Address of a new repository of the account, after `docker login`."""
    with account.connect() as connection, connection.cursor() as cursor:
        cursor.execute("CREATE DATABASE bench")
        cursor.execute("CREATE IMAGE REPOSITORY bench.public.images")
    _wait_for(settings.registry_host)
    login = account.credentials
    words = ["login", "--username", login["user"], "--password-stdin", settings.registry_host]
    docker_command(folder, *words, entered=login["password"])
    return f"{settings.registry_host}/bench/public/images"


def _push_and_pull(folder: Path, target: str) -> tuple[float, float]:
    """MiB per second of a push and of a pull."""
    docker_command(folder, "tag", _IMAGE, target)
    try:
        pushed = _timed(folder, "push", "--quiet", target)
        # A pull of layers that Docker already has would move nothing.
        docker_command(folder, "image", "rm", target)
        docker_command(folder, "image", "rm", _IMAGE)
        pulled = _timed(folder, "pull", "--quiet", target)
        docker_command(folder, "tag", target, _IMAGE)
    finally:
        subprocess.run(["docker", "image", "rm", "--force", target], check=False, capture_output=True)
    return SIZE / MIB / pushed, SIZE / MIB / pulled


def _timed(folder: Path, *words: str) -> float:
    start = time.perf_counter()
    docker_command(folder, *words)
    return time.perf_counter() - start


def docker_command(folder: Path, *words: str, entered: str = "") -> None:
    command = ["docker", "--config", str(folder), *words]
    done = subprocess.run(command, input=entered, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"docker {words[0]}: {done.stderr}")
