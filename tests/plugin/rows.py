"""Rows that Snowflake gives for SHOW and DESCRIBE, with the columns that matter."""

from __future__ import annotations

from typing import Any

Rows = list[dict[str, Any]]


def pool(**columns: Any) -> Rows:
    usual = {
        "name": "P",
        "state": "IDLE",
        "min_nodes": 1,
        "max_nodes": 1,
        "instance_family": "CPU_X64_XS",
        "auto_suspend_secs": 3600,
        "auto_resume": "true",
        "comment": None,
        "backup_instance_families": "[]",
    }
    return [{**usual, **columns}]


def service(**columns: Any) -> Rows:
    usual = {
        "name": "N",
        "status": "PENDING",
        "database_name": "D",
        "schema_name": "S",
        "compute_pool": "P",
        "dns_name": "n.x.svc.spcs.internal",
        "min_ready_instances": 1,
        "min_instances": 1,
        "max_instances": 1,
        "auto_resume": "true",
        "auto_suspend_secs": 0,
        "comment": "",
        "external_access_integrations": None,
        "query_warehouse": None,
        "is_job": "false",
    }
    return [{**usual, **columns}]


def warehouse(**columns: Any) -> Rows:
    usual = {
        "name": "W",
        "state": "SUSPENDED",
        "type": "STANDARD",
        "size": "X-Small",
        "auto_suspend": 600,
        "auto_resume": "true",
        "comment": "",
        "resource_monitor": "null",
    }
    return [{**usual, **columns}]


def monitor(**columns: Any) -> Rows:
    usual = {
        "name": "M",
        "credit_quota": "10.00",
        "used_credits": "0.00",
        "remaining_credits": "10.00",
        "level": None,
        "frequency": "MONTHLY",
        "start_time": "2026-11-01 00:00",
        "end_time": None,
        "notify_at": "80%",
        "suspend_at": "100%",
        "suspend_immediately_at": None,
        "notify_users": "",
    }
    return [{**usual, **columns}]


def user(**columns: Any) -> Rows:
    usual = {
        "name": "U",
        "login_name": "U",
        "display_name": "U",
        "disabled": "false",
        "type": "PERSON",
        "must_change_password": "false",
        "default_namespace": "",
        "default_secondary_roles": "",
    }
    return [{**usual, **columns}]


def secret(kind: str = "PASSWORD", **columns: Any) -> Rows:
    return [{"name": "N", "database_name": "D", "schema_name": "S", "secret_type": kind, **columns}]


def stage(**columns: Any) -> Rows:
    return [{"name": "N", "type": "INTERNAL NO CSE", "comment": "", "directory_enabled": "N", **columns}]


def parameter(key: str, value: str, level: str = "") -> dict[str, str]:
    return {"key": key, "value": value, "default": value, "level": level, "description": ""}


def properties(**values: str) -> Rows:
    return [{"property": key, "value": value, "default": "null"} for key, value in values.items()]


def integration(**values: str) -> Rows:
    return [{"property": key, "property_value": value} for key, value in values.items()]


DIRECTORY: Rows = [
    {"parent_property": "DIRECTORY", "property": name, "property_type": "", "property_value": value}
    for name, value in (("ENABLE", "false"), ("AUTO_REFRESH", "false"), ("LAST_REFRESHED_ON", ""))
]
