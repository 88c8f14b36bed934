"""The database and the schema that hold everything of the stack below the account level."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
import pulumi_snowflake as snowflake

from components.roles import grants
from components.roles.role import Role

# The owner role makes these in the schema. It has the privileges of the notebook too, by role hierarchy.
OWNER_PRIVILEGES = ("CREATE IMAGE REPOSITORY", "CREATE SECRET", "CREATE STAGE")
# The notebook makes its service and the demo table.
NOTEBOOK_PRIVILEGES = ("USAGE", "CREATE SERVICE", "CREATE TABLE")


@dataclass(kw_only=True)
class DatabaseArgs:
    """Inputs of Database.

    Attributes:
        name: name of the database.
        owner: the role that owns Milvus and all data.
        notebook: the role that owns the notebook; it is granted to `owner`.
        people: the role of the people who use the notebook; it may see database and schema.
        schema: name of the schema; default PUBLIC.
        existing: whether the database exists already; then it is read, and never changed or dropped. The
            schema is always made. Default false.
    """

    name: str
    owner: Role
    notebook: Role
    people: Role
    schema: str = "PUBLIC"
    existing: bool = False


class Database(pulumi.ComponentResource):
    """A new or an existing database, with one new schema.

    Each role may make only its own kinds of objects in the schema.
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
                # Snowflake makes a schema PUBLIC with the database. To manage that one, the provider would
                # reset all its parameters. Some of them are log levels, and setting those needs privileges on
                # the account that the deploying role does not have.
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
