"""Databases and schemas.

See https://docs.snowflake.com/en/sql-reference/sql/create-database and
https://docs.snowflake.com/en/sql-reference/sql/create-schema.
"""

from collections.abc import Callable, Sequence
from contextlib import suppress

from standins.snowflake_plugin import sql
from standins.snowflake_plugin.columns import columns, items, read_row
from standins.snowflake_plugin.errors import SnowflakeError
from standins.snowflake_plugin.objects import COMMENT, DATABASE, NAME, Reading
from standins.snowflake_plugin.parameters import ParameterResource, parameters
from standins.snowflake_plugin.properties import Prop
from standins.snowflake_plugin.resource import Changes, State
from standins.snowflake_plugin.session import Session

_PARAMETERS = (
    "DATA_RETENTION_TIME_IN_DAYS:int MAX_DATA_EXTENSION_TIME_IN_DAYS:int EXTERNAL_VOLUME:ident"
    " CATALOG:ident{0} REPLACE_INVALID_CHARACTERS:bool DEFAULT_DDL_COLLATION"
    " DEFAULT_NOTEBOOK_COMPUTE_POOL_CPU DEFAULT_NOTEBOOK_COMPUTE_POOL_GPU"
    " STORAGE_SERIALIZATION_POLICY:word LOG_LEVEL:enum LOG_EVENT_LEVEL:enum TRACE_LEVEL:enum"
    " SUSPEND_TASK_AFTER_NUM_FAILURES:int TASK_AUTO_RETRY_ATTEMPTS:int"
    " USER_TASK_MANAGED_INITIAL_WAREHOUSE_SIZE:word USER_TASK_TIMEOUT_MS:int"
    " USER_TASK_MINIMUM_TRIGGER_INTERVAL_IN_SECONDS:int QUOTED_IDENTIFIERS_IGNORE_CASE:bool"
    " ENABLE_CONSOLE_OUTPUT:bool"
)


def _has(option: str) -> Callable[[str], str]:
    """Reads one word of the column ``options`` as "true" or "false"."""
    return lambda options: str(option in items(options)).lower()


class Database(ParameterResource):
    """A database. ``replication`` is left to the official plugin."""

    type = "Database"
    kind = "DATABASE"
    level = "DATABASE"
    props = (
        NAME,
        Prop("isTransient", "bool", plain=False, replace=True),
        Prop("dropPublicSchemaOnCreation", "bool", plain=False, create_only=True),
        *parameters(_PARAMETERS.format("")),
        COMMENT,
    )
    set_separator = ", "
    computed = ("fullyQualifiedName",)
    show_columns = columns("name comment options")

    def create_object(self, session: Session, names: Sequence[str], inputs: State) -> None:
        """Create the database, then drop its schema PUBLIC if the program wants that."""
        transient = "TRANSIENT " if inputs.get("isTransient") else ""
        session.run(f"CREATE {transient}DATABASE {sql.path(names)}{self.options(inputs)}", self.timeout)
        if inputs.get("dropPublicSchemaOnCreation"):
            session.run(f"DROP SCHEMA IF EXISTS {sql.path((*names, 'PUBLIC'))}", self.timeout)

    def read_more(self, reading: Reading, state: State) -> None:
        """Read the parameters, and whether the database is transient."""
        super().read_more(reading, state)
        del state["showOutputs"]
        transient = "TRANSIENT" in items(reading.row.get("options"))
        if transient != bool(state.get("isTransient")):
            state["isTransient"] = transient


_CONTENT = columns("created_on name kind")


class Schema(ParameterResource):
    """A schema. An existing schema PUBLIC is adopted instead of created."""

    type = "Schema"
    kind = "SCHEMA"
    level = "SCHEMA"
    place = ("database", "name")
    props = (
        NAME,
        DATABASE,
        Prop("isTransient", "flag", plain=False, replace=True, drift="options", from_show=_has("TRANSIENT")),
        Prop("withManagedAccess", "flag", plain=False, drift="options", from_show=_has("MANAGED ACCESS")),
        *parameters(_PARAMETERS.format(" PIPE_EXECUTION_PAUSED:bool")),
        COMMENT,
    )
    set_separator = ", "
    show_columns = columns(
        "created_on name is_default:bool is_current:bool database_name owner comment options retention_time"
        " owner_role_type dropped_on"
    )

    def create_object(self, session: Session, names: Sequence[str], inputs: State) -> None:
        """Create the schema, or change the existing PUBLIC to what the program wants."""
        if names[1].strip().upper() == "PUBLIC" and self.show(session, names):
            return self._adopt(session, names, inputs)
        transient = "TRANSIENT " if inputs.get("isTransient") == "true" else ""
        managed = " WITH MANAGED ACCESS" if inputs.get("withManagedAccess") == "true" else ""
        session.run(
            f"CREATE {transient}SCHEMA {sql.path(names)}{managed}{self.options(inputs)}", self.timeout
        )
        return None

    def _adopt(self, session: Session, names: Sequence[str], inputs: State) -> None:
        self._manage_access(session, names, inputs)
        given = [prop for prop in self.props if self.in_sql(prop) and prop.given(inputs.get(prop.name))]
        rest = [prop.keyword for prop in self.props if prop.parameter and prop not in given]
        self.apply(session, names, [prop.render(inputs[prop.name]) for prop in given], rest)

    def _manage_access(self, session: Session, names: Sequence[str], inputs: State) -> None:
        switch = "ENABLE" if inputs.get("withManagedAccess") == "true" else "DISABLE"
        session.run(f"ALTER SCHEMA {sql.path(names)} {switch} MANAGED ACCESS", self.timeout)

    def alter(
        self, session: Session, names: Sequence[str], olds: State, news: State, changes: Changes
    ) -> None:
        """Managed access is set by a separate statement."""
        if "withManagedAccess" in changes:
            self._manage_access(session, names, news)
        super().alter(session, names, olds, news, changes)

    def read_more(self, reading: Reading, state: State) -> None:
        """Read the parameters and what the schema contains; a failed DESCRIBE does not mean it is gone."""
        super().read_more(reading, state)
        with suppress(SnowflakeError):
            rows = reading.session.run(f"DESCRIBE SCHEMA {sql.path(reading.names)}", self.timeout)
            state["describeOutputs"] = [read_row(item, _CONTENT) for item in rows]
