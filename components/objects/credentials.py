"""A user name and a password, kept in a Snowflake secret, for a program that runs in a service."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
import pulumi_snowflake as snowflake

from components.account.place import Place
from components.roles import grants
from components.roles.password import kept_password
from components.roles.role import Role


@dataclass(kw_only=True)
class CredentialsArgs:
    """Inputs of Credentials.

    Attributes:
        name: name of the secret.
        username: the user name in the secret; the password is made once and kept.
        place: schema of the secret.
        comment: comment of the secret.
        reader: another role whose services may mount the secret; default: no other role.
    """

    name: str
    username: str
    place: Place
    comment: str
    reader: Role | None = None


class Credentials(pulumi.ComponentResource):
    """A generated password in a Snowflake secret that containers mount."""

    secret: pulumi.Output[str]
    """Name of the secret with database and schema, unquoted, as specifications need it."""

    def __init__(self, name: str, args: CredentialsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("milvus-spcs:index:Credentials", name, {}, opts)
        secret = snowflake.SecretWithBasicAuthentication(
            name,
            name=args.name,
            database=args.place.database,
            schema=args.place.schema,
            username=args.username,
            password=kept_password(f"{name}-password", self),
            comment=args.comment,
            opts=pulumi.ResourceOptions(parent=self, delete_before_replace=True),
        )
        if args.reader:
            on = ("SECRET", secret.fully_qualified_name)
            grants.grant(f"{name}-reader", args.reader, ["READ"], on, self)
        self.secret = pulumi.Output.concat(secret.database, ".", secret.schema, ".", secret.name)
        self.register_outputs({"secret": self.secret})
