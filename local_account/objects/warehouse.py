"""WAREHOUSE objects. Queries need one, as in Snowflake, but the data engine runs them and no warehouse does.

See https://docs.snowflake.com/en/sql-reference/sql/create-warehouse
"""

from __future__ import annotations

import contextlib
import hashlib
import threading
from collections import Counter
from collections.abc import Iterator
from typing import Any, ClassVar

from local_account.base import errors
from local_account.base.result import Result, columns, now, status, table
from local_account.base.sql import Name, Statement
from local_account.catalog.catalog import Object
from local_account.identity import parameters
from local_account.objects.resource_monitor import ON_WAREHOUSE, require_monitor
from local_account.statement.context import Context
from local_account.statement.object_type import ObjectType, Reader, boolean, integer, one_of

KIND = "WAREHOUSE"
STANDARD, OPTIMIZED = "STANDARD", "SNOWPARK-OPTIMIZED"
SIZES = {
    # canonical name: (as SHOW has it, other spellings)
    "XSMALL": ("X-Small", ("X-SMALL",)),
    "SMALL": ("Small", ()),
    "MEDIUM": ("Medium", ()),
    "LARGE": ("Large", ()),
    "XLARGE": ("X-Large", ("X-LARGE",)),
    "XXLARGE": ("2X-Large", ("X2LARGE", "2X-LARGE", "2XLARGE")),
    "XXXLARGE": ("3X-Large", ("X3LARGE", "3X-LARGE", "3XLARGE")),
    "X4LARGE": ("4X-Large", ("4X-LARGE", "4XLARGE")),
    "X5LARGE": ("5X-Large", ("5X-LARGE", "5XLARGE")),
    "X6LARGE": ("6X-Large", ("6X-LARGE", "6XLARGE")),
}
_CONSTRAINTS = (
    "STANDARD_GEN_1",
    "STANDARD_GEN_2",
    "MEMORY_1X",
    "MEMORY_1X_X86",
    "MEMORY_16X",
    "MEMORY_16X_X86",
    "MEMORY_64X",
    "MEMORY_64X_X86",
)
_OTHER_TYPES = ("ADAPTIVE", "INTERACTIVE")
# The time of the last use is stored at most once in this time.
_USE_SECONDS = 20.0


def _size(statement: Statement) -> str:
    text = statement.text_or_word().upper()
    while statement.accept("-"):
        text += "-" + statement.word()
    for name, (_, others) in SIZES.items():
        if text == name or text in others:
            return name
    raise errors.invalid_value(text, "WAREHOUSE_SIZE", ", ".join(SIZES))


def _type(statement: Statement) -> str:
    kind = one_of(STANDARD, OPTIMIZED, *_OTHER_TYPES)(statement)
    if kind in _OTHER_TYPES:
        raise errors.unsupported(f"WAREHOUSE_TYPE = {kind}")
    return kind


def default_size(kind: str) -> str:
    """The size of a warehouse of a type, when nobody gives one."""
    return "MEDIUM" if kind == OPTIMIZED else "XSMALL"


def _monitor(statement: Statement) -> str | None:
    return None if statement.accept("NULL") else statement.identifier()


def _seconds(statement: Statement) -> int | None:
    """Seconds, where NULL means never."""
    return None if statement.accept("NULL") else statement.integer()


