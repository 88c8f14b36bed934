"""What the account puts into a container: session token, connection settings, variables, secrets.

See https://docs.snowflake.com/en/developer-guide/snowpark-container-services/spcs-execute-sql
"""

from __future__ import annotations

import secrets
import shutil
from pathlib import Path, PurePosixPath
from typing import Any

from local_account.base import files
from local_account.base.result import now
from local_account.base.sql import Name
from local_account.catalog.catalog import Object
from local_account.identity import access
from local_account.identity.account import Account
from local_account.identity.credentials import digest
from local_account.objects.secret import secret_values
from local_account.spcs.spec.spec_containers import DEFAULT_TOKEN_PATH
from local_account.spcs.state.observed import Observed
from local_account.spcs.state.sign_in import ORIGIN

LIFE_SECONDS = 3600
REFRESH_SECONDS = 600
_ORIGIN_FOLDER, _ORIGIN_FILE = PurePosixPath(DEFAULT_TOKEN_PATH), "spcs_token"


class MissingSecretError(Exception):
    """A secret that a container uses is gone, or its owner role may no longer read it."""


def run_folder(account: Account) -> Path:
    """Folder with the tokens and secrets of containers; it is made when it is missing."""
    folder = account.settings.run_path
    folder.mkdir(mode=0o700, exist_ok=True)
    return folder


def instance_folder(account: Account, service: int, instance: int) -> Path:
    return run_folder(account) / str(service) / str(instance)


def forget(account: Account, service: int, instance: int | None = None) -> None:
    """Remove the files of a dropped service, or of one instance that ended."""
    folder = run_folder(account) / str(service)
    shutil.rmtree(folder if instance is None else folder / str(instance), ignore_errors=True)


def forget_all(account: Account) -> None:
    """Remove the folder itself, when the account has no services."""
    shutil.rmtree(run_folder(account), ignore_errors=True)


def issue(account: Account, item: Object) -> str:
    """A new session token for the service's user, valid for one hour."""
    content = {
        "service": item.id,
        "user": item.name,
        "role": item.owner,
        "database": item.database,
        "schema": item.schema,
        "warehouse": item.properties["QUERY_WAREHOUSE"] or "",
    }
    return _store(account, "service", content)


def issue_origin(account: Account, item: Object) -> str:
    """A new token that says which service a client runs in; drivers add it to every login."""
    return _store(account, ORIGIN, {"service": item.id})


def _store(account: Account, kind: str, content: dict[str, Any]) -> str:
    token = secrets.token_urlsafe(48)
    account.catalog.put_token(digest(token), kind, now() + LIFE_SECONDS, content)
    return token


def wants_token(container: dict[str, Any]) -> bool:
    return container.get("mountSessionToken", True)


def token_path(container: dict[str, Any]) -> str:
    """Path of the folder inside the container that holds the file `token`."""
    return container.get("sessionTokenConfig", {}).get("path", DEFAULT_TOKEN_PATH)


def write_tokens(
    account: Account, item: Object, instance: int, container: dict[str, Any], token: str, origin: str
) -> dict[Path, str]:
    """Write a container's token files and connection settings.

    Args:
        token: the session token.
        origin: the token of `issue_origin`. Drivers look for it at one place, wherever the session token is.

    Returns:
        Each folder to mount, with its path inside the container.
    """
    folder = _write_token(account, item, instance, container, token)
    path = PurePosixPath(token_path(container))
    if path == _ORIGIN_FOLDER:
        _replace(folder / _ORIGIN_FILE, origin, 0o644)
        return {folder: str(path)}
    own = folder.with_name("origin")
    # A path below the folder needs its place there before the folder is mounted.
    below = path.relative_to(_ORIGIN_FOLDER) if path.is_relative_to(_ORIGIN_FOLDER) else "."
    (own / below).mkdir(parents=True, exist_ok=True)
    _replace(own / _ORIGIN_FILE, origin, 0o644)
    return {own: str(_ORIGIN_FOLDER), folder: str(path)}


