"""Checks before a service or job is made: its owner's privileges, images, secrets, stages, resources."""

from __future__ import annotations

from typing import Any

from local_account.base.errors import SnowflakeError
from local_account.base.sql import Name, Statement
from local_account.catalog.catalog import Object
from local_account.identity import behavior_changes
from local_account.registry import images
from local_account.spcs.network.endpoints import new_label
from local_account.spcs.spec import spec
from local_account.spcs.spec.document import invalid
from local_account.spcs.spec.families import FAMILIES, Family
from local_account.spcs.state import scheduler, snapshots
from local_account.spcs.state.observed import POOL
from local_account.spcs.statements import snapshot
from local_account.stages.location import find_stage, parse_location
from local_account.statement.context import Context
from local_account.statement.references import INTEGRATION

Document = dict[str, Any]
_SYSTEM_POOLS = ("SYSTEM_COMPUTE_POOL_CPU", "SYSTEM_COMPUTE_POOL_GPU")


def find_pool(context: Context, name: str) -> Object:
    """The pool of a new service.

    Raises:
        SnowflakeError: 002003 when the pool is absent or invisible, 003001 without USAGE on it, 395034 for
            one of Snowflake's own pools, which take no services of users.
    """
    if name in _SYSTEM_POOLS:
        raise SnowflakeError(
            "395034",
            "22023",
            f"Compute pool {name} can only support services of type "
            "[NOTEBOOK, MODEL_SERVING, STREAMLIT, ML_JOB]",
        )
    pool = context.get(POOL, Name("", "", name))
    _require(context, "USAGE", pool)
    return pool


def prepare(
    context: Context, name: Name, text: str, family: Family, job: bool = False, is_new: bool = True
) -> Document:
    """Properties of a service that come from its specification.

    They are SPEC, IMAGES, SPEC_DIGEST, CPU_SCALING, SECRETS (full names of a container's secrets, in their
    order), STAGES (full names of stages by volume) and SEEDS (Docker volume and full name of the snapshot
    that a volume of a new service begins with). Objects are kept by name, so an object that is dropped and
    created again is found.

    Args:
        name: name of the service; names in the specification are relative to its schema.
        text: the specification in YAML.
        family: the pool's instance family.
        job: whether it is a job.
        is_new: whether the service is being created, so that its volumes begin with their initial contents.

    Raises:
        SnowflakeError: 395018 for a bad specification, 002003 or 003001 for an object that the owner role
            cannot use.
    """
    # A service that has such volumes keeps them when it is altered.
    old_mounts = not is_new or not behavior_changes.enabled(context.catalog, behavior_changes.STAGE_MOUNTS)
    found = spec.parse(text, family, job, stage_sources=old_mounts)
    for resource, wanted, room in scheduler.lacking(found, family):
        raise invalid(
            f"invalid value {wanted} for 'total containers.requests.{resource}'. "
            f"Requirement exceeds compute pool instance capacity {room}"
        )
    _check_endpoints(context, found)
    containers = found["spec"]["containers"]
    resolved = {item["name"]: _image(context, item["image"], family) for item in containers}
    secrets = {
        item["name"]: [_secret(context, name, secret) for secret in item.get("secrets", ())]
        for item in containers
    }
    stages = {
        volume["name"]: _stage(context, volume)
        for volume in found["spec"].get("volumes", ())
        if volume["source"] == "stage"
    }
    digest = spec.digest(found, resolved)
    prepared = {
        "SPEC": found,
        "IMAGES": resolved,
        "SPEC_DIGEST": digest,
        scheduler.CPU_SCALING: spec.names_resources(text),
        "SECRETS": secrets,
        "STAGES": stages,
    }
    return {**prepared, "SEEDS": _seeds(context, name, found)} if is_new else prepared


def ingress_labels(document: Document, known: dict[str, str]) -> dict[str, str]:
    """Host labels of public endpoints; an endpoint in `known` keeps its label."""
    return {
        endpoint["name"]: known.get(endpoint["name"]) or new_label()
        for endpoint in document["spec"].get("endpoints", ())
        if endpoint["public"]
    }


def check_warehouse(context: Context, name: str | None) -> None:
    if name:
        _require(context, "USAGE", context.get("WAREHOUSE", Name("", "", name)))


def check_integrations(context: Context, names: list[str]) -> None:
    """Refuse external access integrations that do not exist or that the owner role may not use."""
    for name in names:
        _require(context, "USAGE", context.get(INTEGRATION, Name("", "", name)))


def family_of(pool: Object) -> Family:
    return FAMILIES[pool.properties["INSTANCE_FAMILY"]]


def _check_endpoints(context: Context, document: Document) -> None:
    public = [endpoint for endpoint in document["spec"].get("endpoints", ()) if endpoint["public"]]
    if public:
        context.require_primary("BIND SERVICE ENDPOINT", None)


def _image(context: Context, image: str, family: Family) -> dict[str, str]:
    resolved = images.resolve(context, image)
    if not context.primary.has("READ", resolved.repository):
        raise images.no_repository(resolved.repository)
    if family.architecture not in resolved.architectures:
        raise SnowflakeError(
            "395018",
            "22023",
            f"Failed to retrieve image {resolved.path} from the image repository : SPCS only supports image "
            f"for {family.architecture} architecture. Please rebuild your image with "
            f"'--platform linux/{family.architecture}' option",
        )
    return {"reference": resolved.reference, "digest": resolved.digest, "path": resolved.path}


def _secret(context: Context, service: Name, secret: Document) -> Name:
    name = _full_name(service, secret["snowflakeSecret"]["objectName"])
    # Other objects need any privilege on their schema. For secrets the page demands USAGE:
    # https://docs.snowflake.com/en/developer-guide/snowpark-container-services/additional-considerations-services-jobs
    for kind, above in context.parents(name):
        _require(context, "USAGE", context.get(kind, above))
    _require(context, "READ", context.get("SECRET", name))
    return name


def _full_name(service: Name, text: str) -> Name:
    """Full name of an object in a specification; a name without schema is in the service's schema."""
    try:
        statement = Statement(text)
        parts = statement.parts()
        statement.end()
    except SnowflakeError:
        parts = []
    if not 1 <= len(parts) <= 3:
        raise invalid(f"'{text}' is no name of an object")
    return Name(*[service.database, service.schema][: 3 - len(parts)], *parts)


def _stage(context: Context, volume: Document) -> Name:
    item = find_stage(context, parse_location(volume["stageConfig"]["name"]), "READ")
    if not context.primary.has("WRITE", item):
        _require(context, "READ", item)
    return item.fqn


def _seeds(context: Context, service: Name, document: Document) -> dict[str, tuple[str, str]]:
    found = {}
    for volume in spec.block_volumes(document):
        contents = volume["blockConfig"].get("initialContents")
        if contents:
            item = snapshot.usable(context, _full_name(service, contents["fromSnapshot"]))
            _require(context, "USAGE", item)
            snapshot.require_fitting(item, volume)
            docker = snapshots.content(context.account.settings.labels, item)
            found[volume["name"]] = (docker, str(item.fqn))
    return found


def _require(context: Context, privilege: str, item: Object) -> None:
    """Require a privilege of the primary role, which will own the service; secondary roles do not count."""
    context.require_primary(privilege, item)
