"""Images in the account's repositories: who may pull and push them, their tags, and finding one by name.

See https://docs.snowflake.com/en/developer-guide/snowpark-container-services/working-with-registry-repository
"""

from __future__ import annotations

import json
import re
import urllib.error
import urllib.request
from dataclasses import dataclass
from typing import Any

from local_account.base import errors
from local_account.base.errors import SnowflakeError
from local_account.base.sql import Name
from local_account.catalog.catalog import Catalog, Object
from local_account.identity.account import Account
from local_account.objects import provided
from local_account.registry.registry import Registry
from local_account.registry.storage import StorageError, Tag
from local_account.registry.tokens import INTERNAL_USER
from local_account.statement.context import Context

KIND = "IMAGE REPOSITORY"
_INDEXES = {
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
}
_MANIFESTS = {
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.v2+json",
}
_ACCEPT = ", ".join(sorted(_INDEXES | _MANIFESTS))
_REPOSITORY = re.compile(r"[^/]+/[^/]+/[^/]+")
_PART = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
_IMAGE = re.compile(
    rf"(?P<path>{_PART}(?:/{_PART})*)(?::(?P<tag>\w[\w.-]{{0,127}}))?(?:@(?P<digest>sha256:[0-9a-f]{{64}}))?",
    re.ASCII,
)
# A first part with a dot or a port is a host, as for Docker.
_HOST = re.compile(r"([A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*:[0-9]+|[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+)/")
_TIMEOUT = 30.0


@dataclass(frozen=True)
class ResolvedImage:
    """An image in its present state in the registry.

    Attributes:
        repository: the image repository that holds it.
        reference: full name with registry host and digest, to pull it.
        path: `/database/schema/repository/image:tag` as in a service specification.
        digest: `sha256:…` of the manifest or index.
        architectures: architectures of its platforms, for example {"amd64"}.
    """

    repository: Object
    reference: str
    path: str
    digest: str
    architectures: frozenset[str]


def folder(item: Object) -> str:
    """`database/schema/repository` of an image repository, as in image names."""
    return "/".join(item.fqn).lower()


def may_pull(context: Context, repository: Object) -> bool:
    """Whether the session may pull. WRITE is enough, because a push asks which layers are there already."""
    return context.access.has("READ", repository) or context.access.has("WRITE", repository)


def may_push(context: Context, repository: Object) -> bool:
    return context.access.has("WRITE", repository)


def resolve(context: Context, image: str) -> ResolvedImage:
    """Find the image named in a service specification.

    Args:
        context: the session, whose READ privilege is required.
        image: `/db/schema/repository/image[:tag][@digest]`, with or without the registry's host before it;
            the tag is `latest` by default.

    Raises:
        SnowflakeError: 395018 for a malformed name, 002003 when the repository is absent or the session may
            not read it, 000002 for Snowflake's own images, 397012 when it does not have the image, 000603
            when the registry does not work.
    """
    account = context.account
    path, tag, digest = _parse(account, image)
    repository = _repository(context, Name(*(part.upper() for part in path.split("/")[:3])))
    shown = f"/{path}" + (f":{tag}" if tag else "")
    if provided.is_provided(account.catalog, repository):
        raise errors.unsupported(f"Snowflake's own image {shown}")
    _require_registry(account)
    try:
        headers, body = _fetch(account, path, f"manifests/{digest or tag}")
    except urllib.error.HTTPError as error:
        if error.code != 404:
            raise _broken(f"{error} for {shown}") from None
        raise SnowflakeError(
            "397012",
            "02000",
            f"Image {shown} not found. Please verify the image exists in the image repository.",
        ) from None
    found = headers["Docker-Content-Digest"]
    return ResolvedImage(
        repository=repository,
        reference=f"{account.settings.registry_host}/{path}@{found}",
        path=shown,
        digest=found,
        architectures=_architectures(account, path, json.loads(body)),
    )


def pull_auth(account: Account) -> dict[str, str]:
    """Credentials with which this machine's Docker engine pulls images, for docker-py's `auth_config`."""
    return {"username": INTERNAL_USER, "password": account.part(Registry).tokens.internal_password}


def with_images(catalog: Catalog) -> list[Object]:
    """All repositories that can have images. Snowflake's own is empty here and needs no registry."""
    return [item for item in catalog.objects(KIND) if not provided.is_provided(catalog, item)]


