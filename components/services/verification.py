"""Proves that the deployment works: a job in the account inserts vectors into Milvus and searches them."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi

from components.account.place import Place
from components.services.job import Job, JobArgs
from components.services.milvus import Milvus
from components.services.specification import image_values


@dataclass(kw_only=True)
class VerificationArgs:
    """Inputs of Verification.

    Attributes:
        image: reference of the image with the script.
        milvus: the Milvus to check; the job runs again when its specification changes.
        place: schema and owner of the job.
        compute_pool: the compute pool that the job runs on.
        name: name of the job; default MILVUS_VERIFICATION.
    """

    image: pulumi.Input[str]
    milvus: Milvus
    place: Place
    compute_pool: pulumi.Input[str]
    name: str = "MILVUS_VERIFICATION"


class Verification(pulumi.ComponentResource):
    """Runs the job with the role and the Milvus user of the notebook. If it fails, `pulumi up` fails."""

    found: pulumi.Output[str]
    """The sentence that the search has found."""

    def __init__(self, name: str, args: VerificationArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("milvus-spcs:index:Verification", name, {}, opts)
        milvus = args.milvus
        job = Job(
            f"{name}-job",
            JobArgs(
                name=args.name,
                container="verification",
                template="verification.yaml",
                values={
                    **image_values(args.image),
                    "milvus_host": milvus.host,
                    "milvus_secret": milvus.credentials.secret,
                },
                place=args.place,
                compute_pool=args.compute_pool,
                depends_on=[milvus],
                # With `replace_with` instead, the engine would delete this job together with the service, at
                # a moment when it does not know the provider of the job yet.
                triggers=[milvus.service.specification, milvus.service.ready.id],
                before=[milvus.service.resume],
            ),
            pulumi.ResourceOptions(parent=self),
        )
        self.found = job.last_line.apply(lambda line: line.removeprefix("found: "))
        self.register_outputs({"found": self.found})
