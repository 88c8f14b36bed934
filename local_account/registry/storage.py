"""The volume of the registry's container, read and changed by commands run inside the container.

The registry's API cannot remove a repository and does not tell when a tag was pushed. So this module reads
and removes folders of its documented filesystem layout (repositories/<name>/_manifests/tags/<tag>/…).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from docker import DockerClient

ROOT = "/var/lib/registry/docker/registry/v2"
_REPOSITORIES = f"{ROOT}/repositories"
CONFIG = "/etc/docker/registry/config.yml"
# The script prints `<seconds since the epoch> <digest> <file>` for each tag below a folder, then a dot as the
# end mark, because a busy Docker engine may lose the output of such a short command.
_END = "."
_ATTEMPTS = 5
_LIST = """
cd "$1" 2>/dev/null || { busybox echo .; exit 0; }
busybox find . -path '*/_manifests/tags/*/current/link' | while read -r file; do
  busybox printf '%s %s %s\\n' "$(busybox stat -c %Y "$file")" "$(busybox cat "$file")" "$file"
done
busybox echo .
"""


class StorageError(Exception):
    """A command inside the registry's container failed; the text is its output."""


class Tag(NamedTuple):
    """One tag of an image.

    Attributes:
        image: name below its repository, for example `milvus`.
        pushed: seconds since the epoch.
    """

    image: str
    tag: str
    digest: str
    pushed: float


class Storage:
    """The registry's volume.

    Args:
        container: name of the registry's container.
    """

    def __init__(self, container: str) -> None:
        self.container = container

    def repositories(self, client: DockerClient) -> list[str]:
        """All repositories that have a folder, as `database/schema/repository`."""
        command = ["busybox", "find", _REPOSITORIES, "-mindepth", "3", "-maxdepth", "3", "-type", "d"]
        guard = f'[ -d {_REPOSITORIES} ] || exit 0; exec "$@"'
        lines = self._run(client, ["sh", "-c", guard, "sh", *command]).splitlines()
        return [line.removeprefix(f"{_REPOSITORIES}/") for line in lines]

    def remove(self, client: DockerClient, repository: str) -> None:
        """Remove all images of one `database/schema/repository`, and folders above it that become empty."""
        database, schema, name = repository.split("/")
        script = (
            f'cd {_REPOSITORIES} 2>/dev/null || exit 0; busybox rm -rf "$1/$2/$3"; '
            'busybox rmdir "$1/$2" "$1" 2>/dev/null; exit 0'
        )
        self._run(client, ["sh", "-c", script, "sh", database, schema, name])

    def collect_garbage(self, client: DockerClient) -> None:
        """Remove layers that belong to no image any more. No client may push meanwhile."""
        self._run(client, ["/entrypoint.sh", "garbage-collect", CONFIG])

    def tags(self, client: DockerClient, repository: str) -> list[Tag]:
        """All tags of all images of one `database/schema/repository`.

        Raises:
            StorageError: the Docker engine lost the answer several times.
        """
        for _ in range(_ATTEMPTS):
            output = self._run(client, ["sh", "-c", _LIST, "sh", f"{_REPOSITORIES}/{repository}"])
            *lines, end = output.splitlines() or [""]
            if end == _END:
                return sorted(_tag(line) for line in lines)
        raise StorageError(f"no complete list of the tags of {repository}")

    def _run(self, client: DockerClient, command: list[str]) -> str:
        container = client.containers.get(self.container)
        code, output = container.exec_run(command)
        assert isinstance(output, bytes)
        text = output.decode(errors="replace")
        if code:
            raise StorageError(f"{' '.join(command[:3])}: exit status {code}: {text[-500:]}")
        return text


def _tag(line: str) -> Tag:
    pushed, digest, path = line.split(" ", 2)
    image, _, rest = path.removeprefix("./").partition("/_manifests/tags/")
    return Tag(image, rest.removesuffix("/current/link"), digest, float(pushed))