def _write_token(
    account: Account, item: Object, instance: int, container: dict[str, Any], token: str
) -> Path:
    folder = instance_folder(account, item.id, instance) / container["name"] / "session"
    folder.mkdir(parents=True, exist_ok=True)
    config = container.get("sessionTokenConfig", {})
    _replace(folder / "token", token, int(config.get("permission", "0644"), 8))
    if config.get("mountConnectionConfig"):
        _replace(folder / "connections.toml", _connections(account, item, container), 0o644)
    return folder


def _connections(account: Account, item: Object, container: dict[str, Any]) -> str:
    values: dict[str, str | int] = {
        "account": account.settings.locator,
        "host": account.part(Observed).gateway,
        "port": account.settings.port,
        "protocol": "http",
        "authenticator": "oauth",
        "token_file_path": f"{token_path(container)}/token",
        "database": item.database,
        "schema": item.schema,
    }
    if item.properties["QUERY_WAREHOUSE"]:
        values["warehouse"] = item.properties["QUERY_WAREHOUSE"]
    lines = [
        f"{key} = {value if isinstance(value, int) else _quoted(value)}" for key, value in values.items()
    ]
    return "\n".join(["[default]", *lines, ""])


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def variables(account: Account, item: Object, instance: int, container: dict[str, Any]) -> dict[str, str]:
    """SNOWFLAKE_* variables. Port and protocol are added because this account has no TLS on port 443."""
    found = {
        "SNOWFLAKE_HOST": account.part(Observed).gateway,
        "SNOWFLAKE_PORT": str(account.settings.port),
        "SNOWFLAKE_PROTOCOL": "http",
        "SNOWFLAKE_ACCOUNT": account.settings.locator,
        "SNOWFLAKE_DATABASE": item.database,
        "SNOWFLAKE_SCHEMA": item.schema,
        "SNOWFLAKE_SERVICE_NAME": item.name,
        # Drivers look for these two.
        "SNOWFLAKE_RUNNING_INSIDE_SPCS": "true",
        "SKIP_TOKEN_FILE_PERMISSIONS_VERIFICATION": "true",
    }
    if item.properties["IS_JOB"]:
        found["SNOWFLAKE_JOBS_COUNT"] = str(item.properties["MIN_INSTANCES"])
        found["SNOWFLAKE_JOB_INDEX"] = str(instance)
    if wants_token(container) and container.get("sessionTokenConfig", {}).get("mountConnectionConfig"):
        found["SNOWFLAKE_HOME"] = token_path(container)
    return found


def secret_variables(account: Account, item: Object, container: dict[str, Any]) -> dict[str, str]:
    """Secrets that a container gets as environment variables."""
    return {
        use["envVarName"]: values.get(use["secretKeyRef"], "")
        for use, values in _uses(account, item, container)
        if "envVarName" in use
    }


def write_secrets(
    account: Account, item: Object, instance: int, container: dict[str, Any]
) -> list[tuple[Path, str]]:
    """Write the secrets that a container gets as files.

    Returns:
        Each folder with its path inside the container.
    """
    found = []
    for index, (use, values) in enumerate(_uses(account, item, container)):
        if "directoryPath" not in use:
            continue
        folder = instance_folder(account, item.id, instance) / container["name"] / f"secret-{index}"
        folder.mkdir(parents=True, exist_ok=True)
        for key, value in values.items():
            _replace(folder / key, value, 0o444)
        found.append((folder, use["directoryPath"]))
    return found


def _uses(
    account: Account, item: Object, container: dict[str, Any]
) -> list[tuple[dict[str, Any], dict[str, str]]]:
    allowed = access.Access(account.catalog, access.closure(account.catalog, [item.owner]))
    found = []
    for use, name in zip(
        container.get("secrets", ()), item.properties["SECRETS"][container["name"]], strict=True
    ):
        secret = account.catalog.find("SECRET", Name(*name))
        if secret is None or not allowed.has("READ", secret):
            raise MissingSecretError(f"Secret {'.'.join(name)} does not exist or not authorized")
        found.append((use, secret_values(account, secret)))
    return found


def _replace(path: Path, text: str, mode: int) -> None:
    if not path.exists() or path.read_text() != text:
        files.write_whole(path, text, mode)
