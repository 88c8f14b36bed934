"""A container image, built on this machine and pushed to the account's repository."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pathspec
import pulumi
import pulumi_docker_build as docker_build

PROJECT = Path(__file__).resolve().parent.parent.parent


@dataclass(kw_only=True)
class ImageArgs:
    """Inputs of Image.

    Attributes:
        context: the folder with the Dockerfile, relative to the project.
        repository_url: the repository to push to, without scheme.
        registry: credentials for the repository.
        base_images: other sources of base images, from the image name in FROM to a BuildKit context; default:
            no other sources.
        builder: name of a buildx builder; default: buildx's current builder.
    """

    context: str
    repository_url: pulumi.Input[str]
    registry: docker_build.RegistryArgs
    base_images: Mapping[str, str] = field(default_factory=dict)
    builder: str | None = None


class Image(pulumi.ComponentResource):
    """An image for linux/amd64, the architecture of the compute pools.

    Its tag consists of the version of the base image and a hash of the content. If the folder has not
    changed, nothing is built or pushed.
    """

    reference: pulumi.Output[str]
    """REPOSITORY_URL/NAME:TAG@sha256:DIGEST"""

    def __init__(self, name: str, args: ImageArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("milvus-spcs:index:Image", name, {}, opts)
        folder = PROJECT / args.context
        dockerfile = (folder / "Dockerfile").read_text()
        named = used_base_images(dockerfile, args.base_images)
        tag = f"{base_version(dockerfile)}-{content_tag(folder, named)}"
        url = pulumi.Output.from_input(args.repository_url)
        image = docker_build.Image(
            name,
            tags=[url.apply(lambda repository: f"{repository}/{name}:{tag}")],
            context=docker_build.BuildContextArgs(
                location=args.context,
                named={key: docker_build.ContextArgs(location=value) for key, value in named.items()},
            ),
            dockerfile=docker_build.DockerfileArgs(location=f"{args.context}/Dockerfile"),
            platforms=[docker_build.Platform.LINUX_AMD64],
            push=True,
            build_on_preview=False,
            registries=[args.registry],
            builder=docker_build.BuilderConfigArgs(name=args.builder) if args.builder else None,
            # An image is dropped with its repository; Snowflake's registry has no call that deletes an image.
            opts=pulumi.ResourceOptions(parent=self, retain_on_delete=True),
        )
        self.reference = image.ref
        self.register_outputs({"reference": self.reference})


def used_base_images(dockerfile: str, base_images: Mapping[str, str]) -> dict[str, str]:
    """The entries of `base_images` that a Dockerfile names in FROM."""
    words = {
        word
        for line in dockerfile.splitlines()
        if line.upper().startswith("FROM ")
        for word in line.split()[1:]
    }
    return {name: source for name, source in sorted(base_images.items()) if name in words}


def base_version(dockerfile: str) -> str:
    """The tag of the base image of a Dockerfile's last stage, e.g. `v2.6.16`."""
    bases = [line.split()[1] for line in dockerfile.splitlines() if line.upper().startswith("FROM ")]
    return bases[-1].rpartition(":")[2]


def content_tag(folder: Path, base_images: Mapping[str, str]) -> str:
    """A hash of everything that the build of an image uses: 16 hexadecimal digits.

    Args:
        folder: the build context; files that its .dockerignore excludes do not count.
        base_images: other sources of base images.
    """
    digest = hashlib.sha256()
    for path in context_files(folder):
        mode = "x" if path.stat().st_mode & 0o100 else "-"
        digest.update(f"{path.relative_to(folder).as_posix()}\0{mode}\0{path.stat().st_size}\0".encode())
        digest.update(path.read_bytes())
    for name, source in sorted(base_images.items()):
        digest.update(f"{name}\0{source}\0".encode())
    return digest.hexdigest()[:16]


def context_files(folder: Path) -> list[Path]:
    """The files of a build context that its .dockerignore does not exclude, in a fixed order."""
    ignore = folder / ".dockerignore"
    lines = ignore.read_text().splitlines() if ignore.exists() else []
    excluded = pathspec.PathSpec.from_lines("gitignore", map(_rooted, lines))
    return [
        path
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not excluded.match_file(path.relative_to(folder).as_posix())
    ]


def _rooted(pattern: str) -> str:
    """A line of .dockerignore as a line of .gitignore: Docker's patterns start at the root of the context."""
    pattern = pattern.strip()
    if not pattern or pattern.startswith("#"):
        return pattern
    negation = "!" if pattern.startswith("!") else ""
    return f"{negation}/{pattern[len(negation) :].lstrip('/')}"
