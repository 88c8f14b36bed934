"""What runs in the local account, as tables for people."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rich.console import Console
from rich.table import Table

from local.settings import ORGANIZATION, LocalSettings, admin_credentials

_VIEWS: Sequence[tuple[str, str, tuple[str, ...]]] = (
    ("Compute pools", "SHOW COMPUTE POOLS", ("name", "state", "instance_family", "num_services", "num_jobs")),
    (
        "Services",
        "SHOW SERVICES EXCLUDE JOBS IN ACCOUNT",
        ("name", "status", "compute_pool", "current_instances", "target_instances", "dns_name"),
    ),
)
_CONTAINERS = ("service_name", "container_name", "status", "message", "restart_count", "image_name")
_ENDPOINTS = ("name", "port", "protocol", "is_public", "ingress_url")


def connect(settings: LocalSettings) -> Any:
    """A connection of the official Python connector as the account's administrator."""
    import snowflake.connector

    credentials = admin_credentials(settings)
    return snowflake.connector.connect(
        account=settings.locator,
        host="localhost",
        port=settings.port,
        protocol="http",
        user=credentials["user"],
        password=credentials["password"],
        role="ACCOUNTADMIN",
        client_telemetry_enabled=False,
        session_parameters={"QUERY_TAG": f"{ORGANIZATION} status"},
    )


def show(settings: LocalSettings, console: Console) -> None:
    """Print compute pools, services, their containers and endpoints."""
    connection = connect(settings)
    try:
        services: list[dict[str, Any]] = []
        for title, query, columns in _VIEWS:
            services = rows(connection, query)
            console.print(_table(title, columns, services))
        names = [f'"{row["database_name"]}"."{row["schema_name"]}"."{row["name"]}"' for row in services]
        for title, columns, what in (
            ("Containers", _CONTAINERS, "SERVICE CONTAINERS"),
            ("Endpoints", _ENDPOINTS, "ENDPOINTS"),
        ):
            found = [row for name in names for row in rows(connection, f"SHOW {what} IN SERVICE {name}")]
            console.print(_table(title, columns, found))
    finally:
        connection.close()


def rows(connection: Any, query: str) -> list[dict[str, Any]]:
    """Rows of one statement, by column name."""
    cursor = connection.cursor()
    cursor.execute(query)
    names = [column[0] for column in cursor.description]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def _table(title: str, columns: Sequence[str], rows: Sequence[dict[str, Any]]) -> Table:
    table = Table(title=title, title_justify="left", title_style="bold")
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(*("" if row.get(column) is None else str(row[column]) for column in columns))
    return table
