"""External access integrations.

See https://docs.snowflake.com/en/sql-reference/sql/create-external-access-integration.
"""

from collections.abc import Sequence
from typing import Any

from standins.snowflake_plugin import sql
from standins.snowflake_plugin.columns import columns, items, property_rows
from standins.snowflake_plugin.objects import COMMENT, FIXED_NAME, ObjectResource, Reading, Row
from standins.snowflake_plugin.properties import Prop
from standins.snowflake_plugin.resource import State
from standins.snowflake_plugin.session import Session


class _Allowed(Prop):
    """A nested choice: a list, or the word ALL or NONE."""

    def value(self, value: Any) -> str:
        """The choice as SQL."""
        if value.get("all") or value.get("none"):
            return "all" if value.get("all") else "none"
        quote = sql.qualified if "secrets" in value else sql.ident
        listed = value.get("secrets") or value.get("integrations") or []
        return "(" + ", ".join(quote(item) for item in listed) + ")"


def _one_of(*names: str) -> Any:
    def check(value: State) -> str | None:
        given = [name for name in value if value[name]]
        return (
            None if len(given) == 1 and given[0] in names else f"one of `{','.join(names)}` must be specified"
        )

    return check


class ExternalAccessIntegration(ObjectResource):
    """An external access integration: which network rules and secrets a service may use."""

    type = "ExternalAccessIntegration"
    kind = "EXTERNAL ACCESS INTEGRATION"
    gate = "snowflake_external_access_integration_resource"
    props = (
        FIXED_NAME,
        Prop(
            "allowedNetworkRules", "names", required=True, describe="ALLOWED_NETWORK_RULES", from_show=items
        ),
        _Allowed(
            "allowedApiAuthenticationIntegrations", "block", quiet=True, check=_one_of("none", "integrations")
        ),
        _Allowed(
            "allowedAuthenticationSecrets", "block", quiet=True, check=_one_of("none", "all", "secrets")
        ),
        Prop("enabled", "bool", required=True, show="enabled"),
        COMMENT,
    )
    show_columns = columns("name type category enabled:bool comment created_on")
    describe_columns = columns(
        "ENABLED:bool ALLOWED_NETWORK_RULES:list ALLOWED_API_AUTHENTICATION_INTEGRATIONS:list"
        " ALLOWED_AUTHENTICATION_SECRETS:list COMMENT"
    )

    def in_sql(self, prop: Prop) -> bool:
        """The nested choices are plain settings here too."""
        return prop.plain

    def describe(self, session: Session, names: Sequence[str]) -> Row | None:
        """DESCRIBE has a row for each property."""
        return property_rows(session.run(f"DESCRIBE {self.kind} {sql.path(names)}", self.timeout))

    def read_more(self, reading: Reading, state: State) -> None:
        """Import takes over the allowed secrets and integrations."""
        if reading.importing:
            secrets = items(reading.described.get("ALLOWED_AUTHENTICATION_SECRETS"))
            apis = items(reading.described.get("ALLOWED_API_AUTHENTICATION_INTEGRATIONS"))
            if secrets:
                everything = [item.upper() for item in secrets] == ["ALL"]
                state["allowedAuthenticationSecrets"] = {"all": True} if everything else {"secrets": secrets}
            if apis:
                state["allowedApiAuthenticationIntegrations"] = {"integrations": apis}
