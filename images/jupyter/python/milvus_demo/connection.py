"""Address and credentials of Milvus, as the service specification gives them to a container."""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import grpc
from pymilvus import MilvusClient
from pymilvus.exceptions import MilvusException

USER_SECRET = "/secrets/milvus"  # noqa: S105 (a folder)
ROOT_SECRET = "/secrets/milvus-root"  # noqa: S105 (a folder)
WAIT_SECONDS = 120.0
# pymilvus passes some errors of the connection on as they are.
MILVUS_ERRORS = (MilvusException, grpc.RpcError)
# It raises them and also logs each with a stack trace; our messages say what matters.
logging.getLogger("pymilvus").setLevel(logging.CRITICAL)


class DemoError(Exception):
    """Something in the demo is wrong; the text says what, and where to look."""


@dataclass(frozen=True)
class MilvusAddress:
    """Where Milvus listens, from MILVUS_HOST (default `milvus`) and MILVUS_PORT (default 19530)."""

    host: str = field(default_factory=lambda: os.environ.get("MILVUS_HOST", "milvus"))
    port: int = field(default_factory=lambda: int(os.environ.get("MILVUS_PORT", "19530")))

    @property
    def uri(self) -> str:
        """The address as pymilvus takes it."""
        return f"http://{self.host}:{self.port}"


@dataclass(frozen=True)
class Credentials:
    """User name and password."""

    user: str
    password: str = field(repr=False)

    @classmethod
    def from_secret(cls, variable: str, default: str) -> Credentials:
        """Read a Snowflake secret of type PASSWORD that is mounted as a folder.

        Format: https://docs.snowflake.com/en/developer-guide/snowpark-container-services/additional-considerations-services-jobs

        Args:
            variable: environment variable that names the folder.
            default: the folder when the variable is not set.

        Raises:
            DemoError: the folder has no files `username` and `password`.
        """
        folder = Path(os.environ.get(variable, default))
        try:
            return cls((folder / "username").read_text().strip(), (folder / "password").read_text().strip())
        except OSError as error:
            raise DemoError(
                f"no Milvus credentials in {folder} ({error.strerror}: {error.filename}); "
                f"mount the secret there, or set {variable} to the folder it is mounted at"
            ) from error

    @property
    def token(self) -> str:
        """The credentials as pymilvus takes them."""
        return f"{self.user}:{self.password}"


def connect(credentials: Credentials | None = None, address: MilvusAddress | None = None) -> MilvusClient:
    """Log in to Milvus.

    Args:
        credentials: default is the secret folder named by MILVUS_CREDENTIALS.
        address: default is MILVUS_HOST and MILVUS_PORT.

    Raises:
        DemoError: Milvus does not answer within 120 s, or refuses the credentials.
    """
    credentials = credentials or Credentials.from_secret("MILVUS_CREDENTIALS", USER_SECRET)
    address = address or MilvusAddress()
    return wait_for(lambda: _log_in(address, credentials.token), address, credentials.user)


def login_refused(error: BaseException | None) -> bool:
    """Whether Milvus answered and refused the user. False if it did not answer.

    While connecting, pymilvus reports both in the same words; only the gRPC error behind it differs.
    """
    while error is not None:
        if isinstance(error, grpc.RpcError) and error.code() == grpc.StatusCode.UNAUTHENTICATED:
            return True
        error = error.__cause__ or error.__context__
    return False


def wait_for(log_in: Callable[[], MilvusClient], address: MilvusAddress, user: str) -> MilvusClient:
    """Call `log_in` until Milvus answers.

    Raises:
        DemoError: no answer within 120 s, or the user is refused.
    """
    end = time.monotonic() + WAIT_SECONDS
    while True:
        try:
            return log_in()
        except MILVUS_ERRORS as error:
            if login_refused(error):
                raise LoginRefused(f"Milvus at {address.uri} refuses user {user} or its password") from error
            if time.monotonic() > end:
                raise DemoError(f"Milvus at {address.uri} does not answer: {error}") from error
            time.sleep(2)


class LoginRefused(DemoError):
    """Milvus answered and does not accept the credentials."""


def _log_in(address: MilvusAddress, token: str) -> MilvusClient:
    client = MilvusClient(uri=address.uri, token=token, timeout=10)
    client.list_collections()
    return client
