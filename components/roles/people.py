"""People who use the notebook in addition to MILVUS_USER: existing users, and users that the stack makes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
import pulumi_snowflake as snowflake

from components.roles.password import kept_password
from components.roles.role import Role
from settings import NotebookUser


@dataclass(kw_only=True)
class PeopleArgs:
    """Inputs of People.

    Attributes:
        people: the people; a user is made and dropped only if `create` is set.
        role: the role that they get.
        warehouse, namespace: session defaults of the users that the stack makes.
    """

    people: Sequence[NotebookUser]
    role: Role
    warehouse: str
    namespace: str


class People(pulumi.ComponentResource):
    """The grants of the people's role, and the users that the stack makes."""

    passwords: dict[str, pulumi.Output[str]]
    """The initial passwords of the users that the stack makes, by user name; each is a secret."""

    def __init__(self, name: str, args: PeopleArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("milvus-spcs:index:People", name, {}, opts)
        self.passwords = {}
        for person in args.people:
            part = f"{name}-{person.name.lower()}"
            user = self._user(part, person, args).name if person.create else person.name
            snowflake.GrantAccountRole(
                f"{part}-role",
                role_name=args.role.name,
                user_name=user,
                opts=pulumi.ResourceOptions(
                    parent=self, delete_before_replace=True, deleted_with=args.role.made
                ),
            )
        self.register_outputs({})

    def _user(self, name: str, person: NotebookUser, args: PeopleArgs) -> snowflake.User:
        if person.generate_password:
            self.passwords[person.name] = kept_password(f"{name}-password", self)
        return snowflake.User(
            name,
            name=person.name,
            comment="Uses Milvus from the notebook",
            email=person.email or None,
            password=self.passwords.get(person.name),
            must_change_password="true" if person.generate_password else None,
            rsa_public_key=person.public_key or None,
            default_role=args.role.name,
            default_secondary_roles_option="ALL",
            default_warehouse=args.warehouse,
            default_namespace=args.namespace,
            # The person has changed the password before the next refresh sees it.
            opts=pulumi.ResourceOptions(
                parent=self, delete_before_replace=True, ignore_changes=["mustChangePassword"]
            ),
        )
