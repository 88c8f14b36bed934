"""The views of INFORMATION_SCHEMA, made from the catalog for the role that asks; nothing of them is stored.

A role sees what it owns or has privileges on. MANAGE GRANTS does not count here, unlike in SHOW.
See https://docs.snowflake.com/en/sql-reference/info-schema
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

from local_account.base import errors, signature
from local_account.base.result import Column, Result, columns, table
from local_account.base.sql import Name
from local_account.catalog.catalog import Object
from local_account.identity import access, parameters
from local_account.metadata import definition, types
from local_account.metadata.definition import FOREIGN, TABLE_KINDS, Definition, Learner, TableColumn
from local_account.statement import privileges
from local_account.statement.context import Context

SCHEMA = "INFORMATION_SCHEMA"
Row = dict[str, Any]
# Views that Snowflake has and this account does not.
_UNSUPPORTED = frozenset(
    {
        *("APPLICATION_CONFIGURATIONS", "APPLICATION_SPECIFICATIONS", "BACKUP_POLICIES", "BACKUP_SETS"),
        *("BACKUPS", "CLASS_INSTANCE_FUNCTIONS", "CLASS_INSTANCE_PROCEDURES", "CLASS_INSTANCES", "CLASSES"),
        *("CORTEX_SEARCH_SERVICES", "CURRENT_PACKAGES_POLICY", "ELEMENT_TYPES", "EVENT_TABLES", "FIELDS"),
        *("EXTERNAL_TABLES", "FILE_FORMATS", "GIT_REPOSITORIES", "HYBRID_TABLES", "IMAGE_REPOSITORIES"),
        *("INDEX_COLUMNS", "INDEXES", "LOAD_HISTORY", "MODEL_VERSIONS", "NOTEBOOKS", "PACKAGES", "PIPES"),
        *("REPLICATION_DATABASES", "REPLICATION_GROUPS", "SEMANTIC_VIEWS", "SHARES", "STREAMLITS"),
        "TABLE_STORAGE_METRICS",
    }
)


@dataclass(frozen=True)
class View:
    """One view.

    Attributes:
        columns: all columns that the documentation has; a row leaves out what is NULL.
        rows: makes the rows, from the context and the name of the database.
    """

    columns: list[Column]
    rows: Callable[[Visible, str], Iterable[Row]]


class Visible:
    """What the active roles may see in INFORMATION_SCHEMA."""

    def __init__(self, context: Context) -> None:
        self.context = context
        self._usable = cache(self._is_usable)

    def sees(self, item: Object) -> bool:
        """Whether a role owns the object or has a privilege on it, and may use what contains it."""
        found = self.context.access
        return (found.owns(item) or bool(found.privileges(item))) and all(
            self._usable(kind, above) for kind, above in self.context.parents(item.fqn)
        )

    def _is_usable(self, kind: str, name: Name) -> bool:
        item = self.context.catalog.find(kind, name)
        return item is not None and (
            self.context.access.owns(item) or bool(self.context.access.privileges(item))
        )

    def objects(self, kind: str, database: str | None = None) -> list[Object]:
        """The objects of a type that the roles see."""
        return [item for item in self.context.catalog.objects(kind, database) if self.sees(item)]

    def shown(self, item: Object) -> Row:
        """The cells of SHOW."""
        kind = self.context.language.kind(item.type)
        return kind.show_row(self.context, item) if kind else {}

    def tables(self, database: str, *kinds: str) -> list[Object]:
        """Tables and views of a database, with their definitions."""
        found = [item for kind in kinds or TABLE_KINDS for item in self.objects(kind, database)]
        self.context.account.part(Learner).learn(self.context, found)
        return found


def find(name: str) -> View | None:
    """The view of a name; None when Snowflake has no such view.

    Raises:
        SnowflakeError: 000002 for a view that only Snowflake has.
    """
    if name in _UNSUPPORTED:
        raise errors.unsupported(f"{SCHEMA}.{name}")
    return VIEWS.get(name)


def described(name: Name, view: View) -> Object:
    """One of these views as an object that SHOW COLUMNS and DESCRIBE can show; it is not in the catalog."""
    kinds = [(column.name, _KINDS.get(column.type, _TEXT)) for column in view.columns]
    found = Definition([TableColumn(*column) for column in kinds])
    return Object(0, "VIEW", *name, "", "", 0.0, 0.0, found.properties())


def contents(context: Context, view: View, database: str) -> Result:
    """The rows of a view, for this session's roles."""
    return table(view.columns, view.rows(Visible(context), database))


