"""Internal stages. See https://docs.snowflake.com/en/sql-reference/sql/create-stage."""

from collections.abc import Sequence
from typing import ClassVar

from standins.snowflake_plugin import sql
from standins.snowflake_plugin.columns import columns, truth
from standins.snowflake_plugin.objects import COMMENT, DATABASE, NAME, SCHEMA, ObjectResource, Reading, Row
from standins.snowflake_plugin.properties import Prop
from standins.snowflake_plugin.resource import Changes, State
from standins.snowflake_plugin.session import Session


def _encryption(value: State) -> str | None:
    return (
        None
        if len(value) == 1 and set(value) <= {"snowflakeFull", "snowflakeSse"}
        else ("one of `snowflakeFull,snowflakeSse` must be specified")
    )


def _directory(value: State) -> str | None:
    if not isinstance(value.get("enable"), bool):
        return "the directory needs `enable`, true or false"
    refresh = value.get("autoRefresh", "default")
    return (
        None
        if refresh in ("true", "false", "default")
        else f'expected autoRefresh to be "true" or "false", got {refresh}'
    )


class StageInternal(ObjectResource):
    """An internal stage. ``fileFormat`` is left to the official plugin."""

    type = "StageInternal"
    kind = "STAGE"
    place = ("database", "schema", "name")
    props = (
        NAME,
        DATABASE,
        SCHEMA,
        Prop("encryption", "block", replace=True, check=_encryption),
        Prop("directory", "block", check=_directory),
        COMMENT,
    )
    unset_as: ClassVar = {"COMMENT": "''"}
    type_output = ("stageType", "type", ("INTERNAL", "INTERNAL NO CSE"))
    computed = (*ObjectResource.computed, "stageType")
    show_columns = columns(
        "created_on name database_name schema_name url has_credentials:bool has_encryption_key:bool"
        " owner comment region type cloud storage_integration endpoint owner_role_type"
        " directory_enabled:bool"
    )

    def same(self, prop: Prop, olds: State, news: State) -> bool:
        """Nested objects without fields, such as ``snowflakeSse``, count as given."""
        if prop.name == "encryption":
            return set(olds.get("encryption") or ()) == set(news.get("encryption") or ())
        if prop.name == "directory" and bool(olds.get("directory")) != bool(news.get("directory")):
            return False
        return super().same(prop, olds, news)

    def changes(self, session: Session, resource_id: str, olds: State, news: State) -> dict[str, bool]:
        """Removing the directory, or changing its refresh, replaces the stage."""
        changes = super().changes(session, resource_id, olds, news)
        if "directory" in changes:
            old, new = (values.get("directory") or {} for values in (olds, news))
            refresh = new.get("autoRefresh", "default")
            changes["directory"] = not new or (
                refresh != "default" and refresh != old.get("autoRefresh", "default")
            )
        return changes

    def create_object(self, session: Session, names: Sequence[str], inputs: State) -> None:
        """Run CREATE STAGE."""
        options = ""
        if encryption := inputs.get("encryption"):
            kind = "SNOWFLAKE_FULL" if "snowflakeFull" in encryption else "SNOWFLAKE_SSE"
            options += f" ENCRYPTION = (TYPE = {sql.literal(kind)})"
        if directory := inputs.get("directory"):
            refresh = directory.get("autoRefresh", "default")
            more = "" if refresh == "default" else f" AUTO_REFRESH = {refresh}"
            options += f" DIRECTORY = (ENABLE = {str(directory['enable']).lower()}{more})"
        session.run(f"CREATE STAGE {sql.path(names)}{options}{self.options(inputs)}", self.timeout)

    def alter(
        self, session: Session, names: Sequence[str], olds: State, news: State, changes: Changes
    ) -> None:
        """Change the directory in a separate statement."""
        if "directory" in changes:
            enable = str(news["directory"]["enable"]).lower()
            session.run(f"ALTER STAGE {sql.path(names)} SET DIRECTORY = (ENABLE = {enable})", self.timeout)
        super().alter(session, names, olds, news, changes)

    def describe(self, session: Session, names: Sequence[str]) -> Row | None:
        """DESCRIBE STAGE has a row for each property of each part."""
        rows = session.run(f"DESCRIBE STAGE {sql.path(names)}", self.timeout)
        return {f"{row['parent_property']}/{row['property']}": row["property_value"] for row in rows}

    def read_more(self, reading: Reading, state: State) -> None:
        """Read the directory; the state follows its changes outside the program."""
        directory = {
            "enable": truth(reading.described.get("DIRECTORY/ENABLE")),
            "autoRefresh": truth(reading.described.get("DIRECTORY/AUTO_REFRESH")),
            "lastRefreshedOn": str(reading.described.get("DIRECTORY/LAST_REFRESHED_ON") or ""),
        }
        known = (state.get("describeOutputs") or [{}])[0].get("directoryTables") or [directory]
        if known[0]["enable"] != directory["enable"] or (reading.importing and directory["enable"]):
            state["directory"] = {"enable": directory["enable"]}
        state["describeOutputs"] = [{"directoryTables": [directory]}]
