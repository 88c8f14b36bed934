"""Secrets. See https://docs.snowflake.com/en/sql-reference/sql/create-secret."""

from collections.abc import Sequence
from typing import ClassVar

from standins.snowflake_plugin import sql
from standins.snowflake_plugin.columns import columns
from standins.snowflake_plugin.objects import COMMENT, DATABASE, FIXED_NAME, SCHEMA, ObjectResource
from standins.snowflake_plugin.properties import Prop
from standins.snowflake_plugin.resource import State
from standins.snowflake_plugin.session import Session

_SHOW = "created_on name schema_name database_name owner comment secret_type oauth_scopes:list"


class SecretWithGenericString(ObjectResource):
    """A secret text. Its value is never read back."""

    type = "SecretWithGenericString"
    kind = "SECRET"
    place = ("database", "schema", "name")
    secret_type: ClassVar[str] = "GENERIC_STRING"  # noqa: S105 - a name
    props = (FIXED_NAME, DATABASE, SCHEMA, Prop("secretString", required=True, secret=True), COMMENT)
    set_order = ("comment",)
    type_output = ("secretType", "secret_type", ("GENERIC_STRING",))
    show_columns = columns(_SHOW + " owner_role_type")
    describe_columns = columns(
        _SHOW + " username oauth_access_token_expiry_time oauth_refresh_token_expiry_time integration_name"
    )

    def create_object(self, session: Session, names: Sequence[str], inputs: State) -> None:
        """Run CREATE SECRET."""
        kind = f"TYPE = {self.secret_type}"
        session.run(f"CREATE SECRET {sql.path(names)} {kind}{self.options(inputs)}", self.timeout)

    def apply(self, session: Session, names: Sequence[str], setting: list[str], unsetting: list[str]) -> None:
        """A secret's comment is unset by SET COMMENT = NULL."""
        super().apply(session, names, setting, [])
        if unsetting:
            session.run(f"ALTER SECRET {sql.path(names)} SET COMMENT = NULL", self.timeout)


class SecretWithBasicAuthentication(SecretWithGenericString):
    """A user name and a password."""

    type = "SecretWithBasicAuthentication"
    secret_type = "PASSWORD"  # noqa: S105 - a name
    props = (
        FIXED_NAME,
        DATABASE,
        SCHEMA,
        Prop("username", required=True, secret=True, describe="username"),
        Prop("password", required=True, secret=True),
        COMMENT,
    )
    type_output = ("secretType", "secret_type", ("PASSWORD",))
