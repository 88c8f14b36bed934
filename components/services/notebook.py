"""JupyterLab as a service with a public address; people sign in to Snowflake to enter it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi

from components.account.place import Place
from components.roles.role import Role
from components.services.service import Service, ServiceArgs
from components.services.share import Share
from components.services.specification import image_values


@dataclass(kw_only=True)
class NotebookArgs:
    """Inputs of Notebook.

    Attributes:
        image: reference of the Jupyter image, with digest.
        milvus_host: host name of Milvus inside the schema.
        milvus_secret: the secret with the notebook's Milvus user name and password.
        files_stage: the stage that is mounted at /workspace/files, with database and schema.
        visitors: the role that may enter.
        place: schema and owner of the service.
        compute_pool: the compute pool that the service runs on.
        share: what the notebook gets of its machine.
        warehouse: the warehouse for queries from the notebook.
        external_access_integrations: integrations for egress; default: none.
        ready_timeout: seconds to wait until the service runs; default 600.
        name: name of the service; default JUPYTER.
    """

    image: pulumi.Input[str]
    milvus_host: str
    milvus_secret: pulumi.Input[str]
    files_stage: pulumi.Input[str]
    visitors: Role
    place: Place
    compute_pool: pulumi.Input[str]
    share: Share
    warehouse: pulumi.Input[str]
    external_access_integrations: Sequence[pulumi.Input[str]] = ()
    ready_timeout: int = 600
    name: str = "JUPYTER"


class Notebook(pulumi.ComponentResource):
    """The Jupyter service. People enter it by a service role; code in it acts with the session token."""

    url: pulumi.Output[str]
    """The public address; empty in a preview before the service exists."""
    status: pulumi.Output[str]
    """The status of the service, e.g. RUNNING."""

    def __init__(self, name: str, args: NotebookArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("milvus-spcs:index:Notebook", name, {}, opts)
        service = Service(
            f"{name}-service",
            ServiceArgs(
                name=args.name,
                template="jupyter.yaml",
                values={
                    **image_values(args.image),
                    **args.share.values(),
                    "milvus_host": args.milvus_host,
                    "milvus_secret": args.milvus_secret,
                    "files_stage": args.files_stage,
                },
                place=args.place,
                compute_pool=args.compute_pool,
                visitors={"people": args.visitors},
                public=True,
                external_access_integrations=args.external_access_integrations,
                query_warehouse=args.warehouse,
                ready_timeout=args.ready_timeout,
                comment="JupyterLab with a notebook for Milvus",
            ),
            pulumi.ResourceOptions(parent=self),
        )
        self.url = pulumi.Output.from_input(service.url or "")
        self.status = service.status
        self.register_outputs({"url": self.url, "status": self.status})
