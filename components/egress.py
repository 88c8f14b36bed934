"""Which hosts outside Snowflake the notebook may reach."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
import pulumi_snowflake as snowflake

from components import grants


@dataclass(kw_only=True)
class EgressArgs:
    """Inputs of Egress.

    Attributes:
        hosts: HOST:PORT each.
        rule: name of the network rule.
        integration: name of the external access integration.
        database, schema: where the rule is made.
        user: role that owns the notebook; it may attach the integration but not change it.
    """

    hosts: Sequence[str]
    rule: str
    integration: str
    database: pulumi.Input[str]
    schema: pulumi.Input[str]
    user: snowflake.AccountRole


class Egress(pulumi.ComponentResource):
    """A network rule with the hosts and the integration that services attach.

    Made by the deploying role: code in the notebook acts as its owner and must not widen its own egress.
    See https://docs.snowflake.com/en/developer-guide/snowpark-container-services/service-network-communications.
    """

    integration: pulumi.Output[str]

    def __init__(self, name: str, args: EgressArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("milvus-spcs:index:Egress", name, {}, opts)
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
        integration = snowflake.ExternalAccessIntegration(
            f"{name}-integration",
            name=args.integration,
            allowed_network_rules=[rule.fully_qualified_name],
            enabled=True,
            comment="Egress of the notebook",
            opts=child,
        )
        grants.on_account_object(
            f"{name}-notebook", args.user, ["USAGE"], "INTEGRATION", integration.name, self
        )
        self.integration = integration.name
        self.register_outputs({"integration": self.integration})