class Load:
    """How many statements run in each warehouse now."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._running: Counter[int] = Counter()

    def running(self, item: Object) -> int:
        """Number of statements that run in a warehouse."""
        return self._running[item.id]

    @contextlib.contextmanager
    def one_more(self, item: Object | None) -> Iterator[None]:
        """Count the body as a statement in a warehouse; None for a statement that needs no warehouse."""
        if item is None:
            yield
            return
        with self._lock:
            self._running[item.id] += 1
        try:
            yield
        finally:
            with self._lock:
                self._running[item.id] -= 1
                self._running += Counter()


class Warehouse(ObjectType):
    """Virtual warehouses: a size, some limits, and whether the warehouse runs."""

    kind, plural, scope = KIND, "WAREHOUSES", "account"
    filters_privileges = True
    privileges = frozenset({"APPLYBUDGET", "MODIFY", "MONITOR", "OPERATE", "USAGE"})
    redefinable = True
    at_creation = frozenset({"INITIALLY_SUSPENDED"})
    options: ClassVar[dict[str, Reader]] = {
        "WAREHOUSE_TYPE": _type,
        "WAREHOUSE_SIZE": _size,
        "MAX_CLUSTER_COUNT": integer,
        "MIN_CLUSTER_COUNT": integer,
        "SCALING_POLICY": one_of("STANDARD", "ECONOMY"),
        "AUTO_SUSPEND": _seconds,
        "AUTO_RESUME": boolean,
        "INITIALLY_SUSPENDED": boolean,
        ON_WAREHOUSE: _monitor,
        "ENABLE_QUERY_ACCELERATION": boolean,
        "QUERY_ACCELERATION_MAX_SCALE_FACTOR": integer,
        "RESOURCE_CONSTRAINT": one_of(*_CONSTRAINTS),
        "GENERATION": one_of("1", "2"),
        "WAIT_FOR_COMPLETION": boolean,
        **parameters.readers(KIND),
    }
    defaults: ClassVar[dict[str, Any]] = {
        "WAREHOUSE_TYPE": STANDARD,
        "MAX_CLUSTER_COUNT": 1,
        "MIN_CLUSTER_COUNT": 1,
        "SCALING_POLICY": "STANDARD",
        "AUTO_SUSPEND": 600,
        "AUTO_RESUME": True,
        "INITIALLY_SUSPENDED": False,
        "ENABLE_QUERY_ACCELERATION": False,
        "QUERY_ACCELERATION_MAX_SCALE_FACTOR": 8,
    }
    show_columns = columns(
        "name state type size min_cluster_count:fixed max_cluster_count:fixed started_clusters:fixed "
        "running:fixed queued:fixed is_default is_current auto_suspend:fixed auto_resume available "
        "provisioning quiescing other created_on:timestamp_ltz resumed_on:timestamp_ltz "
        "updated_on:timestamp_ltz owner comment enable_query_acceleration "
        "query_acceleration_max_scale_factor:fixed resource_monitor actives pendings failed suspended uuid "
        "scaling_policy budget owner_role_type resource_constraint generation"
    )

    def check(self, context: Context, name: Name, properties: dict[str, Any]) -> None:
        if "WAIT_FOR_COMPLETION" in properties:
            raise errors.compilation_error("001420", "22023", "invalid property 'WAIT_FOR_COMPLETION'")
        require_monitor(context, properties.get(ON_WAREHOUSE))
        properties.setdefault("WAREHOUSE_SIZE", default_size(properties["WAREHOUSE_TYPE"]))
        self._check_numbers(properties)

    def _check_numbers(self, properties: dict[str, Any]) -> None:
        low, high = properties["MIN_CLUSTER_COUNT"], properties["MAX_CLUSTER_COUNT"]
        if not 1 <= low <= high:
            raise errors.invalid_value(low, "MIN_CLUSTER_COUNT", f"1 to MAX_CLUSTER_COUNT ({high})")
        factor = properties["QUERY_ACCELERATION_MAX_SCALE_FACTOR"]
        if not 0 <= factor <= 100:
            raise errors.invalid_value(factor, "QUERY_ACCELERATION_MAX_SCALE_FACTOR", "0 to 100")
        if (properties["AUTO_SUSPEND"] or 0) < 0:
            raise errors.invalid_value(properties["AUTO_SUSPEND"], "AUTO_SUSPEND", "0 or more")
        if properties.get("GENERATION") and properties.get("RESOURCE_CONSTRAINT"):
            raise errors.compilation_error(
                "001420", "22023", "GENERATION and RESOURCE_CONSTRAINT cannot be given together."
            )

    def created(self, context: Context, item: Object) -> None:
        item.properties |= {"SUSPENDED": item.properties["INITIALLY_SUSPENDED"], "RESUMED_ON": item.created}
        item.properties["USED_ON"] = item.created
        context.catalog.save(item)
        # A new warehouse becomes the session's current one, as in Snowflake.
        context.session.warehouse = item.name

    def row(self, context: Context, item: Object) -> dict[str, Any]:
        properties = item.properties
        down = suspended(item)
        current = item.name == context.session.warehouse
        return {
            "state": "SUSPENDED" if down else "STARTED",
            "type": properties["WAREHOUSE_TYPE"],
            "size": SIZES[properties["WAREHOUSE_SIZE"]][0],
            "min_cluster_count": properties["MIN_CLUSTER_COUNT"],
            "max_cluster_count": properties["MAX_CLUSTER_COUNT"],
            "started_clusters": 0 if down else properties["MIN_CLUSTER_COUNT"],
            "running": context.account.part(Load).running(item),
            "queued": 0,
            "is_default": "N",
            "is_current": "Y" if current else "N",
            "auto_suspend": properties["AUTO_SUSPEND"],
            "auto_resume": properties["AUTO_RESUME"],
            "available": "" if down else "100",
            "provisioning": "" if down else "0",
            "quiescing": "" if down else "0",
            "other": "" if down else "0",
            "resumed_on": properties["RESUMED_ON"],
            "enable_query_acceleration": properties["ENABLE_QUERY_ACCELERATION"],
            "query_acceleration_max_scale_factor": properties["QUERY_ACCELERATION_MAX_SCALE_FACTOR"],
            # Snowflake writes the word `null` here.
            "resource_monitor": properties.get(ON_WAREHOUSE) or "null",
            "actives": "0",
            "pendings": "0",
            "failed": "0",
            "suspended": "1" if down else "0",
            "uuid": str(int(hashlib.sha256(str(item.id).encode()).hexdigest()[:8], 16)),
            "scaling_policy": properties["SCALING_POLICY"],
            **_hardware(properties),
        }

    def show_row(self, context: Context, item: Object) -> dict[str, Any]:
        row = super().show_row(context, item)
        user = context.catalog.find("USER", Name("", "", context.session.account_user))
        default = user and user.properties.get("DEFAULT_WAREHOUSE") == item.name
        return {**row, "is_default": "Y" if default else "N"}

    def require_alter(self, context: Context, item: Object) -> None:
        if not context.access.has("MANAGE WAREHOUSES"):
            context.require("MODIFY", item)

    def read_unset(self, statement: Statement) -> dict[str, Any]:
        """UNSET AUTO_SUSPEND gives NULL, as in Snowflake, and not the default of a new warehouse."""
        values = super().read_unset(statement)
        return {name: None if name == "AUTO_SUSPEND" else value for name, value in values.items()}

    def altered(self, context: Context, item: Object, changed: dict[str, Any]) -> None:
        # A new size takes effect at once here, so there is nothing to wait for.
        changed.pop("WAIT_FOR_COMPLETION", None)
        if "INITIALLY_SUSPENDED" in changed:
            raise errors.compilation_error("001420", "22023", "invalid property 'INITIALLY_SUSPENDED'")
        require_monitor(context, changed.get(ON_WAREHOUSE))
        before = item.properties["WAREHOUSE_TYPE"]
        if changed.get("WAREHOUSE_TYPE", before) != before:
            # Generation and constraint belong to the type that the warehouse had.
            changed |= {name: changed.get(name) for name in ("GENERATION", "RESOURCE_CONSTRAINT")}
        if "WAREHOUSE_SIZE" in changed and changed["WAREHOUSE_SIZE"] is None:
            changed["WAREHOUSE_SIZE"] = default_size(changed.get("WAREHOUSE_TYPE", before))
        self._check_numbers({**item.properties, **changed})

    def alter(self, context: Context, statement: Statement) -> Result:
        """ALTER WAREHOUSE [IF EXISTS] [<name>] …: SUSPEND and RESUME alone mean the session's own."""
        if statement.words(3) in (("SUSPEND",), ("RESUME",), ("RESUME", "IF", "SUSPENDED")):
            if not context.session.warehouse:
                raise errors.SnowflakeError(
                    "000606",
                    "57P03",
                    "No active warehouse selected in the current session. Name the warehouse, "
                    "or run USE WAREHOUSE.",
                )
            item = self.find(context, Name("", "", context.session.warehouse))
            assert item
            done = self.action(context, item, statement)
            assert done
            return done
        return super().alter(context, statement)

    def describe(self, context: Context, item: Object) -> Result:
        row = {"created_on": item.created, "name": item.name, "kind": KIND}
        return table(columns("created_on:timestamp_ltz name kind"), [row])

    def action(self, context: Context, item: Object, statement: Statement) -> Result | None:
        """SUSPEND or RESUME [IF SUSPENDED], with the privilege OPERATE."""
        if statement.accept("SUSPEND"):
            down = True
        elif statement.accept("RESUME"):
            down = False
        elif statement.accept("ABORT", "ALL", "QUERIES"):
            raise errors.unsupported("ALTER WAREHOUSE ABORT ALL QUERIES")
        else:
            return None
        only_if_suspended = not down and statement.accept("IF", "SUSPENDED")
        statement.end()
        if not context.access.has("MANAGE WAREHOUSES"):
            context.require("OPERATE", item)
        if down == suspended(item) and not only_if_suspended:
            state = "suspended" if down else "running"
            raise errors.SnowflakeError(
                "090064" if down else "090063",
                "22000",
                f"Invalid state. Warehouse '{item.name}' cannot be "
                f"{'suspended' if down else 'resumed'}: it is {state} already.",
            )
        with context.catalog.transaction():
            item = self.fresh(context, item)
            item.properties["SUSPENDED"] = down
            if not down:
                item.properties |= {"RESUMED_ON": now(), "USED_ON": now()}
            context.catalog.save(item)
        return status("Statement executed successfully.")

    def renamed(self, context: Context, item: Object, old: Name) -> None:
        if context.session.warehouse == old.name:
            context.session.warehouse = item.name

    def dropping(self, context: Context, item: Object, forced: bool) -> None:
        if context.session.warehouse == item.name:
            context.session.warehouse = ""


