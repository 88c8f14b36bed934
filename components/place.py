"""Where the stack's services live, and as whom they act."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi

from components.account import Account


@dataclass(frozen=True, kw_only=True)
class Place:
    """What all services and jobs of a stack have in common.

    Attributes:
        account: the account, for failure reports and public addresses.
        owner_role: name of the role that owns them.
        database, schema: where they and their secrets are made.
    """

    account: Account
    owner_role: str
    database: pulumi.Input[str]
    schema: pulumi.Input[str]

    def qualified(self, name: str) -> pulumi.Output[str]:
        """An object's name with database and schema, unquoted."""
        return pulumi.Output.concat(self.database, ".", self.schema, ".", name)