def _yes(value: Any) -> str:
    return "YES" if value else "NO"


def _common(item: Object) -> Row:
    return {"COMMENT": item.comment or None, "CREATED": item.created, "LAST_ALTERED": item.updated}


def _owner(item: Object) -> str | None:
    return access.shown_role(item.owner)[1] or None


def _owner_type(item: Object) -> str | None:
    return access.shown_role(item.owner)[0] if item.owner else None


def _place(prefix: str, item: Object) -> Row:
    """The names of an object and of what contains it."""
    return {
        f"{prefix}_CATALOG": item.database,
        f"{prefix}_SCHEMA": item.schema,
        f"{prefix}_NAME": signature.plain(item.type, item.name),
        f"{prefix}_OWNER": _owner(item),
    }


def _retention(visible: Visible, item: Object) -> int:
    value, _ = parameters.values_of(visible.context.catalog, item).get("DATA_RETENTION_TIME_IN_DAYS")
    return int(value)


# Databases and what they contain


def _databases(visible: Visible, database: str) -> Iterator[Row]:
    for item in visible.objects("DATABASE"):
        yield {
            "DATABASE_NAME": item.name,
            "DATABASE_OWNER": _owner(item),
            "IS_TRANSIENT": _yes(item.properties.get("TRANSIENT")),
            "RETENTION_TIME": _retention(visible, item),
            "TYPE": visible.shown(item)["kind"],
            "REPLICABLE_WITH_FAILOVER_GROUPS": "UNSET",
            "OWNER_ROLE_TYPE": _owner_type(item),
            **_common(item),
        }


def _schemata(visible: Visible, database: str) -> Iterator[Row]:
    for item in visible.objects("SCHEMA", database):
        yield {
            "CATALOG_NAME": item.database,
            "SCHEMA_NAME": item.name,
            "SCHEMA_OWNER": _owner(item),
            "IS_TRANSIENT": _yes(item.properties.get("TRANSIENT")),
            "IS_MANAGED_ACCESS": _yes(item.properties.get("MANAGED ACCESS")),
            "RETENTION_TIME": _retention(visible, item),
            "REPLICABLE_WITH_FAILOVER_GROUPS": "UNSET",
            "OWNER_ROLE_TYPE": _owner_type(item),
            **_common(item),
        }


def _catalog_name(visible: Visible, database: str) -> Iterator[Row]:
    yield {"CATALOG_NAME": database}


def _tables(visible: Visible, database: str) -> Iterator[Row]:
    for item in visible.tables(database):
        is_table = item.type == "TABLE"
        transient = _yes(item.properties.get("TRANSIENT"))
        row = {
            **_place("TABLE", item),
            "TABLE_TYPE": "BASE TABLE" if is_table else "VIEW",
            "LAST_DDL": item.updated,
            "IS_TEMPORARY": "NO",
            "IS_ICEBERG": "NO",
            "IS_DYNAMIC": "NO",
            "IS_IMMUTABLE": "NO",
            "IS_HYBRID": "NO",
            **_common(item),
        }
        if is_table:
            shown = visible.shown(item)
            row |= {"IS_TRANSIENT": transient, "ROW_COUNT": shown["rows"], "IS_INSERTABLE_INTO": "YES"}
            row |= {"RETENTION_TIME": int(shown["retention_time"]), "IS_TYPED": "YES"}
            row |= {"CLUSTERING_KEY": shown["cluster_by"] or None}
            row |= {"AUTO_CLUSTERING_ON": _yes(shown["automatic_clustering"] == "ON")}
        yield row
    for name in VIEWS:
        yield {**_own(database, name), "TABLE_TYPE": "VIEW"}


def _own(database: str, name: str) -> Row:
    """The names of one of these views."""
    return {"TABLE_CATALOG": database, "TABLE_SCHEMA": SCHEMA, "TABLE_NAME": name}


def _views(visible: Visible, database: str) -> Iterator[Row]:
    fixed = {"CHECK_OPTION": "NONE", "IS_UPDATABLE": "NO", "INSERTABLE_INTO": "NO"}
    for item in visible.tables(database, "VIEW"):
        text = item.properties.get("text")
        owned = visible.context.access.owns(item)
        yield {
            **_place("TABLE", item),
            # Only the owner may read the text.
            "VIEW_DEFINITION": text if owned else None,
            "IS_SECURE": _yes(visible.shown(item)["is_secure"] == "true"),
            "LAST_DDL": item.updated,
            **fixed,
            **_common(item),
        }
    for name in VIEWS:
        yield {**_own(database, name), **fixed}


