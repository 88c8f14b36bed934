"""The image registry through docker and skopeo, as people and programs use it."""

from __future__ import annotations

import hashlib
import io
import json
import subprocess
import tarfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from local_account.base.errors import SnowflakeError
from local_account.identity.account import Account
from local_account.identity.session import Session
from local_account.registry import images
from local_account.statement.context import Context
from local_account.statement.temporary import SessionObjects
from tests.account.conftest import Place, RunningAccount, running_account, wait_until

pytestmark = pytest.mark.docker
PASSWORD = "Registry-test-1"


@dataclass
class Registry:
    """A repository with a user who may push (REG_PUSHER) and one who may pull (REG_PULLER)."""

    place: Place
    folder: Path

    @property
    def host(self) -> str:
        return self.place.account.settings.registry_host

    @property
    def container(self) -> str:
        return self.place.account.settings.labels.registry

    def name(self, image: str, repository: str = "repo") -> str:
        return f"{self.host}/{self.place.database.lower()}/public/{repository}/{image}"

    def docker(self, *words: str, stdin: bytes | None = None, login: str = "default") -> str:
        """Output of docker; raises CalledProcessError with what it printed."""
        command = ["docker", "--config", str(self.folder / login), *words]
        return _run(command, stdin)

    def login(self, user: str, secret: str, login: str = "default") -> str:
        words = ("login", "--username", user, "--password-stdin", self.host)
        return self.docker(*words, stdin=secret.encode(), login=login)

    def image(self, name: str, architecture: str = "amd64") -> str:
        """A tiny image in the Docker engine under a name of this registry; its content is new each time."""
        full = self.name(name)
        layer = _tar({"stamp": str(time.time_ns()).encode()})
        digest = f"sha256:{hashlib.sha256(layer).hexdigest()}"
        config = {
            "architecture": architecture,
            "os": "linux",
            "config": {},
            "rootfs": {"type": "layers", "diff_ids": [digest]},
        }
        manifest = [{"Config": "config.json", "RepoTags": [full], "Layers": ["layer.tar"]}]
        archive = {
            "config.json": json.dumps(config).encode(),
            "manifest.json": json.dumps(manifest).encode(),
            "layer.tar": layer,
        }
        self.docker("load", stdin=_tar(archive))
        return full

    def shown(self) -> list[dict[str, str]]:
        return self.place.run("SHOW IMAGES IN IMAGE REPOSITORY repo")


def _tar(files: dict[str, bytes]) -> bytes:
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w") as tar:
        for name, data in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(data)
            tar.addfile(entry, io.BytesIO(data))
    return content.getvalue()


