"""Network rules. See https://docs.snowflake.com/en/sql-reference/sql/create-network-rule."""

from standins.snowflake_plugin.columns import columns, items
from standins.snowflake_plugin.objects import COMMENT, DATABASE, FIXED_NAME, SCHEMA, ObjectResource
from standins.snowflake_plugin.properties import Prop

_COLUMNS = "created_on name database_name schema_name owner comment type mode"


class NetworkRule(ObjectResource):
    """A network rule: a list of hosts, addresses or endpoints."""

    type = "NetworkRule"
    kind = "NETWORK RULE"
    place = ("database", "schema", "name")
    props = (
        FIXED_NAME,
        DATABASE,
        SCHEMA,
        Prop(
            "type",
            "word",
            required=True,
            replace=True,
            show="type",
            what="network rule type",
            choices=("IPV4", "AWSVPCEID", "AZURELINKID", "GCPPSCID", "HOST_PORT", "PRIVATE_HOST_PORT"),
        ),
        Prop("valueLists", "texts", sql="VALUE_LIST", required=True, describe="value_list", from_show=items),
        Prop(
            "mode",
            "word",
            required=True,
            replace=True,
            show="mode",
            what="network rule mode",
            choices=("INGRESS", "INTERNAL_STAGE", "EGRESS", "POSTGRES_INGRESS", "POSTGRES_EGRESS"),
        ),
        COMMENT,
    )
    set_separator = ", "
    show_columns = columns(f"{_COLUMNS} entries_in_valuelist=entriesInValueList:int owner_role_type")
    describe_columns = columns(f"{_COLUMNS} value_list=valueLists:list")
