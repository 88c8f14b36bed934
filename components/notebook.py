"""JupyterLab as a service with a public address, entered by Snowflake sign-in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi

from components.place import Place
from components.role import Role
from components.service import Service, ServiceArgs
from components.specification import image_values


@dataclass(kw_only=True)
class NotebookArgs:
    """Inputs of Notebook.

    Attributes:
        image: reference of the Jupyter image, with digest.
        milvus_host: host of Milvus inside the schema.
        milvus_secret: secret with the notebook's Milvus user name and password.
        files_stage: stage mounted at /workspace/files, with database and schema.
        visitors: role that may enter.
        place: where it is made, and as whom.
        compute_pool: the pool it runs on.
        warehouse: where its queries run.
        external_access_integrations: integrations for egress; default none.
        ready_timeout: seconds to wait until it runs; default 600.
        name: the service's name; default JUPYTER.
    """

    image: pulumi.Input[str]
    milvus_host: str
    milvus_secret: pulumi.Input[str]
    files_stage: pulumi.Input[str]
    visitors: Role
    place: Place
    compute_pool: pulumi.Input[str]
    warehouse: pulumi.Input[str]
    external_access_integrations: Sequence[pulumi.Input[str]] = ()
    ready_timeout: int = 600
    name: str = "JUPYTER"


class Notebook(pulumi.ComponentResource):
    """The Jupyter service; people enter with the service role, code in it acts by session token."""

    url: pulumi.Output[str]
    status: pulumi.Output[str]

    def __init__(self, name: str, args: NotebookArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("milvus-spcs:index:Notebook", name, {}, opts)
        service = Service(
            f"{name}-service",
            ServiceArgs(
                name=args.name,
                template="jupyter.yaml",
                values={
                    **image_values(args.image),
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