def _run(command: list[str], stdin: bytes | None = None) -> str:
    done = subprocess.run(command, input=stdin, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    if done.returncode:
        raise subprocess.CalledProcessError(done.returncode, command, done.stdout.decode())
    return done.stdout.decode()


@pytest.fixture(scope="module")
def account(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningAccount]:
    """An account without other repositories: its registry goes away with the last one."""
    with running_account(tmp_path_factory.mktemp("registry")) as running:
        yield running


@pytest.fixture(scope="module")
def users(place: Place) -> Iterator[None]:
    for role, user in (("REG_PUSH", "REG_PUSHER"), ("REG_PULL", "REG_PULLER")):
        place.run(
            f"CREATE ROLE {role}",
            f"CREATE USER {user} PASSWORD = '{PASSWORD}' DEFAULT_ROLE = {role} DEFAULT_SECONDARY_ROLES = ()",
            f"GRANT ROLE {role} TO USER {user}",
            f"GRANT USAGE ON DATABASE {place.database} TO ROLE {role}",
            f"GRANT USAGE ON SCHEMA {place.database}.PUBLIC TO ROLE {role}",
        )
    yield
    place.run("DROP USER REG_PUSHER", "DROP USER REG_PULLER", "DROP ROLE REG_PUSH", "DROP ROLE REG_PULL")


@pytest.fixture
def registry(place: Place, users: None, tmp_path: Path) -> Iterator[Registry]:
    place.run(
        "CREATE OR REPLACE IMAGE REPOSITORY repo",
        "GRANT WRITE ON IMAGE REPOSITORY repo TO ROLE REG_PUSH",
        "GRANT READ ON IMAGE REPOSITORY repo TO ROLE REG_PULL",
    )
    found = Registry(place, tmp_path)
    wait_until(lambda: _answers(found), what="the registry answers")
    yield found
    images = found.docker("images", "--format", "{{.Repository}}:{{.Tag}}").split()
    own = [name for name in images if name.startswith(found.host)]
    if own:
        found.docker("rmi", "--force", *own)


def _answers(registry: Registry) -> bool:
    try:
        registry.shown()
    except Exception:
        return False
    return True


# Pushing and pulling


def test_docker_pushes_and_pulls(registry: Registry) -> None:
    assert "Login Succeeded" in registry.login("reg_pusher", PASSWORD)
    name = registry.image("tiny:1")
    assert "digest: sha256:" in registry.docker("push", name)
    registry.docker("rmi", name)
    registry.login("REG_PULLER", PASSWORD, login="puller")
    assert "Downloaded newer image" in registry.docker("pull", name, login="puller")


def test_repository_and_images_are_shown(registry: Registry) -> None:
    place = registry.place
    row = place.run("SHOW IMAGE REPOSITORIES LIKE 'REPO' IN SCHEMA PUBLIC")[0]
    assert row["repository_url"] == registry.name("").rstrip("/")
    assert (row["owner"], row["comment"], row["privatelink_repository_url"]) == ("ACCOUNTADMIN", "", "")
    registry.login("REG_PUSHER", PASSWORD)
    for image in ("tiny:1", "sub/other:v2"):
        registry.docker("push", registry.image(image))
    shown = {row["image_name"]: row for row in registry.shown()}
    assert set(shown) == {"tiny", "sub/other"}
    assert shown["tiny"]["tags"] == "1" and shown["tiny"]["digest"].startswith("sha256:")
    assert shown["sub/other"]["image_path"] == f"{place.database.lower()}/public/repo/sub/other:v2"
    assert abs(shown["tiny"]["created_on"].timestamp() - time.time()) < 60
    listed = place.run(f"SELECT SYSTEM$REGISTRY_LIST_IMAGES('/{place.database}/public/repo') AS L")[0]["L"]
    assert json.loads(listed) == {"images": ["sub/other", "tiny"]}


def test_skopeo_copies_with_an_access_token(registry: Registry) -> None:
    token = registry.place.run(
        "ALTER USER REG_PUSHER ADD PROGRAMMATIC ACCESS TOKEN push ROLE_RESTRICTION = 'REG_PUSH' "
        "MINS_TO_BYPASS_NETWORK_POLICY_REQUIREMENT = 5"
    )[0]["token_secret"]
    name = registry.image("tiny:1")
    copy = ["skopeo", "copy", "--dest-tls-verify=false", "--dest-creds", f"REG_PUSHER:{token}"]
    _run([*copy, f"docker-daemon:{name}", f"docker://{registry.name('copied:1')}"])
    assert [row["image_name"] for row in registry.shown()] == ["copied"]
    registry.place.run("ALTER USER REG_PUSHER REMOVE PROGRAMMATIC ACCESS TOKEN push")
    with pytest.raises(subprocess.CalledProcessError, match="returned non-zero") as failure:
        _run([*copy, f"docker-daemon:{name}", f"docker://{registry.name('copied:2')}"])
    assert "unauthorized" in failure.value.output


def test_session_token_signs_in(registry: Registry) -> None:
    with registry.place.connect(user="REG_PUSHER", password=PASSWORD) as connection:
        secret = json.dumps({"token": connection.rest.token, "expires_in": 3600})
        for text in (secret, connection.rest.token):
            assert "Login Succeeded" in registry.login("0sessiontoken", text)
        registry.docker("push", registry.image("tiny:1"))
    with pytest.raises(subprocess.CalledProcessError) as failure:
        registry.login("0sessiontoken", secret)
    assert "Session no longer exists" in failure.value.output


# Refusals


def _refused(registry: Registry, *words: str) -> str:
    with pytest.raises(subprocess.CalledProcessError) as failure:
        registry.docker(*words)
    return failure.value.output


def test_wrong_password_is_refused(registry: Registry) -> None:
    with pytest.raises(subprocess.CalledProcessError) as failure:
        registry.login("REG_PULLER", "wrong")
    assert "unauthorized: Incorrect username or password" in failure.value.output


def test_without_login_nothing_is_given(registry: Registry) -> None:
    name = registry.image("tiny:1")
    assert "unauthorized: authentication required" in _refused(registry, "push", name)
    assert "unauthorized: authentication required" in _refused(registry, "pull", name)


def test_push_needs_write(registry: Registry) -> None:
    registry.login("REG_PULLER", PASSWORD)
    printed = _refused(registry, "push", registry.image("tiny:1"))
    assert "denied" in printed and "image repository 'REPO': role REG_PULL lacks WRITE" in printed
    assert registry.shown() == []


def test_unknown_and_invisible_repositories_look_alike(registry: Registry) -> None:
    registry.place.run("CREATE OR REPLACE IMAGE REPOSITORY hidden")
    registry.login("REG_PULLER", PASSWORD)
    for repository in ("hidden", "nowhere"):
        printed = _refused(registry, "pull", registry.name("tiny:1", repository))
        expected = f"{registry.place.database}.PUBLIC.{repository.upper()}' does not exist or not authorized"
        assert expected in printed
    assert "names have the form" in _refused(registry, "pull", f"{registry.host}/tiny:1")
    registry.place.run("DROP IMAGE REPOSITORY hidden")


# Storage follows the catalog


def test_dropped_repository_leaves_nothing(registry: Registry) -> None:
    registry.login("REG_PUSHER", PASSWORD)
    name = registry.image("tiny:1")
    registry.docker("push", name)
    registry.place.run(
        "DROP IMAGE REPOSITORY repo",
        "CREATE IMAGE REPOSITORY repo",
        "GRANT WRITE ON IMAGE REPOSITORY repo TO ROLE REG_PUSH",
    )
    assert registry.shown() == []
    assert "not found" in _refused(registry, "pull", name)
    registry.docker("push", name)
    registry.place.run("DROP IMAGE REPOSITORY repo")
    wait_until(lambda: not _exists(registry, "container"), what="the registry's container is gone")
    wait_until(lambda: not _exists(registry, "volume"), what="the registry's volume is gone")


def _exists(registry: Registry, kind: str) -> bool:
    return registry.container in registry.docker(kind, "ls", "--filter", f"name={registry.container}")


def test_replaced_repository_is_empty(registry: Registry) -> None:
    registry.login("REG_PUSHER", PASSWORD)
    registry.docker("push", registry.image("tiny:1"))
    registry.place.run("CREATE OR REPLACE IMAGE REPOSITORY repo")
    assert registry.shown() == []


def test_lost_container_comes_back_with_its_images(registry: Registry) -> None:
    registry.login("REG_PUSHER", PASSWORD)
    name = registry.image("tiny:1")
    registry.docker("push", name)
    registry.docker("rm", "--force", registry.container)
    wait_until(lambda: _pulls(registry, name), what="the registry is back")


def _pulls(registry: Registry, name: str) -> bool:
    try:
        return "sha256:" in registry.docker("pull", name)
    except subprocess.CalledProcessError:
        return False


# Names in service specifications


def test_images_are_resolved_to_digests(registry: Registry) -> None:
    registry.login("REG_PUSHER", PASSWORD)
    registry.docker("push", registry.image("tiny:1"))
    registry.docker("push", registry.image("tiny:arm", architecture="arm64"))
    digests = {row["tags"]: row["digest"] for row in registry.shown()}
    database = registry.place.database
    settings = registry.place.account.settings
    account = Account(settings)
    account.add(SessionObjects())
    account.add(images.Registry(settings, account.catalog))
    context = Context(account, Session(1, "ADMIN", role="ACCOUNTADMIN"))
    try:
        found = images.resolve(context, f"/{database.lower()}/public/repo/tiny:1")
        assert (found.digest, found.architectures) == (digests["1"], frozenset({"amd64"}))
        assert found.reference == f"{registry.name('tiny')}@{digests['1']}"
        upper = images.resolve(context, f"{registry.host}/{database}/PUBLIC/REPO/tiny@{digests['arm']}")
        assert upper.architectures == frozenset({"arm64"})
        on_snowflake = f"{settings.locator.lower()}.registry.snowflakecomputing.com"
        assert images.resolve(context, f"{on_snowflake}/{database}/public/repo/tiny:1") == found
        for other in ("other-account.registry.snowflakecomputing.com", "docker.io", "localhost:1"):
            with pytest.raises(SnowflakeError, match=f"registry of another account, {other}.") as failure:
                images.resolve(context, f"{other}/{database}/public/repo/tiny:1")
            assert failure.value.code == "395018"
        with pytest.raises(SnowflakeError, match="Please verify the image exists"):
            images.resolve(context, f"/{database}/public/repo/tiny")
        with pytest.raises(SnowflakeError, match="invalid image name"):
            images.resolve(context, "tiny:1")
    finally:
        account.close()
