"""An account for the length of a block: `with local_account.running() as connection_parameters:`."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, TypeVar

from local_account.base.settings import load_own
from local_account.host import clients, images
from local_account.host.process import ServerProcess

Server = TypeVar("Server", bound=ServerProcess)


@contextmanager
def running(
    *,
    state: Path | str | None = None,
    organization: str | None = None,
    name: str | None = None,
    label: str | None = None,
    sql_only: bool = False,
) -> Iterator[dict[str, Any]]:
    """A Snowflake account on this machine while the block runs.

    The server listens on three free ports. At the end the server stops, and everything that it made in Docker
    is removed.

    Args:
        state: folder that keeps the account between blocks. The account then keeps its ports, the services'
            volumes and the pushed images. Default: a temporary folder, and nothing stays.
        organization: name of the organization. Default: LOCAL_ACCOUNT_ORGANIZATION, or LOCAL.
        name: name of the account. Default: LOCAL_ACCOUNT_NAME, or ACCOUNT.
        label: prefix of labels and names in Docker. Default: LOCAL_ACCOUNT_LABEL, or local-account.
        sql_only: do not make the Docker images that services and image repositories need. Default: False.

    Yields:
        Keyword arguments for `snowflake.connector.connect`, to sign in as the account's administrator.

    Raises:
        SettingsError: an argument has a value that cannot be used.
        ImageError: Docker does not answer, or an image cannot be made.
        ControlError: the server could not be started; the message has the end of its log.
    """
    with ExitStack() as stack:
        folder = Path(state or stack.enter_context(_temporary_folder()))
        settings = load_own(folder, organization=organization, name=name, label=label)
        if not sql_only:
            images.ensure(settings.labels)
        with served(ServerProcess(settings), keep=state is not None):
            yield clients.connection_parameters(settings)


def _temporary_folder() -> tempfile.TemporaryDirectory[str]:
    # A container may have written files to a stage volume, and only root can remove them.
    return tempfile.TemporaryDirectory(prefix="local-account-", ignore_cleanup_errors=True)


@contextmanager
def served(process: Server, *, keep: bool = False) -> Iterator[Server]:
    """Start a server. At the end it stops, and its account's objects in Docker are removed.

    Args:
        keep: keep volumes that have data.

    Raises:
        ControlError: the server could not be started.
    """
    from local_account.host.leftovers import remove_docker_objects  # late: its import takes long

    process.start()
    try:
        yield process
    finally:
        process.stop()
        remove_docker_objects(process.settings, keep_data=keep)
