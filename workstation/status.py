"""What runs in the local account, as tables for people."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rich.console import Console
from rich.table import Table

from local_account.base.settings import LocalSettings
from local_account.host.clients import connect, rows

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


def _table(title: str, columns: Sequence[str], rows: Sequence[dict[str, Any]]) -> Table:
    table = Table(title=title, title_justify="left", title_style="bold")
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(*("" if row.get(column) is None else str(row[column]) for column in columns))
    return table
