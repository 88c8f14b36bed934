"""The database and schema that hold everything of the stack below the account level."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
import pulumi_snowflake as snowflake

from components import grants

# What the owner role makes in the schema: services and what they need, and the notebook's demo table.
OWNER_PRIVILEGES = (
    "USAGE",
    "CREATE IMAGE REPOSITORY",
    "CREATE SECRET",
    "CREATE SERVICE",
    "CREATE STAGE",
    "CREATE TABLE",
)


@dataclass(kw_only=True)
class DatabaseArgs:
    """Inputs of Database.

    Attributes:
        name: the database's name.
        owner: role that owns the services.
        people: role of the people who use them; it may look into database and schema.
        schema: the schema's name; default PUBLIC, which comes with the database and is taken over.
    """

    name: str
    owner: snowflake.AccountRole
    people: snowflake.AccountRole
    schema: str = "PUBLIC"


class Database(pulumi.ComponentResource):
    """A database with one schema. The owner role gets no more than to make its own objects there."""

    name: pulumi.Output[str]
    schema: pulumi.Output[str]

    def __init__(self, name: str, args: DatabaseArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("milvus-spcs:index:Database", name, {}, opts)
        child = pulumi.ResourceOptions(parent=self, delete_before_replace=True)
        database = snowflake.Database(
            name, name=args.name, comment="Milvus on Snowpark Container Services", opts=child
        )
        schema = snowflake.Schema(f"{name}-schema", name=args.schema, database=database.name, opts=child)
        for user, role, privileges in (
            ("owner", args.owner, OWNER_PRIVILEGES),
            ("people", args.people, ("USAGE",)),
        ):
            grants.on_account_object(f"{name}-{user}", role, ["USAGE"], "DATABASE", database.name, self)
            grants.on_schema(f"{name}-schema-{user}", role, privileges, schema.fully_qualified_name, self)
        self.name = database.name
        self.schema = schema.name
        self.register_outputs({"name": self.name, "schema": self.schema})
