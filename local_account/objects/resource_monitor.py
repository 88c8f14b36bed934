"""RESOURCE MONITOR objects: a quota of credits for warehouses. Nothing is metered here, so no trigger fires.

See https://docs.snowflake.com/en/sql-reference/sql/create-resource-monitor
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, ClassVar

from local_account.base import errors
from local_account.base.result import Result, columns, now
from local_account.base.sql import Name, Statement
from local_account.catalog.catalog import Object
from local_account.statement.context import Context
from local_account.statement.object_type import ObjectType, Reader, one_of, read_options, text
from local_account.statement.privileges import ADMINISTRATOR

KIND = "RESOURCE MONITOR"
ON_WAREHOUSE = "RESOURCE_MONITOR"
"""The property of a warehouse that names its monitor."""
_NOTIFY, _SUSPEND, _IMMEDIATE = "NOTIFY", "SUSPEND", "SUSPEND_IMMEDIATE"
_MOST = {_NOTIFY: 5, _SUSPEND: 1, _IMMEDIATE: 1}
_TIME = "%Y-%m-%d %H:%M"


def _quota(statement: Statement) -> int | None:
    return None if statement.accept("NULL") else statement.integer()


def _users(statement: Statement) -> list[str]:
    return statement.listed("identifier")


def _triggers(statement: Statement) -> list[tuple[int, str]]:
    """Read one or more times `ON n PERCENT DO action`; percentages and actions."""
    triggers = []
    while statement.accept("ON"):
        percent = statement.integer()
        statement.expect("PERCENT", "DO")
        triggers.append((percent, one_of(*_MOST)(statement)))
    if not triggers:
        raise statement.unexpected()
    return triggers


class ResourceMonitor(ObjectType):
    """A quota of credits for each interval, and actions when a part of it is used."""

    kind, plural, scope = KIND, "RESOURCE MONITORS", "account"
    taggable = False
    renamable = False
    privileges = frozenset({"MODIFY", "MONITOR"})
    options: ClassVar[dict[str, Reader]] = {
        "CREDIT_QUOTA": _quota,
        "FREQUENCY": one_of("MONTHLY", "DAILY", "WEEKLY", "YEARLY", "NEVER"),
        "START_TIMESTAMP": text,
        "END_TIMESTAMP": text,
        "NOTIFY_USERS": _users,
        "TRIGGERS": _triggers,
    }
    defaults: ClassVar[dict[str, Any]] = {"FREQUENCY": "MONTHLY", "NOTIFY_USERS": [], "TRIGGERS": []}
    show_columns = columns(
        "name credit_quota used_credits remaining_credits level frequency start_time end_time notify_at "
        "suspend_at suspend_immediately_at created_on:timestamp_ltz owner comment notify_users"
    )

    def all_options(self) -> dict[str, Reader]:
        """The options; resource monitors do not have COMMENT."""
        return self.options

    def require_create(self, context: Context, name: Name) -> None:
        # There is no privilege for this.
        if context.session.role != ADMINISTRATOR:
            raise errors.insufficient_privileges(
                "ACCOUNT", "", f"Only {ADMINISTRATOR} makes resource monitors."
            )

    def read_create(self, context: Context, statement: Statement) -> dict[str, Any]:
        found = read_options(statement, self.options)
        self._require_pair(found)
        return found

    def read_set(self, context: Context, item: Object, statement: Statement) -> dict[str, Any]:
        options = read_options(statement, self.options)
        if set(options) <= {"TRIGGERS"}:
            raise statement.unexpected()
        self._require_pair(options)
        return options

    def read_unset(self, statement: Statement) -> dict[str, Any]:
        raise errors.unsupported("ALTER RESOURCE MONITOR UNSET")

    def _require_pair(self, given: dict[str, Any]) -> None:
        pair = ("FREQUENCY", "START_TIMESTAMP")
        missing = [option for option in pair if option not in given]
        if len(missing) == 1:
            raise errors.missing_option(missing[0])

    def check(self, context: Context, name: Name, properties: dict[str, Any]) -> None:
        self._complete(context, properties)
        properties.setdefault("START_TIMESTAMP", _this_month())

    def altered(self, context: Context, item: Object, changed: dict[str, Any]) -> None:
        self._complete(context, changed)

    def _complete(self, context: Context, properties: dict[str, Any]) -> None:
        quota = properties.get("CREDIT_QUOTA")
        if quota is not None and quota < 1:
            raise errors.invalid_value(quota, "CREDIT_QUOTA", "a whole number of credits from 1")
        for user in properties.get("NOTIFY_USERS", ()):
            if not context.catalog.find("USER", Name("", "", user)):
                raise errors.does_not_exist("USER", user)
        actions = [action for _, action in properties.get("TRIGGERS", ())]
        for action, most in _MOST.items():
            if actions.count(action) > most:
                raise errors.invalid_value(actions.count(action), f"{action} triggers", f"at most {most}")
        if str(properties.get("START_TIMESTAMP", "")).upper() == "IMMEDIATELY":
            properties["START_TIMESTAMP"] = _shown(now())

    def row(self, context: Context, item: Object) -> dict[str, Any]:
        properties = item.properties
        quota = properties.get("CREDIT_QUOTA")
        watches = any(
            warehouse.properties.get(ON_WAREHOUSE) == item.name
            for warehouse in context.catalog.objects("WAREHOUSE")
        )
        return {
            "credit_quota": None if quota is None else f"{quota:.2f}",
            "used_credits": "0.00",
            "remaining_credits": None if quota is None else f"{quota:.2f}",
            "level": "WAREHOUSE" if watches else None,
            "frequency": properties["FREQUENCY"],
            "start_time": properties["START_TIMESTAMP"],
            "end_time": properties.get("END_TIMESTAMP") or None,
            "notify_at": _percentages(properties, _NOTIFY),
            "suspend_at": _percentages(properties, _SUSPEND),
            "suspend_immediately_at": _percentages(properties, _IMMEDIATE),
            "comment": None,
            "notify_users": ", ".join(properties["NOTIFY_USERS"]),
        }

    def require_alter(self, context: Context, item: Object) -> None:
        context.require("MODIFY", item)

    def describe_statement(self, context: Context, statement: Statement) -> Result:
        raise errors.unsupported("DESCRIBE RESOURCE MONITOR")

    def dropping(self, context: Context, item: Object, forced: bool) -> None:
        """Remove the monitor from all warehouses that have it."""
        for warehouse in context.catalog.objects("WAREHOUSE"):
            if warehouse.properties.get(ON_WAREHOUSE) == item.name:
                warehouse.properties[ON_WAREHOUSE] = None
                context.catalog.save(warehouse)


def require_monitor(context: Context, name: str | None) -> None:
    """Refuse a monitor that does not exist or that the session does not see; None means no monitor.

    Raises:
        SnowflakeError: 002003 when the session cannot see such a monitor.
    """
    if name is not None:
        ResourceMonitor().find(context, Name("", "", name))


def _percentages(properties: dict[str, Any], wanted: str) -> str | None:
    found = [f"{percent}%" for percent, action in properties["TRIGGERS"] if action == wanted]
    return ",".join(found) or None


def _this_month() -> str:
    return _shown(now(), "%Y-%m-01 00:00")


def _shown(moment: float, form: str = _TIME) -> str:
    return datetime.fromtimestamp(moment, UTC).strftime(form)


TYPES = [ResourceMonitor()]
