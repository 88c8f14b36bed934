"""The hosts outside Snowflake that the notebook may reach."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
import pulumi_snowflake as snowflake

from components.roles import grants
from components.roles.role import Role


@dataclass(kw_only=True)
class EgressArgs:
    """Inputs of Egress.

    Attributes:
        hosts: the hosts, each HOST:PORT; empty if the integration exists already.
        rule: name of the network rule.
        integration: name of the external access integration.
        database, schema: where the rule is made.
        user: the role that owns the notebook; it may attach the integration but not change it.
        existing: whether the integration exists already; then it is read and used, and never changed or
            dropped. Default false.
    """

    hosts: Sequence[str]
    rule: str
    integration: str
    database: pulumi.Input[str]
    schema: pulumi.Input[str]
    user: Role
    existing: bool = False


class Egress(pulumi.ComponentResource):
    """The integration that services attach: an existing one, or a new one with its own network rule.

    The deploying role makes it, because code in the notebook acts as the notebook's owner role and must not
    be able to permit itself more hosts. See
    https://docs.snowflake.com/en/developer-guide/snowpark-container-services/service-network-communications.
    """

    integration: pulumi.Output[str]

    def __init__(self, name: str, args: EgressArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("milvus-spcs:index:Egress", name, {}, opts)
        integration = (
            snowflake.ExternalAccessIntegration.get(
                f"{name}-integration", args.integration, opts=pulumi.ResourceOptions(parent=self)
            )
            if args.existing
            else self._integration(name, args)
        )
        grants.grant(f"{name}-notebook", args.user, ["USAGE"], ("INTEGRATION", integration.name), self)
        self.integration = integration.name
        self.register_outputs({"integration": self.integration})

    def _integration(self, name: str, args: EgressArgs) -> snowflake.ExternalAccessIntegration:
        child = pulumi.ResourceOptions(parent=self, delete_before_replace=True)
        rule = snowflake.NetworkRule(
            f"{name}-rule",
            name=args.rule,
            database=args.database,
            schema=args.schema,
            type="HOST_PORT",
            mode="EGRESS",
            value_lists=list(args.hosts),
            comment="Hosts that the notebook may reach",
            opts=child,
        )
        return snowflake.ExternalAccessIntegration(
            f"{name}-integration",
            name=args.integration,
            allowed_network_rules=[rule.fully_qualified_name],
            enabled=True,
            comment="Egress of the notebook",
            opts=child,
        )
