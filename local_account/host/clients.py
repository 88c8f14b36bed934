"""Sign-in of official clients on this machine to the local account, as its administrator."""

from __future__ import annotations

import os
from typing import Any

from local_account.base import files
from local_account.base.settings import LocalSettings, admin_credentials

CONNECTION = "local"
ROLE = "ACCOUNTADMIN"


def variables(settings: LocalSettings) -> dict[str, str]:
    """Environment variables for `snow -c local`, the Snowflake drivers and Pulumi's Snowflake provider."""
    credentials = admin_credentials(settings)
    return {
        "SNOWFLAKE_HOST": "localhost",
        "SNOWFLAKE_PORT": str(settings.port),
        "SNOWFLAKE_PROTOCOL": "http",
        "SNOWFLAKE_USER": credentials["user"],
        "SNOWFLAKE_PASSWORD": credentials["password"],
        "SNOWFLAKE_HOME": str(_snow_home(settings)),
        # Without this the drivers ask the metadata addresses of the clouds where they run.
        "SNOWFLAKE_DISABLE_PLATFORM_DETECTION": "true",
        "SF_DISABLE_MINICORE": "true",
        "AWS_EC2_METADATA_DISABLED": "true",
    }


def connect(settings: LocalSettings) -> Any:
    """A new connection of the official Python connector, as the administrator."""
    import snowflake.connector  # late: its import takes most of a second

    return snowflake.connector.connect(**connection_parameters(settings), role=ROLE)


def connection_parameters(settings: LocalSettings) -> dict[str, Any]:
    """Keyword arguments for `snowflake.connector.connect`: the administrator, with the default role."""
    return {
        "account": settings.locator,
        "host": "localhost",
        "port": settings.port,
        "protocol": "http",
        **admin_credentials(settings),
    }


def rows(connection: Any, query: str) -> list[dict[str, Any]]:
    """Rows that one statement gives; each row maps column names to values."""
    cursor = connection.cursor()
    cursor.execute(query)
    names = [column[0] for column in cursor.description]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def _snow_home(settings: LocalSettings) -> os.PathLike[str]:
    """Folder with the configuration of `snow`; only this user may read it, as `snow` demands."""
    folder = settings.state / "snow"
    folder.mkdir(exist_ok=True, mode=0o700)
    lines = {**connection_parameters(settings), "role": ROLE}
    text = f"[connections.{CONNECTION}]\n" + "".join(
        f"{key} = {value if isinstance(value, int) else repr(value)}\n" for key, value in lines.items()
    )
    path = folder / "config.toml"
    if not path.exists() or path.read_text() != text:
        files.write_whole(path, text)
    return folder
