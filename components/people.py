"""People who use the notebook besides MILVUS_USER: existing users get the role, others are made."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
import pulumi_snowflake as snowflake

from components.password import kept_password
from components.role import Role
from settings import NotebookUser


@dataclass(kw_only=True)
class PeopleArgs:
    """Inputs of People.

    Attributes:
        people: who they are; a user is made, and dropped, only where `create` is set.
        role: the role that they get.
        warehouse, namespace: defaults of the sessions of users that are made.
    """

    people: Sequence[NotebookUser]
    role: Role
    warehouse: str
    namespace: str


class People(pulumi.ComponentResource):
    """Grants of the people's role, and the users that are made for it."""

    passwords: dict[str, pulumi.Output[str]]
    """Initial password of each made user that has one, secret, by user name."""

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
            # The person has changed it by the time of the next refresh.
            opts=pulumi.ResourceOptions(
                parent=self, delete_before_replace=True, ignore_changes=["mustChangePassword"]
            ),
        )