def _columns(visible: Visible, database: str) -> Iterator[Row]:
    for item in visible.tables(database):
        place = {key: value for key, value in _place("TABLE", item).items() if key != "TABLE_OWNER"}
        for number, column in enumerate(definition.known(item).columns, 1):
            row = {
                **place,
                "COLUMN_NAME": column.name,
                "ORDINAL_POSITION": number,
                "COLUMN_DEFAULT": column.default or None,
                "IS_NULLABLE": _yes(column.nullable),
                "IS_SELF_REFERENCING": "NO",
                "IS_IDENTITY": _yes(column.identity),
                "COMMENT": column.comment or None,
                **types.in_information_schema(column.type),
            }
            if column.identity:
                row |= {"IDENTITY_GENERATION": "BY DEFAULT", "IDENTITY_CYCLE": "NO"}
                row |= {"IDENTITY_START": str(column.identity[0])}
                row |= {"IDENTITY_INCREMENT": str(column.identity[1])}
                row |= {"IDENTITY_ORDERED": _yes(column.ordered)}
            yield row
    for name, view in VIEWS.items():
        for number, column in enumerate(view.columns, 1):
            kind = _KINDS.get(column.type, _TEXT)
            yield {
                **_own(database, name),
                "COLUMN_NAME": column.name,
                "ORDINAL_POSITION": number,
                "IS_NULLABLE": "YES",
                "IS_SELF_REFERENCING": "NO",
                "IS_IDENTITY": "NO",
                **types.in_information_schema(kind),
            }


_TEXT = "VARCHAR(16777216)"
_KINDS = {"fixed": "NUMBER(38,0)", "boolean": "BOOLEAN", "timestamp_ltz": "TIMESTAMP_LTZ(9)"}


def _keys(visible: Visible, database: str) -> Iterator[tuple[Object, definition.Constraint, Row]]:
    for item in visible.tables(database, "TABLE"):
        for key in definition.known(item).constraints:
            names = (item.database, item.schema, key.name)
            parts = ("CONSTRAINT_CATALOG", "CONSTRAINT_SCHEMA", "CONSTRAINT_NAME")
            times = {"CREATED": key.created, "LAST_ALTERED": key.created, "COMMENT": key.comment or None}
            yield item, key, {**dict(zip(parts, names, strict=True)), **times}


def _table_constraints(visible: Visible, database: str) -> Iterator[Row]:
    for item, key, row in _keys(visible, database):
        place = {name: value for name, value in _place("TABLE", item).items() if name != "TABLE_OWNER"}
        yield {
            **row,
            **place,
            "CONSTRAINT_TYPE": key.kind,
            "IS_DEFERRABLE": "NO",
            "INITIALLY_DEFERRED": "YES",
            "ENFORCED": "NO",
            "RELY": _yes(key.rely),
        }


def _referential_constraints(visible: Visible, database: str) -> Iterator[Row]:
    for item, key, row in _keys(visible, database):
        parent = definition.target(visible.context, item, key) if key.kind == FOREIGN else None
        if parent:
            yield {
                **row,
                "UNIQUE_CONSTRAINT_CATALOG": parent.database,
                "UNIQUE_CONSTRAINT_SCHEMA": parent.schema,
                "UNIQUE_CONSTRAINT_NAME": definition.target_key(parent, key) or None,
                "MATCH_OPTION": key.match,
                "UPDATE_RULE": key.update_rule,
                "DELETE_RULE": key.delete_rule,
            }


def _stages(visible: Visible, database: str) -> Iterator[Row]:
    for item in visible.objects("STAGE", database):
        shown = visible.shown(item)
        yield {
            **_place("STAGE", item),
            "STAGE_URL": shown.get("url") or None,
            "STAGE_REGION": shown.get("region"),
            "STAGE_TYPE": "Internal Named",
            "OWNER_ROLE_TYPE": _owner_type(item),
            **_common(item),
        }


def _services(visible: Visible, database: str) -> Iterator[Row]:
    for item in visible.objects("SERVICE", database):
        shown = visible.shown(item)
        yield {
            **_place("SERVICE", item),
            "SERVICE_OWNER_ROLE_TYPE": _owner_type(item),
            "COMPUTE_POOL_NAME": shown["compute_pool"],
            "DNS_NAME": shown["dns_name"],
            "MIN_READY_INSTANCES": shown["min_ready_instances"],
            "MIN_INSTANCES": shown["min_instances"],
            "MAX_INSTANCES": shown["max_instances"],
            "AUTO_RESUME": shown["auto_resume"],
            "QUERY_WAREHOUSE": shown["query_warehouse"],
            "LAST_RESUMED": shown["resumed_on"],
            "IS_JOB": shown["is_job"],
            **_common(item),
        }


