"""IMAGE REPOSITORY objects and the images in them.

See https://docs.snowflake.com/en/sql-reference/sql/create-image-repository
"""

from __future__ import annotations

import json
import re
from typing import Any

from local_account.base import errors
from local_account.base.errors import SnowflakeError
from local_account.base.result import Result, columns, table
from local_account.base.sql import Name, Statement
from local_account.catalog.catalog import Object
from local_account.registry import images
from local_account.registry.registry import Registry
from local_account.registry.storage import Tag
from local_account.statement.context import Context
from local_account.statement.object_type import ObjectType, like

_ENCRYPTIONS = ("SNOWFLAKE_FULL", "SNOWFLAKE_SSE")
# Names that are valid both as an unquoted identifier and as a part of an image's name.
_PLAIN = re.compile(r"[A-Z0-9]+(?:__?[A-Z0-9]+)*")
_IMAGE_COLUMNS = columns("created_on:timestamp_ltz image_name tags digest image_path")


def _encryption(statement: Statement) -> str:
    """`( TYPE = 'SNOWFLAKE_FULL' | 'SNOWFLAKE_SSE' )`"""
    statement.expect("(", "TYPE", "=")
    kind = statement.text_or_word().upper()
    statement.expect(")")
    if kind not in _ENCRYPTIONS:
        raise errors.invalid_value(kind, "ENCRYPTION", ", ".join(_ENCRYPTIONS))
    return kind


class ImageRepository(ObjectType):
    """Repositories for images of services; `docker push` sends images to the repository_url."""

    # CREATE waits for the registry, which takes too long for a transaction.
    atomic = False
    kind, plural, title = images.KIND, "IMAGE REPOSITORIES", "Image Repository"
    names_absent_parent = True
    privileges = frozenset({"READ", "WRITE", "SERVICE READ", "SERVICE WRITE"})
    options = {"ENCRYPTION": _encryption}  # noqa: RUF012
    defaults = {"ENCRYPTION": "SNOWFLAKE_FULL"}  # noqa: RUF012
    show_columns = columns(
        "created_on:timestamp_ltz name database_name schema_name repository_url owner owner_role_type "
        "comment encryption privatelink_repository_url"
    )

    def check(self, context: Context, name: Name, properties: dict[str, Any]) -> None:
        """Refuse names that cannot be part of an image's name."""
        for part in name:
            if not _PLAIN.fullmatch(part):
                raise SnowflakeError(
                    "002141",
                    "42601",
                    f"SQL compilation error:\nInvalid name '{name}': db, schema and repo names "
                    "for an image repo must be unquoted identifiers of letters, digits "
                    "and single underscores between them.",
                )

    def store(
        self, context: Context, name: Name, properties: dict[str, Any], if_not_exists: bool, replace: bool
    ) -> Result:
        """Add the repository and wait for the registry, so that a push can follow at once."""
        result = super().store(context, name, properties, if_not_exists, replace)
        item = context.catalog.find(self.kind, name)
        if item:
            context.account.part(Registry).wait_until_ready(item)
        return result

    def row(self, context: Context, item: Object) -> dict[str, Any]:
        return {
            "repository_url": f"{context.account.settings.registry_host}/{images.folder(item)}",
            "encryption": item.properties["ENCRYPTION"],
            "privatelink_repository_url": "",
        }

    def action(self, context: Context, item: Object, statement: Statement) -> Result | None:
        if statement.words(1) in (("UNSET",), ("RENAME",)):
            raise errors.unsupported(statement.word())
        if statement.words(2) == ("SET", "ENCRYPTION"):
            raise errors.unsupported("ALTER IMAGE REPOSITORY SET ENCRYPTION")
        return None

    def describe(self, context: Context, item: Object) -> Result:
        raise errors.unsupported("DESCRIBE IMAGE REPOSITORY")


def _readable(context: Context, parts: list[str]) -> Object:
    name = context.resolve(parts, "schema")
    context.require_usage(name)
    repository = context.get(images.KIND, name)
    if not images.may_pull(context, repository):
        context.require("READ", repository)
    return repository


def _show_images(context: Context, statement: Statement) -> Result:
    """SHOW IMAGES [LIKE '…'] IN IMAGE REPOSITORY <name>"""
    pattern = statement.string() if statement.accept("LIKE") else None
    statement.expect("IN", "IMAGE", "REPOSITORY")
    repository = _readable(context, statement.parts())
    statement.end()
    found = images.tags(context.account, repository)
    place = images.folder(repository)
    return table(_IMAGE_COLUMNS, [_image_row(place, tag) for tag in found if like(tag.image, pattern)])


def _image_row(place: str, tag: Tag) -> dict[str, Any]:
    return {
        "created_on": tag.pushed,
        "image_name": tag.image,
        "tags": tag.tag,
        "digest": tag.digest,
        "image_path": f"{place}/{tag.image}:{tag.tag}",
    }


def _list_images(context: Context, arguments: list[Any]) -> str:
    """SYSTEM$REGISTRY_LIST_IMAGES('/db/schema/repository')"""
    parts = str(arguments[0]).strip("/").split("/") if len(arguments) == 1 else []
    if len(parts) != 3:
        raise errors.invalid_value(arguments, "SYSTEM$REGISTRY_LIST_IMAGES", "'/database/schema/repository'")
    repository = _readable(context, [part.upper() for part in parts])
    names = sorted({tag.image for tag in images.tags(context.account, repository)})
    return json.dumps({"images": names}, separators=(",", ":"))


TYPES = [ImageRepository()]
STATEMENTS = {("SHOW", "IMAGES"): _show_images}
FUNCTIONS = {"SYSTEM$REGISTRY_LIST_IMAGES": _list_images}
