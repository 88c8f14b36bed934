"""Image repositories. See https://docs.snowflake.com/en/sql-reference/sql/create-image-repository."""

from collections.abc import Sequence

from standins.snowflake_plugin import sql
from standins.snowflake_plugin.columns import columns
from standins.snowflake_plugin.objects import COMMENT, DATABASE, FIXED_NAME, SCHEMA, ObjectResource
from standins.snowflake_plugin.properties import Prop
from standins.snowflake_plugin.resource import State
from standins.snowflake_plugin.session import Session


class ImageRepository(ObjectResource):
    """An image repository; images are pushed to ``showOutputs[0].repositoryUrl``."""

    type = "ImageRepository"
    kind = "IMAGE REPOSITORY"
    place = ("database", "schema", "name")
    props = (
        FIXED_NAME,
        DATABASE,
        SCHEMA,
        Prop(
            "encryption",
            "enum",
            plain=False,
            replace=True,
            choices=("SNOWFLAKE_FULL", "SNOWFLAKE_SSE"),
            what="image repository encryption type",
            drift="encryption",
        ),
        COMMENT,
    )
    computed = ("fullyQualifiedName", "showOutputs")
    show_columns = columns(
        "created_on name database_name schema_name repository_url owner owner_role_type comment encryption"
        " privatelink_repository_url"
    )

    def create_object(self, session: Session, names: Sequence[str], inputs: State) -> None:
        """Run CREATE IMAGE REPOSITORY."""
        encryption = self.by_name["encryption"]
        value = inputs.get("encryption")
        encrypted = f" ENCRYPTION = (TYPE = {encryption.value(value)})" if value else ""
        session.run(f"CREATE {self.kind} {sql.path(names)}{encrypted}{self.options(inputs)}", self.timeout)

    def apply(self, session: Session, names: Sequence[str], setting: list[str], unsetting: list[str]) -> None:
        """A repository's comment cannot be unset, so it is set to an empty text."""
        super().apply(session, names, setting or ["COMMENT = ''"], [])