def tags(account: Account, repository: Object) -> list[Tag]:
    """All tags of all images in a repository.

    Raises:
        SnowflakeError: 000603 when the registry does not work.
    """
    import docker
    from docker.errors import DockerException

    if provided.is_provided(account.catalog, repository):
        return []
    _require_registry(account)
    if not account.part(Registry).wait_until_ready(repository):
        raise _broken(account.part(Registry).explain())
    try:
        client = docker.from_env()
        try:
            return account.part(Registry).storage.tags(client, folder(repository))
        finally:
            client.close()
    except (DockerException, StorageError, OSError) as error:
        raise _broken(str(error)) from None


def _parse(account: Account, image: str) -> tuple[str, str, str]:
    """Path, tag and digest of an image name; the tag is empty when only a digest is given."""
    path = _without_host(account, image)
    found = _IMAGE.fullmatch(path)
    if not found or found["path"].count("/") < 3:
        folded = _REPOSITORY.match(path)
        lower = path.replace(folded[0], folded[0].lower(), 1) if folded else path
        found = _IMAGE.fullmatch(lower)
        if not found or found["path"].count("/") < 3:
            raise SnowflakeError(
                "395018",
                "22023",
                f"Invalid spec: invalid image name '{image}'. Write /database/schema/repository/image:tag, "
                f"image and tag as they were pushed.",
            )
    digest = found["digest"] or ""
    return found["path"], found["tag"] or ("" if digest else "latest"), digest


def _without_host(account: Account, image: str) -> str:
    """The image's name without the registry's host or the first slash.

    Raises:
        SnowflakeError: 395018 when the host is another account's.
    """
    host = _HOST.match(image)
    if host is None:
        return image.removeprefix("/")
    settings = account.settings
    # A specification written for Snowflake may have the name that the host has there.
    own = (settings.registry_host, f"{settings.locator.replace('_', '-')}.registry.snowflakecomputing.com")
    if host[1].lower() not in (name.lower() for name in own):
        raise SnowflakeError(
            "395018",
            "22023",
            f"Invalid spec: image '{image}' is in the registry of another account, {host[1]}. This account's "
            f"registry is {settings.registry_host}; the host can be left out.",
        )
    return image[host.end() :]


def _repository(context: Context, name: Name) -> Object:
    context.require_usage(name)
    repository = context.get(KIND, name)
    if not may_pull(context, repository):
        raise no_repository(repository)
    return repository


def no_repository(item: Object) -> SnowflakeError:
    """The error for an image repository that a role may not read, as if it did not exist."""
    return errors.does_not_exist(KIND, str(item.fqn))


def _architectures(account: Account, path: str, manifest: dict[str, Any]) -> frozenset[str]:
    if manifest.get("mediaType") in _INDEXES or "manifests" in manifest:
        platforms = [entry.get("platform") or {} for entry in manifest["manifests"]]
        # An index also lists build records; their platform is "unknown".
        return frozenset(
            platform["architecture"]
            for platform in platforms
            if platform.get("architecture", "unknown") != "unknown"
        )
    _, body = _fetch(account, path, f"blobs/{manifest['config']['digest']}")
    return frozenset({json.loads(body).get("architecture", "unknown")})


def _fetch(account: Account, path: str, rest: str) -> tuple[Any, bytes]:
    access = [{"type": "repository", "name": path, "actions": ["pull"]}]
    token = account.part(Registry).tokens.issue(INTERNAL_USER, access)
    url = f"http://127.0.0.1:{account.settings.registry_port}/v2/{path}/{rest}"
    request = urllib.request.Request(url, headers={"Authorization": f"Bearer {token}", "Accept": _ACCEPT})
    try:
        with urllib.request.urlopen(request, timeout=_TIMEOUT) as answer:  # noqa: S310
            return answer.headers, answer.read()
    except urllib.error.HTTPError:
        raise
    except OSError as error:
        raise _broken(f"{error}. {account.part(Registry).explain()}") from None


def _require_registry(account: Account) -> None:
    if problem := account.part(Registry).problem:
        raise _broken(problem)


def _broken(reason: str) -> SnowflakeError:
    return SnowflakeError("000603", "XX000", f"Failed to perform repository operation: {reason}")
