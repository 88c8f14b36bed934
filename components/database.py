"""The database and schema that hold everything of the stack below the account level."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
import pulumi_snowflake as snowflake

from components import grants
from components.role import Role

# What the roles make in the schema. The owner role has the notebook's privileges too, by role hierarchy.
OWNER_PRIVILEGES = ("CREATE IMAGE REPOSITORY", "CREATE SECRET", "CREATE STAGE")
# Its service, and the demo table.
NOTEBOOK_PRIVILEGES = ("USAGE", "CREATE SERVICE", "CREATE TABLE")


@dataclass(kw_only=True)
class DatabaseArgs:
    """Inputs of Database.

    Attributes:
        name: the database's name.
        owner: role that owns Milvus and everything that is kept.
        notebook: role that owns the notebook, granted to `owner`.
        people: role of the people who use it; it may look into database and schema.
        schema: the schema's name; default PUBLIC.
        existing: the database is there already: read, and never changed or dropped; default false. The
            schema is made in it in any case.
    """

    name: str
    owner: Role
    notebook: Role
    people: Role
    schema: str = "PUBLIC"
    existing: bool = False


class Database(pulumi.ComponentResource):
    """A database, or one that is there already, with one schema.

    Each role gets no more than to make its own objects there.
    """

    name: pulumi.Output[str]
    schema: pulumi.Output[str]

    def __init__(self, name: str, args: DatabaseArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("milvus-spcs:index:Database", name, {}, opts)
        child = pulumi.ResourceOptions(parent=self, delete_before_replace=True)
        database = (
            snowflake.Database.get(name, args.name, opts=child)
            if args.existing
            else snowflake.Database(
                name,
                name=args.name,
                comment="Milvus on Snowpark Container Services",
                # Taking over the schema PUBLIC that comes with it would reset each of its parameters, among
                # them log levels, for which the deploying role would need privileges on the account.
                drop_public_schema_on_creation=True,
                opts=child,
            )
        )
        schema = snowflake.Schema(f"{name}-schema", name=args.schema, database=database.name, opts=child)
        for user, role, privileges in (
            ("owner", args.owner, OWNER_PRIVILEGES),
            ("notebook", args.notebook, NOTEBOOK_PRIVILEGES),
            ("people", args.people, ("USAGE",)),
        ):
            on = ("SCHEMA", schema.fully_qualified_name)
            grants.grant(f"{name}-schema-{user}", role, privileges, on, self)
            if "USAGE" in privileges and grants.is_managed(role, args.existing):
                grants.grant(f"{name}-{user}", role, ["USAGE"], ("DATABASE", database.name), self)
        self.name = database.name
        self.schema = schema.name
        self.register_outputs({"name": self.name, "schema": self.schema})
