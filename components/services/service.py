"""A service on a compute pool; it counts as deployed only when it runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pulumi
import pulumi_snowflake as snowflake

from components.account import sql
from components.account.diagnosis import Diagnosis
from components.account.place import Place
from components.roles.role import Role
from components.services import endpoints, specification
from components.services.suspension import Resumer

_NOTHING_TO_UNDO = "SELECT 1"


@dataclass(kw_only=True)
class ServiceArgs:
    """Inputs of Service.

    Attributes:
        name: name of the service; in lower case it is the host name in the schema.
        template: file name of the specification in specs/.
        values: values for the template.
        place: schema and owner of the service.
        compute_pool: the compute pool that the service runs on.
        visitors: the roles that may use all endpoints, by a short name for the grant; default: none.
        public: whether the service has a public endpoint; default false.
        external_access_integrations: integrations for egress; default: none.
        query_warehouse: the warehouse for queries from the containers; default: none.
        ready_timeout: seconds to wait until the service runs; default 600.
        comment: comment of the service; default empty.
        new: whether a changed specification replaces the service instead of altering it; default false.
    """

    name: str
    template: str
    values: Mapping[str, pulumi.Input[object]]
    place: Place
    compute_pool: pulumi.Input[str]
    visitors: Mapping[str, Role] = field(default_factory=dict)
    public: bool = False
    external_access_integrations: Sequence[pulumi.Input[str]] = ()
    query_warehouse: pulumi.Input[str] | None = None
    ready_timeout: int = 600
    comment: str = ""
    new: bool = False


class Service(pulumi.ComponentResource):
    """A service of one instance, the wait until it runs, and the grants to those who may enter it.

    The specification is part of the statement, not a file on a stage. So a preview shows its changes, and the
    new digest of an image alters the service in place.
    """

    service: snowflake.Service
    ready: snowflake.Execute
    """Waits until the service runs."""
    resume: pulumi.ResourceHook
    """A hook that resumes the service if it is suspended, for resources that need the running service."""
    specification: pulumi.Output[str]
    """The specification as YAML text."""
    qualified_name: pulumi.Output[str]
    """Name with database and schema, unquoted."""
    dns_name: pulumi.Output[str]
    status: pulumi.Output[str]
    """The status, e.g. RUNNING."""
    url: pulumi.Output[str] | None
    """The address of the public endpoint; None if the service has no public endpoint."""

    def __init__(self, name: str, args: ServiceArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("milvus-spcs:index:Service", name, {}, opts)
        self.specification = pulumi.Output.all(**args.values).apply(
            lambda values: specification.render(args.template, **values)
        )
        self.qualified_name = args.place.qualified(args.name)
        self.service = self._service(name, args)
        self.resume = Resumer(place=args.place, service=self.qualified_name, timeout=args.ready_timeout).hook(
            f"{name}-awake"
        )
        diagnosis = Diagnosis(place=args.place, service=self.qualified_name)
        self.ready = self._ready(f"{name}-ready", args, diagnosis)
        self.dns_name = self.ready.query_results.apply(lambda rows: _column(rows, "dns_name"))
        self.status = self.ready.query_results.apply(lambda rows: _column(rows, "status"))
        for visitor, role in args.visitors.items():
            self._entry(f"{name}-{visitor}", role)
        self.url = self._url(f"{name}-endpoints", args) if args.public else None
        self.register_outputs({"dnsName": self.dns_name, "status": self.status, "url": self.url})

    def _service(self, name: str, args: ServiceArgs) -> snowflake.Service:
        return snowflake.Service(
            name,
            name=args.name,
            database=args.place.database,
            schema=args.place.schema,
            compute_pool=args.compute_pool,
            from_specification=snowflake.ServiceFromSpecificationArgs(text=self.specification),
            # A block volume belongs to one instance.
            min_instances=1,
            max_instances=1,
            external_access_integrations=list(args.external_access_integrations) or None,
            query_warehouse=args.query_warehouse,
            comment=args.comment,
            opts=pulumi.ResourceOptions(
                parent=self,
                delete_before_replace=True,
                replace_on_changes=["fromSpecification"] if args.new else [],
            ),
        )

    def _ready(self, name: str, args: ServiceArgs, diagnosis: Diagnosis) -> snowflake.Execute:
        # A resource and not a hook: a wait that failed is not in the state, so the next `up` waits again.
        return snowflake.Execute(
            name,
            execute=self._statement(f"CALL {{service}}!SPCS_WAIT_FOR('RUNNING', {args.ready_timeout})"),
            query=pulumi.Output.all(args.place.database, args.place.schema).apply(
                lambda schema: (
                    f"SHOW SERVICES LIKE {sql.literal(args.name)} IN SCHEMA {sql.identifier(*schema)}"
                )
            ),
            revert=_NOTHING_TO_UNDO,
            opts=self._bound_to_service(
                hooks=pulumi.ResourceHookBinding(before_create=[self.resume], on_error=[diagnosis.hook(name)])
            ),
        )

    def _entry(self, name: str, role: Role) -> None:
        # The provider has no resource for this grant. Only the owner of a service can grant its service
        # roles. https://docs.snowflake.com/en/sql-reference/sql/grant-service-role
        service_role = pulumi.Output.concat(self.service.fully_qualified_name, "!ALL_ENDPOINTS_USAGE")
        grantee = role.name.apply(sql.identifier)
        snowflake.Execute(
            name,
            execute=pulumi.Output.concat("GRANT SERVICE ROLE ", service_role, " TO ROLE ", grantee),
            revert=pulumi.Output.concat("REVOKE SERVICE ROLE ", service_role, " FROM ROLE ", grantee),
            opts=self._bound_to_service(),
        )

    def _url(self, name: str, args: ServiceArgs) -> pulumi.Output[str]:
        rows = snowflake.Execute(
            name,
            execute=self._statement(f"{endpoints.STATEMENT}{{service}}"),
            query=pulumi.Output.concat(endpoints.STATEMENT, self.service.fully_qualified_name),
            revert=_NOTHING_TO_UNDO,
            opts=self._bound_to_service(depends_on=[self.ready]),
        ).query_results
        addresses = endpoints.Addresses(args.place, args.ready_timeout)
        return pulumi.Output.all(rows, self.service.fully_qualified_name).apply(
            lambda values: addresses.public_url(*values)
        )

    def _statement(self, pattern: str) -> pulumi.Output[str]:
        """A statement about the service that runs again when the specification changes."""
        return pulumi.Output.all(self.service.fully_qualified_name, self.specification).apply(
            lambda values: f"{pattern.format(service=values[0])} /* spec {sql.fingerprint(values[1])} */"
        )

    def _bound_to_service(self, **options: Any) -> pulumi.ResourceOptions:
        # The effect of the statement ends with the service, so the statement runs again for a new service.
        return pulumi.ResourceOptions(
            parent=self,
            # Both protect data; these statements have none and can always run again.
            protect=False,
            retain_on_delete=False,
            deleted_with=self.service,
            replace_with=[self.service],
            delete_before_replace=True,
            **options,
        )


def _column(rows: Sequence[Mapping[str, str]] | None, column: str) -> str:
    return rows[0].get(column, "") if rows else ""
