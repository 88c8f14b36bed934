"""Exports and imports Milvus's collections with a job that reads and writes stage DATA."""

from __future__ import annotations

from components.account import sql
from components.account.diagnosis import describe, logs_statement
from components.services import job, specification
from machine.terminal import say
from operations.data.milvus import DataError, Milvus
from operations.target import Target

FOLDER = "exports"
STAGE = "DATA"
INDEX = "collections.json"
_JOB, _CONTAINER = "MILVUS_TRANSFER", "transfer"
_LOG_LINES = 200


def transfer(target: Target, milvus: Milvus, action: str, name: str, only: str = "") -> None:
    """Run the job, as the role that owns Milvus, and show what it says.

    Args:
        action: `export` or `import`.
        name: of the export; its folder is `@DATA/exports/NAME`.
        only: DATABASE.COLLECTION to import alone; default all.

    Raises:
        DataError: the job failed; the message has its last lines.
    """
    from snowflake.connector import ProgrammingError

    path = ".".join((*milvus.schema, _JOB))
    drop = f"DROP SERVICE IF EXISTS {sql.quoted(path)} FORCE"
    with target.account.queries(target.owner_role) as query:
        # A job that was interrupted still has the name.
        query(drop)
        try:
            text = _specification(target, milvus, action=action, folder=f"{FOLDER}/{name}", only=only)
            query(job.statement(path, milvus.holder.compute_pool, text))
        except ProgrammingError as error:
            raise DataError(f"{action} {name}: {error.msg}\n{describe(query, path)}") from error
        else:
            for line in (
                query(logs_statement(path, _CONTAINER, lines=_LOG_LINES))[0]["LOGS"] or ""
            ).splitlines():
                say(action, line)
        finally:
            query(drop)


def exports(milvus: Milvus, target: Target) -> list[str]:
    """Names of the complete exports on the stage, the oldest first."""
    with target.account.queries(target.owner_role) as query:
        rows = query(f"LIST @{sql.identifier(*milvus.schema, STAGE)}/{FOLDER}/")
    paths = [row["name"].split("/") for row in rows]
    return sorted(path[-2] for path in paths if path[-1] == INDEX)


def remove_export(target: Target, milvus: Milvus, name: str) -> None:
    """Remove an export's files."""
    with target.account.queries(target.owner_role) as query:
        query(f"REMOVE @{sql.identifier(*milvus.schema, STAGE)}/{FOLDER}/{name}/")
    say("export", f"{name} is removed")


def _specification(target: Target, milvus: Milvus, **values: str) -> str:
    image, digest = specification.split_reference(target.stack.outputs()["images"]["jupyter"])
    schema = ".".join(milvus.schema)
    return specification.render(
        "milvus_transfer.yaml",
        image=image,
        digest=digest,
        **values,
        milvus_host=milvus.holder.service.lower().replace("_", "-"),
        root_secret=f"{schema}.{milvus.holder.service}_ROOT",
        data_stage=f"{schema}.{STAGE}",
    )
