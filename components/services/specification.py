"""Service specifications: templates in specs/, which are filled in and checked before Snowflake gets them.

See https://docs.snowflake.com/en/developer-guide/snowpark-container-services/specification-reference.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jinja2
import pulumi
import yaml

from components.account.errors import SpecificationError

SPECS = Path(__file__).resolve().parent.parent.parent / "specs"

# The keys that a specification may have. A dict stands for a mapping with these keys, a list for a list of
# such elements, and None for any value.
_RESOURCES = {"requests": None, "limits": None}
_CONTAINER = {
    "name": None,
    "image": None,
    "command": None,
    "args": None,
    "env": None,
    "readinessProbe": {"port": None, "path": None, "periodSeconds": None, "failureThreshold": None},
    "livenessProbe": {"port": None, "path": None, "periodSeconds": None, "failureThreshold": None},
    "volumeMounts": [{"name": None, "mountPath": None}],
    "resources": _RESOURCES,
    "mountSessionToken": None,
    "sessionTokenConfig": {"path": None, "permission": None, "mountConnectionConfig": None},
    "secrets": [{"snowflakeSecret": None, "secretKeyRef": None, "envVarName": None, "directoryPath": None}],
}
_VOLUME = {
    "name": None,
    "source": None,
    "size": None,
    "uid": None,
    "gid": None,
    "blockConfig": {
        "initialContents": {"fromSnapshot": None},
        "iops": None,
        "throughput": None,
        "encryption": None,
        "snapshotOnDelete": None,
        "snapshotDeleteAfter": None,
    },
    "stageConfig": {"name": None, "metadataCache": None, "resources": _RESOURCES},
}
_ENDPOINT = {
    "name": None,
    "port": None,
    "portRange": None,
    "public": None,
    "protocol": None,
    "corsSettings": None,
}
_GRAMMAR: Mapping[str, Any] = {
    "spec": {
        "containers": [_CONTAINER],
        "endpoints": [_ENDPOINT],
        "volumes": [_VOLUME],
        "logExporters": None,
        "platformMonitor": None,
        "resourceManagement": None,
    },
    "serviceRoles": [{"name": None, "endpoints": None}],
    "capabilities": {"securityContext": {"executeAsCaller": None, "enableCustomCredentials": None}},
}
_LEADING_COMMENT = re.compile(r"\A(\s*#[^\n]*\n)+")
# A value in a template is a scalar. With these characters it cannot start another key, end a quotation or be
# an alias.
_VALUE = re.compile(r"[A-Za-z0-9_./:@$+ -]{0,1000}")
_NAME = re.compile(r"[a-z]([a-z0-9-]{0,61}[a-z0-9])?")


def render(template: str, **values: object) -> str:
    """Fill in a template of specs/ and check the result.

    Args:
        template: file name in specs/, e.g. `milvus.yaml`.
        values: one value for each `{{ name }}` in the template. The values of a mapping may be any texts;
            they become quoted texts.

    Returns:
        The specification as YAML text, without the comment at its head.

    Raises:
        SpecificationError: a value is missing, a value has characters that could act as YAML, or the result
            is not a valid specification.
    """
    for name, value in values.items():
        if isinstance(value, Mapping):
            values[name] = {key: _quoted(text) for key, text in value.items()}
        elif not _VALUE.fullmatch(str(value)):
            raise SpecificationError(
                f"specs/{template}: {name}: {str(value)!a:.200} cannot be part of a specification; it must "
                "be at most 1000 of A-Z, a-z, 0-9, blanks and _ . / : @ $ + -"
            )
    rendered = _fill_in(template, values, jinja2.StrictUndefined)
    check(rendered, f"specs/{template}")
    return rendered


def _quoted(text: object) -> str:
    """A YAML text that ends where the given text ends."""
    written = yaml.safe_dump(str(text), default_style='"', allow_unicode=False, width=float("inf"))
    # A dollar sign could end the quotation of the whole specification.
    return written.rstrip("\n").replace("$", "\\x24")


def check_all() -> None:
    """Check all templates of specs/ before anything is made; their values are not known yet.

    Raises:
        SpecificationError: a template is not a valid specification; a missing value is not an error here.
    """
    for path in sorted(SPECS.glob("*.yaml")):
        check(_fill_in(path.name, {}, jinja2.Undefined), f"specs/{path.name}")


def _fill_in(template: str, values: Mapping[str, object], undefined: type[jinja2.Undefined]) -> str:
    # The result is YAML, not HTML: nothing has to be escaped, and check() parses it.
    environment = jinja2.Environment(undefined=undefined, autoescape=False)  # noqa: S701
    try:
        rendered = environment.from_string((SPECS / template).read_text()).render(values)
    except jinja2.TemplateError as error:
        raise SpecificationError(f"specs/{template}: {error}") from error
    # The comment at the head is for readers of the template.
    return _LEADING_COMMENT.sub("", rendered).rstrip() + "\n"


def check(text: str, origin: str) -> None:
    """Refuse a specification that Snowflake would refuse.

    Args:
        text: YAML text of a specification.
        origin: file that the text comes from, for messages.

    Raises:
        SpecificationError: the text is not YAML, has an unknown key, a bad name, no container, or contains
            `$$`; the message names the place in it.
    """
    if "$$" in text:
        raise SpecificationError(f"{origin}: '$$' ends the specification inside a SQL statement; remove it")
    try:
        document = yaml.safe_load(text)
    except RecursionError:
        raise SpecificationError(f"{origin}: nested too deeply") from None
    except yaml.YAMLError as error:
        raise SpecificationError(f"{origin}: not YAML: {error}") from error
    _check_keys(document, _GRAMMAR, "", origin)
    containers = (document.get("spec") or {}).get("containers")
    if not containers:
        raise SpecificationError(f"{origin}: 'spec.containers' is missing")
    for kind in ("containers", "endpoints", "volumes"):
        for item in document["spec"].get(kind) or ():
            name = str(item.get("name"))
            if not _NAME.fullmatch(name):
                raise SpecificationError(
                    f"{origin}: name {name!r} in spec.{kind} must be 1 to 63 of a-z, 0-9 and -, "
                    "beginning with a letter and not ending with -"
                )


def _check_keys(node: object, grammar: object, path: str, origin: str) -> None:
    place = path or "the document"
    if isinstance(grammar, Mapping):
        if not isinstance(node, Mapping):
            raise SpecificationError(f"{origin}: {place} must be a mapping")
        for key, value in node.items():
            if key not in grammar:
                allowed = ", ".join(grammar)
                raise SpecificationError(f"{origin}: unknown key {key!r} in {place}; allowed: {allowed}")
            _check_keys(value, grammar[key], f"{path}.{key}" if path else str(key), origin)
    elif isinstance(grammar, list):
        if not isinstance(node, list):
            raise SpecificationError(f"{origin}: {place} must be a list")
        for index, value in enumerate(node):
            _check_keys(value, grammar[0], f"{path}[{index}]", origin)


def image_values(reference: pulumi.Input[str]) -> dict[str, pulumi.Input[object]]:
    """The values `image` and `digest` of a template.

    Snowflake documents `image` with a tag only, and records the digest itself. The digest stands in a comment
    next to the tag, so that another image with the same tag changes the specification.

    Args:
        reference: HOST/DATABASE/SCHEMA/REPOSITORY/NAME:TAG@sha256:DIGEST.
    """
    parts = pulumi.Output.from_input(reference).apply(split_reference)
    return {"image": parts.apply(lambda pair: pair[0]), "digest": parts.apply(lambda pair: pair[1])}


def split_reference(reference: str) -> tuple[str, str]:
    """Split an image reference into the path with tag, as specifications need it, and the digest."""
    tagged, _, digest = reference.partition("@")
    return "/" + tagged.partition("/")[2], digest or "digest known after the push"
