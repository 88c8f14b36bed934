"""Account roles, and roles granted to roles and users.

See https://docs.snowflake.com/en/sql-reference/sql/create-role and
https://docs.snowflake.com/en/sql-reference/sql/grant-role.
"""

from standins.snowflake_plugin import sql
from standins.snowflake_plugin.columns import columns
from standins.snowflake_plugin.errors import PluginError, SnowflakeError
from standins.snowflake_plugin.objects import COMMENT, NAME, ObjectResource
from standins.snowflake_plugin.properties import Prop
from standins.snowflake_plugin.resource import Resource, State
from standins.snowflake_plugin.session import Session


class AccountRole(ObjectResource):
    """A role of the account."""

    type = "AccountRole"
    kind = "ROLE"
    props = (NAME, COMMENT)
    computed = ("fullyQualifiedName", "showOutputs")
    show_columns = columns(
        "created_on name is_default:bool is_current:bool is_inherited:bool assigned_to_users:int"
        " granted_to_roles:int granted_roles:int owner comment"
    )


class GrantAccountRole(Resource):
    """A role granted to another role or to a user."""

    type = "GrantAccountRole"
    props = (
        Prop("roleName", "ident", required=True, replace=True),
        Prop("parentRoleName", "ident", replace=True),
        Prop("userName", "ident", replace=True),
    )
    exactly_one = (("userName", "parentRoleName"),)

    def create(self, session: Session, inputs: State) -> tuple[str, State]:
        """Grant the role."""
        kind, grantee = self._grantee(inputs)
        session.run(
            f"GRANT ROLE {sql.ident(inputs['roleName'])} TO {kind} {sql.ident(grantee)}", self.timeout
        )
        return "|".join((sql.ident(inputs["roleName"]), kind, sql.ident(grantee))), dict(inputs)

    @staticmethod
    def _grantee(values: State) -> tuple[str, str]:
        return ("USER", values["userName"]) if values.get("userName") else ("ROLE", values["parentRoleName"])

    def read(self, session: Session, resource_id: str, state: State) -> State | None:
        """Look for the grant; if the role is gone, so is the grant."""
        try:
            role, kind, grantee = resource_id.split("|")
        except ValueError:
            raise PluginError(f'invalid id {resource_id!r}: expected "ROLE"|ROLE or USER|"GRANTEE"') from None
        try:
            rows = session.run(f"SHOW GRANTS OF ROLE {sql.ident(role)}", self.timeout)
        except SnowflakeError:
            return None
        if not any((row["granted_to"], row["grantee_name"]) == (kind, sql.bare(grantee)) for row in rows):
            return None
        return state or {"roleName": role, ("userName" if kind == "USER" else "parentRoleName"): grantee}

    def delete(self, session: Session, resource_id: str, state: State) -> None:
        """Revoke the role; not an error if the role or the grantee is gone."""
        role, kind, grantee = resource_id.split("|")
        try:
            session.run(f"REVOKE ROLE {sql.ident(role)} FROM {kind} {sql.ident(grantee)}", self.timeout)
        except SnowflakeError as error:
            if not error.missing:
                raise
