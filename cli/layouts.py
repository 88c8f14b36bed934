"""The tables of the command line: their columns, and which of them a narrow terminal leaves out first."""

from __future__ import annotations

from cli.tables import Column, Layout

STATUS = {
    "pools": Layout(
        "Compute pools",
        (
            Column("name", "NAME"),
            Column("state", "STATE"),
            Column("instance_family", "FAMILY"),
            Column("nodes", "NODES"),
            Column("max_nodes", "MAX", drop=3),
            Column("services", "SERVICES", drop=2),
            Column("jobs", "JOBS", drop=1),
        ),
    ),
    "services": Layout(
        "Services",
        (
            Column("name", "NAME"),
            Column("status", "STATUS"),
            Column("compute_pool", "COMPUTE POOL"),
            Column("instances", "INSTANCES"),
            Column("target_instances", "TARGET", drop=3),
            Column("schema", "SCHEMA", drop=2),
            Column("dns_name", "DNS NAME", drop=1),
        ),
    ),
    "containers": Layout(
        "Containers",
        (
            Column("service", "SERVICE"),
            Column("instance", "INSTANCE"),
            Column("container", "CONTAINER"),
            Column("status", "STATUS"),
            Column("message", "MESSAGE", prose=True),
            Column("restart_count", "RESTARTS"),
            Column("start_time", "STARTED", drop=2),
            Column("image_name", "IMAGE", drop=1),
        ),
    ),
    "endpoints": Layout(
        "Endpoints",
        (
            Column("service", "SERVICE"),
            Column("name", "NAME"),
            Column("port", "PORT"),
            Column("protocol", "PROTOCOL", drop=1),
            Column("public", "PUBLIC", drop=2),
            Column("address", "ADDRESS"),
        ),
    ),
    "volumes": Layout(
        "Milvus's volume",
        (
            Column("service", "SERVICE"),
            Column("volume", "VOLUME"),
            Column("size_gib", "GIB"),
            Column("milvus", "MILVUS"),
            Column("snapshots", "SNAPSHOTS"),
            Column("newest_snapshot", "NEWEST SNAPSHOT"),
        ),
    ),
}
BACKUPS = Layout(
    "Backups",
    (
        Column("name", "NAME"),
        Column("kind", "KIND"),
        Column("state", "STATE"),
        Column("made", "MADE (UTC)"),
        Column("size", "GIB", drop=2),
        Column("milvus", "MILVUS", drop=1),
    ),
)
DRIFT = Layout(
    "Drift",
    (
        Column("object", "OBJECT"),
        Column("what", "WHAT"),
        Column("declared", "DECLARED"),
        Column("found", "FOUND"),
    ),
)
IMPORT = Layout(
    "Resources",
    (
        Column("resource", "RESOURCE"),
        Column("type", "TYPE"),
        Column("outcome", "OUTCOME", prose=True),
    ),
)
ALL = (*STATUS.values(), BACKUPS, DRIFT, IMPORT)
