"""One resource of every type that needs no image; services are the stack's own tests' matter.

The environment variable EDITION, `first` or `second`, changes what can change.
"""

import os

import pulumi
import pulumi_snowflake as snowflake
from pulumi import Output, ResourceOptions

second = os.environ.get("EDITION") == "second"
edition = "second" if second else "first"
FEATURES = {
    "validate_default_parameters": "false",
    "preview_features_enabled": [
        "snowflake_job_service_resource",
        "snowflake_external_access_integration_resource",
        "snowflake_user_public_keys_resource",
    ],
}
admin = ResourceOptions(provider=snowflake.Provider("admin", role="ACCOUNTADMIN", **FEATURES))

reader = snowflake.AccountRole("reader", name="EVERY_READER", comment=edition, opts=admin)
owner = snowflake.AccountRole("owner", name="EVERY_OWNER", opts=admin)
sysadmin = snowflake.GrantAccountRole("owner", role_name=owner.name, parent_role_name="SYSADMIN", opts=admin)
person = snowflake.User(
    "person",
    name="EVERY_PERSON",
    password=Output.secret(f"Correct-horse-{edition}-9"),
    default_role=reader.name,
    must_change_password="false",
    comment=edition,
    opts=admin,
)
snowflake.GrantAccountRole("person", role_name=reader.name, user_name=person.name, opts=admin)
snowflake.LegacyServiceUser("legacy", name="EVERY_LEGACY", disabled="true", opts=admin)
robot = snowflake.ServiceUser("robot", name="EVERY_ROBOT", comment=edition, opts=admin)
allowed = snowflake.GrantAccountRole("robot", role_name=reader.name, user_name=robot.name, opts=admin)
token = snowflake.UserProgrammaticAccessToken(
    "robot",
    user=robot.name,
    name="EVERY_TOKEN",
    role_restriction=reader.name,
    days_to_expiry=7,
    comment=edition,
    opts=ResourceOptions.merge(admin, ResourceOptions(depends_on=[allowed])),
)
warehouse = snowflake.Warehouse(
    "warehouse",
    name="EVERY_WH",
    warehouse_size="XSMALL",
    auto_suspend=120 if second else 60,
    initially_suspended=True,
    opts=admin,
)
database = snowflake.Database("database", name="EVERY_DB", comment=edition, opts=admin)
public = snowflake.Schema("public", name="PUBLIC", database=database.name, comment=edition, opts=admin)
schema = snowflake.Schema("schema", name="S", database=database.name, opts=admin)
inside = {"database": database.name, "schema": schema.name}
stage = snowflake.StageInternal(
    "stage",
    name="FILES",
    encryption={"snowflake_sse": {}},
    directory={"enable": True},
    comment=edition,
    opts=admin,
    **inside,
)
images = snowflake.ImageRepository("images", name="IMAGES", opts=admin, **inside)
snowflake.SecretWithGenericString(
    "text", name="TEXT", secret_string=Output.secret(edition), comment=edition, opts=admin, **inside
)
snowflake.SecretWithBasicAuthentication(
    "login", name="LOGIN", username="root", password=Output.secret(edition), opts=admin, **inside
)
rule = snowflake.NetworkRule(
    "hosts",
    name="HOSTS",
    type="HOST_PORT",
    mode="EGRESS",
    value_lists=["a.example:443", "b.example"] + (["c.example"] if second else []),
    opts=admin,
    **inside,
)
access = snowflake.ExternalAccessIntegration(
    "access", name="EVERY_ACCESS", allowed_network_rules=[rule.fully_qualified_name], enabled=True, opts=admin
)
pool = snowflake.ComputePool(
    "pool",
    name="EVERY_POOL",
    min_nodes=1,
    max_nodes=2 if second else 1,
    instance_family="CPU_X64_XS",
    auto_suspend_secs=600,
    opts=admin,
)


def grant(name: str, role: snowflake.AccountRole, privileges: list[str], **on: object) -> pulumi.Resource:
    """Privileges on one target."""
    return snowflake.GrantPrivilegesToAccountRole(
        name, account_role_name=role.name, privileges=privileges, opts=admin, **on
    )


def on_object(kind: str, name: pulumi.Input[str]) -> dict[str, object]:
    """A target that is one object of the account."""
    return {"on_account_object": {"object_type": kind, "object_name": name}}


grant("account", reader, ["BIND SERVICE ENDPOINT", *(["CREATE DATABASE"] if second else [])], on_account=True)
grant("warehouse", reader, ["OPERATE", "USAGE"], **on_object("WAREHOUSE", warehouse.name))
grant(
    "tables",
    reader,
    ["SELECT"],
    on_schema_object={"future": {"object_type_plural": "TABLES", "in_schema": schema.fully_qualified_name}},
)
needed = [
    grant("database", owner, ["USAGE"], **on_object("DATABASE", database.name)),
    grant("pool", owner, ["USAGE", "MONITOR"], **on_object("COMPUTE POOL", pool.name)),
    grant("access", owner, ["USAGE"], **on_object("INTEGRATION", access.name)),
    grant("query", owner, ["USAGE"], **on_object("WAREHOUSE", warehouse.name)),
    grant("schema", owner, ["USAGE", "CREATE TABLE"], on_schema={"schema_name": schema.fully_qualified_name}),
    grant(
        "images",
        owner,
        ["READ"],
        on_schema_object={"object_type": "IMAGE REPOSITORY", "object_name": images.fully_qualified_name},
    ),
]
grant(
    "stage",
    owner,
    ["READ"],
    on_schema_object={"object_type": "STAGE", "object_name": stage.fully_qualified_name},
)
as_owner = ResourceOptions(
    provider=snowflake.Provider(
        "owner", role="EVERY_OWNER", opts=ResourceOptions(depends_on=[sysadmin]), **FEATURES
    ),
    depends_on=needed,
)
snowflake.GrantOwnership(
    "public",
    account_role_name=owner.name,
    outbound_privileges="COPY",
    on={"object_type": "SCHEMA", "object_name": public.fully_qualified_name},
    opts=admin,
)
table = snowflake.Execute(
    "table",
    execute="CREATE TABLE EVERY_DB.S.T (A INT)",
    revert="DROP TABLE IF EXISTS EVERY_DB.S.T",
    query="SHOW TABLES IN SCHEMA EVERY_DB.S",
    opts=as_owner,
)

pulumi.export("repositoryUrl", images.show_outputs[0]["repository_url"])
pulumi.export("tables", table.query_results.apply(lambda rows: [row["name"] for row in rows or []]))
pulumi.export("token", token.token)
