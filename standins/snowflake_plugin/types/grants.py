"""What grants of privileges and of ownership are on: a target in the program, in SQL, in an id, and in SHOW.

See https://docs.snowflake.com/en/sql-reference/sql/grant-privilege and
https://docs.snowflake.com/en/sql-reference/sql/show-grants.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from standins.snowflake_plugin import sql
from standins.snowflake_plugin.properties import Prop
from standins.snowflake_plugin.resource import Resource, State
from standins.snowflake_plugin.wire import has_unknown

ACCOUNT_OBJECTS = (
    "USER",
    "RESOURCE MONITOR",
    "WAREHOUSE",
    "COMPUTE POOL",
    "DATABASE",
    "INTEGRATION",
    "CONNECTION",
    "FAILOVER GROUP",
    "REPLICATION GROUP",
    "EXTERNAL VOLUME",
    "SNOWFLAKE INTELLIGENCE",
)
SCHEMA_OBJECTS = tuple(
    part.replace("_", " ")
    for part in sql.words(
        "AGENT AGGREGATION_POLICY ALERT AUTHENTICATION_POLICY CORTEX_SEARCH_SERVICE"
        " DATA_METRIC_FUNCTION DATASET DBT_PROJECT DYNAMIC_TABLE EVENT_TABLE EXPERIMENT EXTERNAL_TABLE"
        " FILE_FORMAT FUNCTION GATEWAY GIT_REPOSITORY HYBRID_TABLE IMAGE_REPOSITORY ICEBERG_TABLE"
        " INTERACTIVE_TABLE JOIN_POLICY MASKING_POLICY MATERIALIZED_VIEW MCP_SERVER MODEL"
        " MODEL_MONITOR NETWORK_RULE NOTEBOOK NOTEBOOK_PROJECT ONLINE_FEATURE_TABLE PACKAGES_POLICY"
        " PASSWORD_POLICY PIPE PRIVACY_POLICY PROCEDURE PROJECTION_POLICY ROW_ACCESS_POLICY SECRET"
        " SEMANTIC_VIEW SERVICE SESSION_POLICY SEQUENCE SNAPSHOT SNAPSHOT_POLICY SNAPSHOT_SET STAGE"
        " STORAGE_LIFECYCLE_POLICY STREAM STREAMLIT TABLE TAG TASK VIEW WORKSPACE"
    )
)
NOT_ALL = ("EXPERIMENT", "GATEWAY", "JOIN POLICY", "NOTEBOOK PROJECT", "STORAGE LIFECYCLE POLICY")
NOT_FUTURE = (
    *NOT_ALL,
    "AGGREGATION POLICY",
    "MASKING POLICY",
    "PACKAGES POLICY",
    "PROJECTION POLICY",
    "ROW ACCESS POLICY",
    "SESSION POLICY",
    "SNAPSHOT",
    "TAG",
)


@dataclass(frozen=True)
class Target:
    """What a grant is on.

    Attributes:
        on: the text after ON: ``ACCOUNT``, ``SCHEMA "D"."S"``, ``FUTURE TABLES IN SCHEMA "D"."S"``.
        key: the target's part of the resource's id.
        kind: the object type whose rows of SHOW GRANTS count, in the singular.
        show: what SHOW GRANTS is asked for, or "" when the grants cannot be seen (ALL …).
    """

    on: str
    key: str
    kind: str
    show: str

    @property
    def future(self) -> bool:
        """Whether the target is objects that do not exist yet."""
        return self.on.startswith("FUTURE ")


class GrantResource(Resource):
    """A grant on a target, which a program gives as one of several nested objects."""

    @staticmethod
    def target(values: State) -> Target:
        """What the grant is on."""
        raise NotImplementedError

    def same(self, prop: Prop, olds: State, news: State) -> bool:
        """Targets are compared as SQL: quoting and the case of an object type do not matter."""
        old, new = olds.get(prop.name), news.get(prop.name)
        if prop.kind == "block" and old and new and not has_unknown(new):
            return self.target({prop.name: old}) == self.target({prop.name: new})
        return super().same(prop, olds, news)


def one(kind: str, name: str, key: str) -> Target:
    """A target of one object."""
    on = f"{kind} {sql.qualified(name)}"
    return Target(on, f"{key}|{kind}|{sql.qualified(name)}", kind, f"SHOW GRANTS ON {on}")


def many(how: str, block: Mapping[str, Any], key: str) -> Target:
    """ALL or FUTURE objects of a type in a database or schema; ``how`` is ``all`` or ``future``."""
    kinds = str(block["objectTypePlural"]).upper()
    word, place = (
        ("Database", block["inDatabase"]) if block.get("inDatabase") else ("Schema", block["inSchema"])
    )
    inside = f"IN {word.upper()} {sql.qualified(place)}"
    show = f"SHOW FUTURE GRANTS {inside}" if how == "future" else ""
    identity = f"{key}{how.capitalize()}|{kinds}|In{word}|{sql.qualified(place)}"
    return Target(f"{how.upper()} {kinds} {inside}", identity, sql.singular(kinds), show)


def shown(row: Mapping[str, Any], target: Target, role: str) -> bool:
    """Whether a row of SHOW GRANTS is about this target and role, and was granted by someone."""
    on, to = ("grant_on", "grant_to") if target.future else ("granted_on", "granted_to")
    return (
        str(row[on]).replace("_", " ") == target.kind
        and row.get(to) in (None, "ROLE")
        and row["grantee_name"] == sql.bare(role)
        and bool(target.future or row.get("granted_by"))
    )