def _functions(visible: Visible, database: str) -> Iterator[Row]:
    for item in visible.objects("FUNCTION", database):
        found = item.properties
        arguments = (f"{one['name']} {one['type'].partition('(')[0]}" for one in found["ARGUMENTS"])
        yield {
            **_place("FUNCTION", item),
            "ARGUMENT_SIGNATURE": f"({', '.join(arguments)})",
            **types.in_information_schema(types.full(found["RETURNS"])),
            "FUNCTION_DEFINITION": found["PATH"] if visible.context.access.owns(item) else None,
            "VOLATILITY": "IMMUTABLE" if found["IMMUTABLE"] else "VOLATILE",
            "IS_NULL_CALL": _yes(not found["STRICT"]),
            "LAST_DDL": item.updated,
            "IS_EXTERNAL": "NO",
            "IS_MEMOIZABLE": "NO",
            "IS_AGGREGATE": "NO",
            **_common(item),
        }


def _nothing(visible: Visible, database: str) -> Iterator[Row]:
    yield from ()


# Roles and privileges


def _enabled_roles(visible: Visible, database: str) -> Iterator[Row]:
    for name in sorted(visible.context.access.roles):
        role = visible.context.catalog.find("ROLE", Name("", "", name))
        if role:
            yield {"ROLE_NAME": role.name, "ROLE_OWNER": _owner(role)}


def _applicable_roles(visible: Visible, database: str) -> Iterator[Row]:
    context = visible.context
    reached = access.roles_of_user(context.catalog, context.session.account_user)
    for grant in context.catalog.role_grants():
        to_user = grant["grantee_type"] == "USER"
        mine = grant["grantee"] == context.session.account_user if to_user else grant["grantee"] in reached
        role = context.catalog.find("ROLE", Name("", "", grant["role"]))
        if mine and role:
            yield {
                "GRANTEE": access.shown_role(grant["grantee"])[1],
                "ROLE_NAME": role.name,
                "ROLE_OWNER": _owner(role),
                "IS_GRANTABLE": _yes(to_user),
            }


def _privileges(visible: Visible, database: str) -> Iterator[Row]:
    """All grants on the database and on what it contains, ownership too, that the roles may see."""
    catalog = visible.context.catalog
    item = catalog.find("DATABASE", Name("", "", database))
    found = [item, *catalog.inside(item)] if item else []
    for one in (one for one in found if visible.sees(one)):
        place = {
            "OBJECT_CATALOG": one.database or one.name,
            "OBJECT_SCHEMA": one.schema or (one.name if one.type == "SCHEMA" else None),
            "OBJECT_NAME": signature.plain(one.type, one.name),
            "OBJECT_TYPE": privileges.shown_type(one.type).replace("_", " "),
            "CREATED": one.created,
        }
        if one.owner:
            kind, name = access.shown_role(one.owner)
            own = {"GRANTOR": name, "GRANTEE": name, "GRANTED_TO": kind}
            yield {**place, **own, "PRIVILEGE_TYPE": "OWNERSHIP", "IS_GRANTABLE": "YES"}
        for grant in catalog.grants_on(one.id):
            kind, name = access.shown_role(grant.role)
            yield {
                **place,
                "GRANTOR": access.shown_role(grant.granted_by)[1] or None,
                "GRANTEE": name,
                "GRANTED_TO": kind,
                "PRIVILEGE_TYPE": grant.privilege,
                "IS_GRANTABLE": _yes(grant.with_option),
                "CREATED": grant.created,
            }


def _usage_privileges(visible: Visible, database: str) -> Iterator[Row]:
    return (row for row in _privileges(visible, database) if row["PRIVILEGE_TYPE"] == "USAGE")


def _table_privileges(visible: Visible, database: str) -> Iterator[Row]:
    for row in _privileges(visible, database):
        if row["OBJECT_TYPE"] in TABLE_KINDS:
            place = ("CATALOG", "SCHEMA", "NAME")
            yield {
                **row,
                **{f"TABLE_{part}": row[f"OBJECT_{part}"] for part in place},
                "WITH_HIERARCHY": "NO",
            }


