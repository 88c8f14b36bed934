"""The schema of the stack's services, and the role that owns them."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi

from components.account.account import Account


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where services and jobs are made, and the role that owns them.

    Attributes:
        account: the account, for failure reports and public addresses.
        owner_role: name of the role that owns the services and jobs.
        database, schema: where the services, the jobs and their secrets are made.
    """

    account: Account
    owner_role: str
    database: pulumi.Input[str]
    schema: pulumi.Input[str]

    def qualified(self, name: str) -> pulumi.Output[str]:
        """The name of an object with database and schema, unquoted."""
        return pulumi.Output.concat(self.database, ".", self.schema, ".", name)