def _hardware(properties: dict[str, Any]) -> dict[str, str | None]:
    """Only standard warehouses have a generation; the others have a constraint on their memory instead."""
    constraint = properties.get("RESOURCE_CONSTRAINT")
    if properties["WAREHOUSE_TYPE"] == OPTIMIZED:
        return {"resource_constraint": constraint or "MEMORY_16X", "generation": None}
    return {"resource_constraint": constraint, "generation": properties.get("GENERATION") or "1"}


def suspended(item: Object) -> bool:
    """Whether a warehouse is suspended: by a statement, or because it was idle for AUTO_SUSPEND seconds."""
    properties = item.properties
    idle = now() - properties["USED_ON"]
    return properties["SUSPENDED"] or bool(0 < (properties["AUTO_SUSPEND"] or 0) < idle)


def use(context: Context, item: Object) -> None:
    """Note that a query uses a warehouse, and resume it if it is suspended.

    Does nothing when the warehouse was dropped after the query began.

    Raises:
        SnowflakeError: 000607 when it is suspended and AUTO_RESUME is false.
    """
    if not suspended(item) and now() - item.properties["USED_ON"] <= _USE_SECONDS:
        return
    with context.catalog.transaction():
        fresh = context.catalog.by_id(item.id)
        if fresh is not None:
            _note_use(context, fresh)


def _note_use(context: Context, item: Object) -> None:
    down = suspended(item)
    if down and not item.properties["AUTO_RESUME"]:
        raise errors.SnowflakeError(
            "000607",
            "57P03",
            f"Warehouse '{item.name}' is suspended and does not resume by itself. "
            f"Run ALTER WAREHOUSE {item.name} RESUME.",
        )
    item.properties |= {"SUSPENDED": False, "USED_ON": now()}
    if down:
        item.properties["RESUMED_ON"] = now()
    context.catalog.save(item)


TYPES = [Warehouse()]
