"""The stages for files, and the repository for images."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
import pulumi_snowflake as snowflake

from components.account.place import Place
from components.roles import grants
from components.roles.role import Role

STAGES = {"YAML_STAGE": "Service specifications", "DATA": "Data files", "FILES": "Files of the notebook"}


@dataclass(kw_only=True)
class StorageArgs:
    """Inputs of Storage.

    Attributes:
        place: schema and owner of the stages and the repository.
        notebook: the role that owns the notebook; it may read images, and read and write the notebook's
            files.
        people: the role of the people, who may read and write the notebook's files.
        repository: name of the image repository; default MILVUS_REPO.
    """

    place: Place
    notebook: Role
    people: Role
    repository: str = "MILVUS_REPO"


class Storage(pulumi.ComponentResource):
    """Stages YAML_STAGE, DATA and FILES, and an image repository."""

    files_stage: pulumi.Output[str]
    """Name of stage FILES with database and schema, without quotes."""
    repository_url: pulumi.Output[str]
    """The address to push images to: registry host and path, without scheme."""

    def __init__(self, name: str, args: StorageArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("milvus-spcs:index:Storage", name, {}, opts)
        child = pulumi.ResourceOptions(parent=self, delete_before_replace=True)
        stages = {
            stage: snowflake.StageInternal(
                f"{name}-{stage.lower().replace('_', '-')}",
                name=stage,
                database=args.place.database,
                schema=args.place.schema,
                comment=comment,
                # A service can mount a stage only if the server alone encrypts it.
                encryption=snowflake.StageInternalEncryptionArgs(
                    snowflake_sse=snowflake.StageInternalEncryptionSnowflakeSseArgs()
                ),
                opts=child,
            )
            for stage, comment in STAGES.items()
        }
        repository = snowflake.ImageRepository(
            f"{name}-repository",
            name=args.repository,
            database=args.place.database,
            schema=args.place.schema,
            comment="Images of Milvus and of the notebook",
            opts=child,
        )
        files = stages["FILES"]
        for user, role in (("notebook", args.notebook), ("people", args.people)):
            on = ("STAGE", files.fully_qualified_name)
            grants.grant(f"{name}-files-{user}", role, ["READ", "WRITE"], on, self)
        on = ("IMAGE REPOSITORY", repository.fully_qualified_name)
        grants.grant(f"{name}-repository-notebook", args.notebook, ["READ"], on, self)
        self.files_stage = pulumi.Output.concat(files.database, ".", files.schema, ".", files.name)
        self.repository_url = repository.show_outputs.apply(lambda rows: rows[0].repository_url or "")
        self.register_outputs({"filesStage": self.files_stage, "repositoryUrl": self.repository_url})