_PRIVILEGE_COLUMNS = (
    "GRANTOR GRANTEE GRANTED_TO OBJECT_CATALOG OBJECT_SCHEMA OBJECT_NAME OBJECT_TYPE PRIVILEGE_TYPE "
    "IS_GRANTABLE CREATED:timestamp_ltz"
)
_NUMERIC = "NUMERIC_PRECISION:fixed NUMERIC_PRECISION_RADIX:fixed NUMERIC_SCALE:fixed"
_LENGTHS = "CHARACTER_MAXIMUM_LENGTH:fixed CHARACTER_OCTET_LENGTH:fixed"
_TIMES = "CREATED:timestamp_ltz LAST_ALTERED:timestamp_ltz"
_DDL = "LAST_DDL:timestamp_ltz LAST_DDL_BY"
VIEWS = {
    name: View(columns(text), make)
    for name, text, make in (
        ("APPLICABLE_ROLES", "GRANTEE ROLE_NAME ROLE_OWNER IS_GRANTABLE", _applicable_roles),
        (
            "COLUMNS",
            "TABLE_CATALOG TABLE_SCHEMA TABLE_NAME COLUMN_NAME ORDINAL_POSITION:fixed COLUMN_DEFAULT "
            f"IS_NULLABLE DATA_TYPE {_LENGTHS} {_NUMERIC} DATETIME_PRECISION:fixed INTERVAL_TYPE "
            "INTERVAL_PRECISION:fixed CHARACTER_SET_CATALOG CHARACTER_SET_SCHEMA CHARACTER_SET_NAME "
            "COLLATION_CATALOG COLLATION_SCHEMA COLLATION_NAME DOMAIN_CATALOG DOMAIN_SCHEMA DOMAIN_NAME "
            "UDT_CATALOG UDT_SCHEMA UDT_NAME SCOPE_CATALOG SCOPE_SCHEMA SCOPE_NAME "
            "MAXIMUM_CARDINALITY:fixed DTD_IDENTIFIER IS_SELF_REFERENCING IS_IDENTITY IDENTITY_GENERATION "
            "IDENTITY_START IDENTITY_INCREMENT IDENTITY_MAXIMUM IDENTITY_MINIMUM IDENTITY_CYCLE "
            "IDENTITY_ORDERED SCHEMA_EVOLUTION_RECORD COMMENT DATA_TYPE_ALIAS",
            _columns,
        ),
        (
            "DATABASES",
            f"DATABASE_NAME DATABASE_OWNER IS_TRANSIENT COMMENT {_TIMES} RETENTION_TIME:fixed TYPE "
            "REPLICABLE_WITH_FAILOVER_GROUPS OWNER_ROLE_TYPE",
            _databases,
        ),
        ("ENABLED_ROLES", "ROLE_NAME ROLE_OWNER", _enabled_roles),
        (
            "FUNCTIONS",
            "FUNCTION_CATALOG FUNCTION_SCHEMA FUNCTION_NAME FUNCTION_OWNER ARGUMENT_SIGNATURE DATA_TYPE "
            f"{_LENGTHS} {_NUMERIC} FUNCTION_LANGUAGE FUNCTION_DEFINITION VOLATILITY IS_NULL_CALL {_TIMES} "
            f"{_DDL} COMMENT IS_EXTERNAL API_INTEGRATION CONTEXT_HEADERS MAX_BATCH_ROWS:fixed "
            "REQUEST_TRANSLATOR RESPONSE_TRANSLATOR COMPRESSION PACKAGES RUNTIME_VERSION INSTALLED_PACKAGES "
            "IMPORTS HANDLER TARGET_PATH IS_MEMOIZABLE IS_AGGREGATE EXTERNAL_ACCESS_INTEGRATIONS SECRETS",
            _functions,
        ),
        ("INFORMATION_SCHEMA_CATALOG_NAME", "CATALOG_NAME", _catalog_name),
        ("OBJECT_PRIVILEGES", _PRIVILEGE_COLUMNS, _privileges),
        (
            "PROCEDURES",
            "PROCEDURE_CATALOG PROCEDURE_SCHEMA PROCEDURE_NAME PROCEDURE_OWNER ARGUMENT_SIGNATURE DATA_TYPE "
            f"{_LENGTHS} {_NUMERIC} PROCEDURE_LANGUAGE PROCEDURE_DEFINITION {_TIMES} COMMENT "
            "EXTERNAL_ACCESS_INTEGRATIONS SECRETS",
            _nothing,
        ),
        (
            "REFERENTIAL_CONSTRAINTS",
            "CONSTRAINT_CATALOG CONSTRAINT_SCHEMA CONSTRAINT_NAME UNIQUE_CONSTRAINT_CATALOG "
            "UNIQUE_CONSTRAINT_SCHEMA UNIQUE_CONSTRAINT_NAME MATCH_OPTION UPDATE_RULE DELETE_RULE COMMENT "
            f"{_TIMES}",
            _referential_constraints,
        ),
        (
            "SCHEMATA",
            "CATALOG_NAME SCHEMA_NAME SCHEMA_OWNER IS_TRANSIENT IS_MANAGED_ACCESS RETENTION_TIME:fixed "
            "DEFAULT_CHARACTER_SET_CATALOG DEFAULT_CHARACTER_SET_SCHEMA DEFAULT_CHARACTER_SET_NAME SQL_PATH "
            f"{_TIMES} COMMENT REPLICABLE_WITH_FAILOVER_GROUPS OWNER_ROLE_TYPE",
            _schemata,
        ),
        (
            "SEQUENCES",
            f"SEQUENCE_CATALOG SEQUENCE_SCHEMA SEQUENCE_NAME SEQUENCE_OWNER DATA_TYPE {_NUMERIC} START_VALUE "
            f"MINIMUM_VALUE MAXIMUM_VALUE NEXT_VALUE INCREMENT CYCLE_OPTION {_TIMES} COMMENT ORDERED",
            _nothing,
        ),
        (
            "SERVICES",
            "SERVICE_NAME SERVICE_CATALOG SERVICE_SCHEMA SERVICE_OWNER SERVICE_OWNER_ROLE_TYPE "
            "COMPUTE_POOL_NAME DNS_NAME MIN_READY_INSTANCES:fixed MIN_INSTANCES:fixed MAX_INSTANCES:fixed "
            f"AUTO_RESUME:boolean QUERY_WAREHOUSE {_TIMES} LAST_RESUMED:timestamp_ltz COMMENT IS_JOB:boolean",
            _services,
        ),
        (
            "STAGES",
            "STAGE_CATALOG STAGE_SCHEMA STAGE_NAME STAGE_URL STAGE_REGION STAGE_TYPE STAGE_OWNER COMMENT "
            f"{_TIMES} ENDPOINT OWNER_ROLE_TYPE",
            _stages,
        ),
        (
            "TABLE_CONSTRAINTS",
            "CONSTRAINT_CATALOG CONSTRAINT_SCHEMA CONSTRAINT_NAME TABLE_CATALOG TABLE_SCHEMA TABLE_NAME "
            f"CONSTRAINT_TYPE IS_DEFERRABLE INITIALLY_DEFERRED ENFORCED COMMENT {_TIMES} RELY",
            _table_constraints,
        ),
        (
            "TABLE_PRIVILEGES",
            "GRANTOR GRANTEE GRANTED_TO TABLE_CATALOG TABLE_SCHEMA TABLE_NAME PRIVILEGE_TYPE IS_GRANTABLE "
            "WITH_HIERARCHY CREATED:timestamp_ltz",
            _table_privileges,
        ),
        (
            "TABLES",
            "TABLE_CATALOG TABLE_SCHEMA TABLE_NAME TABLE_OWNER TABLE_TYPE IS_TRANSIENT CLUSTERING_KEY "
            "ROW_COUNT:fixed BYTES:fixed RETENTION_TIME:fixed SELF_REFERENCING_COLUMN_NAME "
            "REFERENCE_GENERATION USER_DEFINED_TYPE_CATALOG USER_DEFINED_TYPE_SCHEMA USER_DEFINED_TYPE_NAME "
            f"IS_INSERTABLE_INTO IS_TYPED COMMIT_ACTION {_TIMES} {_DDL} AUTO_CLUSTERING_ON COMMENT "
            "IS_TEMPORARY IS_ICEBERG IS_DYNAMIC IS_IMMUTABLE IS_HYBRID",
            _tables,
        ),
        ("USAGE_PRIVILEGES", _PRIVILEGE_COLUMNS, _usage_privileges),
        (
            "VIEWS",
            "TABLE_CATALOG TABLE_SCHEMA TABLE_NAME TABLE_OWNER VIEW_DEFINITION CHECK_OPTION IS_UPDATABLE "
            f"INSERTABLE_INTO IS_SECURE {_TIMES} {_DDL} COMMENT",
            _views,
        ),
    )
}
