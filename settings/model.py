"""The settings of a stack: type, default, limits, description, and what a change does, in one place.

`python -m settings.documents` writes them into Pulumi.yaml, where `pulumi config` and the engine read them,
and into docs/lifecycle.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import BaseModel, Field, StrictInt, model_validator
from pydantic.alias_generators import to_camel

from settings.milvus_config import MilvusConfig
from settings.values import (
    MODEL_CONFIG,
    BaseImages,
    Hosts,
    InstanceFamily,
    NotebookUsers,
    ObjectName,
    Password,
    PublicKey,
    Switch,
    WarehouseSize,
    matching,
    number,
)


@dataclass(frozen=True)
class Change:
    """What a change of a setting does to a deployed stack.

    Attributes:
        kind: the kind of change; docs/lifecycle.md explains the kinds.
        details: what happens, for docs/lifecycle.md; default: nothing more to say.
    """

    kind: Literal["nothing", "in place", "restart", "replaces", "loses data"]
    details: str = ""


class Settings(BaseModel):
    """Settings of one stack. Each has the same name in Pulumi.yaml, in camel case."""

    model_config = MODEL_CONFIG

    prefix: Annotated[
        str,
        matching(
            r"[A-Z]([A-Z0-9_]{0,18}[A-Z0-9])?",
            "1 to 20 of A-Z, 0-9 and _, beginning with a letter and not ending with _",
        ),
        Change(
            "loses data",
            "Every account-level object gets another name, and the database is dropped with all that is in "
            "it. `make migrate` cannot do it: see [another prefix](#another-prefix).",
        ),
    ] = Field(
        default="",
        description="Prefix of the name of every account-level object (roles, user, warehouse, database, "
        "compute pools, integration), with an underscore after it. Several stacks with different prefixes "
        "fit into one account. Example: DEV.",
    )
    user_password: Annotated[Password, Change("in place")] = Field(
        default="",
        repr=False,
        description="Password of MILVUS_USER. It must be stored as a secret (`pulumi config set --secret`). "
        "Empty: no password.",
    )
    generate_user_password: Annotated[
        Switch, Change("in place", "The user gets a password, or loses it.")
    ] = Field(
        default=False,
        description="Generate a password for MILVUS_USER once and keep it in the stack's state. The secret "
        "output userPassword shows it.",
    )
    user_public_key: Annotated[PublicKey, Change("in place")] = Field(
        default="",
        description="RSA public key of MILVUS_USER for key-pair sign-in, as PEM or as its base64 text. "
        "Empty: no key.",
    )
    notebook_users: Annotated[
        NotebookUsers,
        Change(
            "in place",
            "The role is granted or revoked. A user with `create` is made or dropped; other users are never "
            "dropped.",
        ),
    ] = Field(
        default=(),
        description="People who use the notebook, in addition to MILVUS_USER. A user with `name` alone "
        "exists already: the user is granted MILVUS_ROLE and never dropped. With `create: true` the stack "
        "makes the user, of type PERSON, and drops the user in the end; such a user may also have `email`, "
        "`publicKey`, and `generatePassword: true` for an initial password in the secret output "
        "userPasswords.",
    )
    warehouse_size: Annotated[WarehouseSize, Change("in place")] = Field(
        default="XSMALL", description="Size of MILVUS_WAREHOUSE."
    )
    warehouse_auto_suspend: Annotated[StrictInt, number(60, 86400, "seconds"), Change("in place")] = Field(
        default=180, description="Seconds without a query after which MILVUS_WAREHOUSE suspends itself."
    )
    warehouse_monthly_credits: Annotated[
        StrictInt,
        number(0, 1_000_000, "credits"),
        Change(
            "in place",
            "From or to 0, the resource monitor is made or dropped; the warehouse stays.",
        ),
    ] = Field(
        default=0,
        description="Credits that MILVUS_WAREHOUSE may use per calendar month; 0: no limit. At 80 percent, "
        "administrators who have turned notifications on are notified. At 100 percent the warehouse is "
        "suspended after its running queries have ended. Only ACCOUNTADMIN can deploy this. The limit does "
        "not cover compute pools, because Snowflake's resource monitors cover warehouses only.",
    )
    milvus_instance_family: Annotated[
        InstanceFamily,
        Change(
            "loses data",
            "Snowflake can change neither the family of a pool nor the pool of a service. The pool is "
            "replaced, and dropping a pool drops its services. `make migrate` keeps the data.",
        ),
    ] = Field(
        default="CPU_X64_S",
        description="Instance family of MILVUS_COMPUTE_POOL: x86-64, without a GPU. Milvus gets all that the "
        "machine has, unless milvusCpu and milvusMemory say otherwise.",
    )
    jupyter_instance_family: Annotated[
        InstanceFamily,
        Change(
            "replaces",
            "The notebook's pool and service. The files in `/workspace/files` stay, because they are on "
            "stage FILES.",
        ),
    ] = Field(
        default="CPU_X64_S",
        description="Instance family of JUPYTER_COMPUTE_POOL: x86-64, without a GPU. sharedComputePool makes "
        "it ineffective.",
    )
    shared_compute_pool: Annotated[
        Switch,
        Change(
            "replaces",
            "The notebook's service moves to the other pool. Milvus stays on its own, and restarts with "
            "another share of the machine.",
        ),
    ] = Field(
        default=False,
        description="Run the notebook on MILVUS_COMPUTE_POOL too, and do not make a second pool. This halves "
        "the cost.",
    )
    notebooks: Annotated[
        StrictInt,
        number(1, 20, "services"),
        Change(
            "in place",
            "Services are made or dropped; the others keep running. With `sharedComputePool` Milvus's share "
            "changes, and it restarts.",
        ),
    ] = Field(
        default=1,
        description="Number of notebook services: JUPYTER, JUPYTER_2, …, each with its own address. All run "
        "on one machine, which must be large enough: see notebookCpu and notebookMemory. "
        "They share the files in /workspace/files.",
    )
    notebook_cpu: Annotated[
        StrictInt,
        number(1, 188, "CPUs", or_zero=True),
        Change("restart", "The notebooks' services; on a shared machine Milvus's too."),
    ] = Field(
        default=0,
        description="CPUs that each notebook requests and may use. 0: it requests a quarter of a CPU, and "
        "may use the whole machine.",
    )
    notebook_memory: Annotated[
        StrictInt,
        number(1, 1435, "GiB", or_zero=True),
        Change("restart", "The notebooks' services; on a shared machine Milvus's too."),
    ] = Field(
        default=0,
        description="Memory of each notebook in GiB. 0: with sharedComputePool 2 GiB; otherwise it requests "
        "1 GiB, and may use the whole machine.",
    )
    pool_auto_suspend: Annotated[StrictInt, number(0, 86400, "seconds"), Change("in place")] = Field(
        default=600,
        description="Seconds without a running service after which a compute pool suspends itself; 0: never. "
        "It resumes when a service starts. A running service keeps its pool running even when nobody uses "
        "it; `make suspend` stops both.",
    )
    milvus_cpu: Annotated[
        StrictInt,
        number(1, 188, "CPUs", or_zero=True),
        Change("restart", "Milvus's service."),
    ] = Field(
        default=0,
        description="CPUs that Milvus requests and may use. 0: it requests all that its machine has left "
        "beside the jobs and, with sharedComputePool, the notebooks, and may use the whole machine.",
    )
    milvus_memory: Annotated[
        StrictInt,
        number(2, 1435, "GiB", or_zero=True),
        Change("restart", "Milvus's service."),
    ] = Field(
        default=0,
        description="Memory of Milvus in GiB. 0: all that its machine has left beside the jobs and, with "
        "sharedComputePool, the notebooks. docs/milvus.md says how many vectors fit.",
    )
    milvus_config: Annotated[MilvusConfig, Change("restart", "Milvus's service.")] = Field(
        default={},
        description="Settings of Milvus itself: from keys of its milvus.yaml, with dots between their parts, "
        "to values. Example: queryNode.cache.memoryLimit. Milvus ignores keys that it does not know. "
        "What the stack sets itself is refused: security, queue, etcd, storage, ports.",
    )
    milvus_volume_size: Annotated[
        StrictInt,
        number(1, 16384, "GiB"),
        Change(
            "loses data",
            "Snowflake cannot change the size of a volume. `make migrate` keeps the data when the volume "
            "grows; a smaller volume cannot start from the snapshot of a larger one.",
        ),
    ] = Field(
        default=10,
        description="Size in GiB of the block volume that holds Milvus's data. Snowflake cannot change it; "
        "`make migrate` moves the data to a new volume.",
    )
    # The limits cover all clouds: before the first statement nobody knows which cloud the account is on.
    milvus_volume_iops: Annotated[
        StrictInt,
        number(2000, 160_000, "operations per second", or_zero=True),
        Change("loses data", "Snowflake cannot change it on a volume. `make migrate` keeps the data."),
    ] = Field(
        default=0,
        description="Operations per second of Milvus's block volume. AWS: 3000 to 80000, at most 500 per "
        "GiB. Azure: 3000 to 80000. Google Cloud: 2000 to 160000. 0: Snowflake's default of 3000. It cannot "
        "be changed on a running service.",
    )
    milvus_volume_throughput: Annotated[
        StrictInt,
        number(125, 2400, "MiB per second", or_zero=True),
        Change("loses data", "Snowflake cannot change it on a volume. `make migrate` keeps the data."),
    ] = Field(
        default=0,
        description="Throughput of Milvus's block volume in MiB per second. AWS: 125 to 2000, at most a "
        "quarter of the operations per second. Azure: 125 to 1200. Google Cloud: 140 to 2400. 0: "
        "Snowflake's default. It cannot be changed on a running service.",
    )
    milvus_snapshot: Annotated[
        str,
        matching(r"[A-Z_][A-Z0-9_]{0,254}", "the name of a snapshot, in upper case"),
        Change(
            "nothing",
            "The deployed volume stays as it is; the next new volume starts from this snapshot. `make "
            "restore` puts a snapshot into the deployed volume.",
        ),
    ] = Field(
        default="",
        description="Name of the snapshot, in the stack's schema, from which a new volume of Milvus starts. "
        "The deployed volume stays as it is. `make migrate` sets it for its own `up`. Empty: a new volume "
        "is empty.",
    )
    egress_hosts: Annotated[
        Hosts,
        Change(
            "in place",
            "From or to an empty list, the notebook's service is altered, and integration and network rule "
            "are made or dropped.",
        ),
    ] = Field(
        default=(),
        description="Hosts outside Snowflake that the notebook may reach, each HOST or HOST:PORT; the "
        "default port is 443. Empty: the stack makes neither network rule nor external access integration.",
    )
    ingress_integration: Annotated[Switch, Change("in place")] = Field(
        default=False,
        description="Make the security integration SNOWSERVICES_INGRESS_OAUTH. Only accounts from before "
        "mid-2024 need it; newer accounts refuse it.",
    )
    base_images: Annotated[
        BaseImages, Change("restart", "The services whose image is built from another base image.")
    ] = Field(
        default={},
        description="Other sources of the base images of images/*/Dockerfile: from the image name in FROM to "
        "a BuildKit context.",
    )
    builder: Annotated[
        str,
        matching(r"[A-Za-z0-9][A-Za-z0-9._-]*", "the name of a buildx builder"),
        Change("nothing"),
    ] = Field(
        default="",
        description="Name of the buildx builder that builds the images. Empty: buildx's current builder.",
    )
    ready_timeout: Annotated[
        StrictInt,
        number(30, 3600, "seconds"),
        Change("nothing", "No service restarts; `up` waits for the services and runs the jobs again."),
    ] = Field(default=600, description="Seconds that `pulumi up` waits until a service runs.")
    protect: Annotated[Switch, Change("nothing", "It takes effect with the next `pulumi up`.")] = Field(
        default=False,
        description="Refuse to delete the database with its schema, stages and image repository, and the "
        "Milvus service with its secrets and its compute pool. `make down` says how to release them.",
    )
    retain_on_delete: Annotated[
        Switch, Change("nothing", "It takes effect with the next `pulumi up`; users are always dropped.")
    ] = Field(
        default=False,
        description="Let `pulumi destroy` leave everything that `protect` protects in the account, and the "
        "roles that own it. The stack only forgets these objects. Users are dropped.",
    )
    allow_data_loss: Annotated[
        Switch, Change("nothing", "It permits what is marked **loses data**, and warns as long as it is set.")
    ] = Field(
        default=False,
        description="Permit changes that replace Milvus's block volume by an empty one. Remove it again "
        "after such a change.",
    )
    monthly_credit_budget: Annotated[
        StrictInt, number(0, 1_000_000, "credits"), Change("nothing", "The next preview compares it.")
    ] = Field(
        default=0,
        description="Credits per month (730 hours) that the compute pools may cost, at the prices in "
        "settings/instance_families.toml. A stack that costs more is refused before anything is made. 0: no "
        "limit.",
    )
    existing_warehouse: Annotated[
        ObjectName,
        Change(
            "in place", "The notebook's service is altered; the stack's own warehouse is made or dropped."
        ),
    ] = Field(
        default="",
        description="Name of an existing warehouse. The stack uses it instead of making one: it grants USAGE "
        "on the warehouse to its own roles, and never changes or drops it. Empty: the stack makes "
        "MILVUS_WAREHOUSE.",
    )
    existing_database: Annotated[
        ObjectName,
        Change(
            "loses data",
            "Services and volume would be made again in another database. `make migrate` cannot do it: see "
            "[another prefix](#another-prefix).",
        ),
    ] = Field(
        default="",
        description="Name of an existing database. The stack makes a schema MILVUS in it (with the prefix), "
        "and drops nothing else in it. Empty: the stack makes MILVUS_DEMO.",
    )
    existing_role: Annotated[
        ObjectName,
        Change(
            "in place",
            "Other people may enter the notebook; MILVUS_ROLE and MILVUS_USER are made or dropped.",
        ),
    ] = Field(
        default="",
        description="Name of an existing role whose members may enter the notebook. The stack then makes "
        "neither MILVUS_ROLE nor MILVUS_USER, and grants this role nothing on existingWarehouse and "
        "existingDatabase. Empty: the stack makes both.",
    )
    existing_integration: Annotated[
        ObjectName, Change("in place", "The notebook's service is altered to use the other integration.")
    ] = Field(
        default="",
        description="Name of an existing external access integration for the notebook's egress, instead of "
        "egressHosts. Empty: no existing integration is used.",
    )
    verify: Annotated[Switch, Change("replaces", "The verification job.")] = Field(
        default=True,
        description="Prove the deployment with a job that inserts vectors into Milvus and searches them.",
    )

    @model_validator(mode="after")
    def _fit_together(self) -> Settings:
        if problems := _conflicts(self):
            raise ValueError("\n".join(problems))
        return self

    def named(self, default: str) -> str:
        """Name of an account-level object in this stack: the prefix and its default name."""
        return f"{self.prefix}_{default}" if self.prefix else default

    @property
    def notebook_services(self) -> dict[str, str]:
        """Name of each notebook's service, by the component's name."""
        more = range(2, self.notebooks + 1)
        return {"notebook": "JUPYTER", **{f"notebook-{number}": f"JUPYTER_{number}" for number in more}}

    @property
    def warehouse(self) -> str:
        """Name of the warehouse."""
        return self.existing_warehouse or self.named("MILVUS_WAREHOUSE")

    @property
    def database(self) -> str:
        """Name of the database."""
        return self.existing_database or self.named("MILVUS_DEMO")

    @property
    def schema_name(self) -> str:
        """Name of the schema; in an existing database it is a schema that only this stack uses."""
        return self.named("MILVUS") if self.existing_database else "PUBLIC"

    @property
    def namespace(self) -> str:
        """Database and schema."""
        return f"{self.database}.{self.schema_name}"

    @property
    def people_role(self) -> str:
        """Name of the role that may enter the notebook."""
        return self.existing_role or self.named("MILVUS_ROLE")


def _conflicts(chosen: Settings) -> list[str]:
    """The settings that cannot be set together, as one problem a line."""
    problems = []
    if chosen.user_password and chosen.generate_user_password:
        problems.append("userPassword and generateUserPassword: only one of them can be set")
    if any(user.name == chosen.named("MILVUS_USER") for user in chosen.notebook_users):
        problems.append("notebookUsers: MILVUS_USER is made by the stack anyway; it has settings of its own")
    if chosen.existing_integration and chosen.egress_hosts:
        problems.append("existingIntegration and egressHosts: only one of them can be set")
    if chosen.existing_warehouse and chosen.warehouse_monthly_credits:
        problems.append("warehouseMonthlyCredits: it limits the stack's own warehouse, not existingWarehouse")
    users = ("user_password", "generate_user_password", "user_public_key", "notebook_users")
    if chosen.existing_role and (given := [to_camel(name) for name in users if getattr(chosen, name)]):
        problems.append(
            f"existingRole: it has its users already, so {', '.join(given)} cannot be set with it"
        )
    own = {
        "existing_warehouse": "MILVUS_WAREHOUSE",
        "existing_database": "MILVUS_DEMO",
        "existing_role": "MILVUS_ROLE",
        "existing_integration": "MILVUS_EGRESS_EAI",
    }
    for setting, name in own.items():
        if getattr(chosen, setting) == chosen.named(name):
            problems.append(
                f"{to_camel(setting)}: {chosen.named(name)} is what the stack makes itself; leave the "
                "setting empty, or set another prefix"
            )
    return problems
