"""Milvus as a service: standalone, with its data on a block volume, and only open with a password."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import pulumi

from components.account.place import Place
from components.objects.credentials import Credentials, CredentialsArgs
from components.roles.role import Role
from components.services.job import Job, JobArgs
from components.services.service import Service, ServiceArgs
from components.services.share import Share
from components.services.specification import image_values
from settings.milvus_config import environment

SERVICE, VOLUME = "MILVUS", "data"
PORT = 19530
NOTEBOOK_USER = "notebook"


@dataclass(frozen=True, kw_only=True)
class Volume:
    """The block volume with Milvus's data.

    Attributes:
        size: in GiB; default 10.
        iops, throughput: operations and MiB per second; 0: the cloud's default; default 0.
        snapshot: the snapshot from which the volume started, or a new volume starts; default: no snapshot.
        new: whether the volume replaces a deployed one. Snowflake cannot change a volume, so the service is
            replaced too. Default false.
    """

    size: int = 10
    iops: int = 0
    throughput: int = 0
    snapshot: str = ""
    new: bool = False


@dataclass(kw_only=True)
class MilvusArgs:
    """Inputs of Milvus.

    Attributes:
        image: reference of the Milvus image, with digest.
        tools_image: reference of the image with the set-up script.
        notebook_role: the role that owns the notebook; its services may reach Milvus and mount the notebook's
            Milvus credentials.
        place: schema and owner of the service.
        compute_pool: the compute pool that the service runs on.
        share: what Milvus gets of its machine.
        config: keys of milvus.yaml and their values; default: none.
        volume: the block volume; default: an empty one of 10 GiB.
        ready_timeout: seconds to wait until the service runs; default 600.
        name: name of the service; default MILVUS.
    """

    image: pulumi.Input[str]
    tools_image: pulumi.Input[str]
    notebook_role: Role
    place: Place
    compute_pool: pulumi.Input[str]
    share: Share
    config: Mapping[str, object] = field(default_factory=dict)
    volume: Volume = field(default_factory=Volume)
    ready_timeout: int = 600
    name: str = SERVICE


class Milvus(pulumi.ComponentResource):
    """The Milvus service, the password of its root user, and a Milvus user for the notebook."""

    host: str
    """The host name by which services in the same schema reach Milvus."""
    endpoint: pulumi.Output[str]
    """HOST:PORT of Milvus inside the account."""
    status: pulumi.Output[str]
    """The status of the service, e.g. RUNNING."""
    credentials: Credentials
    """User name and password of the notebook in Milvus."""
    service: Service
    setup: Job

    def __init__(self, name: str, args: MilvusArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("milvus-spcs:index:Milvus", name, {}, opts)
        child = pulumi.ResourceOptions(parent=self)
        root = self._credentials(f"{name}-root", args, f"{args.name}_ROOT", "root")
        self.credentials = self._credentials(
            f"{name}-notebook", args, f"{args.name}_NOTEBOOK", NOTEBOOK_USER, args.notebook_role
        )
        self.host = args.name.lower().replace("_", "-")
        self.service = Service(
            f"{name}-service",
            ServiceArgs(
                name=args.name,
                template="milvus.yaml",
                values={
                    **image_values(args.image),
                    **args.share.values(),
                    "config": environment(args.config),
                    "root_secret": root.secret,
                    "volume_size": args.volume.size,
                    "iops": args.volume.iops,
                    "throughput": args.volume.throughput,
                    "snapshot": args.volume.snapshot,
                },
                new=args.volume.new,
                place=args.place,
                compute_pool=args.compute_pool,
                visitors={"notebook": args.notebook_role},
                ready_timeout=args.ready_timeout,
                comment="Milvus standalone",
            ),
            child,
        )
        self.setup = Job(
            f"{name}-setup",
            JobArgs(
                name=f"{args.name}_SETUP",
                container="setup",
                template="milvus_setup.yaml",
                values={
                    **image_values(args.tools_image),
                    "milvus_host": self.host,
                    "root_secret": root.secret,
                    "milvus_secret": self.credentials.secret,
                },
                place=args.place,
                compute_pool=args.compute_pool,
                depends_on=[self.service.ready],
                # A new service starts with an empty volume.
                replace_with=[self.service.service],
                before=[self.service.resume],
            ),
            child,
        )
        self.endpoint = pulumi.Output.concat(self.service.dns_name, f":{PORT}")
        self.status = self.service.status
        self.register_outputs({"endpoint": self.endpoint, "status": self.status})

    def _credentials(
        self,
        name: str,
        args: MilvusArgs,
        secret: str,
        username: str,
        reader: Role | None = None,
    ) -> Credentials:
        return Credentials(
            name,
            CredentialsArgs(
                name=secret,
                username=username,
                place=args.place,
                comment=f"Milvus user {username}",
                reader=reader,
            ),
            pulumi.ResourceOptions(parent=self),
        )
