"""Writes the settings into the files that repeat them: `python -m settings.documents`, or `make settings`.

The files are Pulumi.yaml (its `config` part) and docs/lifecycle.md (its table of settings). A unit test
compares them with the model.
"""

from __future__ import annotations

import json
import re
import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from pydantic.alias_generators import to_camel

from settings.model import Change, Settings
from settings.values import Allowed

COMMAND = "make settings"
_PROJECT = Path(__file__).resolve().parent.parent
_WIDTH = 110

T = TypeVar("T")


def project_file(text: str) -> str:
    """Pulumi.yaml with the settings of the model.

    Args:
        text: Pulumi.yaml; its `config` part is the last one.
    """
    head, _, _ = text.partition("\nconfig:\n")
    properties = Settings.model_json_schema()["properties"]
    return (
        head
        + "\nconfig:\n"
        + "".join(_entry(name, properties[to_camel(name)]) for name in Settings.model_fields)
    )


def lifecycle_page(text: str) -> str:
    """docs/lifecycle.md with the table of settings of the model.

    Args:
        text: docs/lifecycle.md; its first table that is headed by `setting` is replaced.
    """
    rows = ["| setting | a change | what happens |", "|---|---|---|"]
    for name in Settings.model_fields:
        change = _metadata(name, Change)
        kind = f"**{change.kind}**" if change.kind == "loses data" else change.kind
        rows.append(f"| `{to_camel(name)}` | {kind} | {change.details}".rstrip() + " |")
    table = "".join(f"{row}\n" for row in rows)
    return re.sub(r"^\| setting \|[^\n]*\n(\|[^\n]*\n)*", lambda _: table, text, count=1, flags=re.MULTILINE)


FILES: dict[Path, Callable[[str], str]] = {
    _PROJECT / "Pulumi.yaml": project_file,
    _PROJECT / "docs/lifecycle.md": lifecycle_page,
}
"""What is generated: each file, and the function from its text to the text that it should have."""


def _entry(name: str, described: dict[str, Any]) -> str:
    """One setting in the `config` part of Pulumi.yaml."""
    items = described.get("items")
    allowed = "" if described["type"] == "boolean" else f" Allowed: {_metadata(name, Allowed).words}."
    lines = [
        f"  {to_camel(name)}:",
        f"    type: {described['type']}",
        *(["    items:", f"      type: {items.get('type', 'object')}"] if items else []),
        f"    default: {json.dumps(described['default'])}",
        "    description: >-",
        *textwrap.wrap(
            described["description"] + allowed,
            _WIDTH,
            initial_indent=" " * 6,
            subsequent_indent=" " * 6,
            break_long_words=False,
            break_on_hyphens=False,
        ),
    ]
    return "\n".join(lines) + "\n"


def _metadata(name: str, kind: type[T]) -> T:
    """What the model says about a setting, by its class."""
    return next(item for item in Settings.model_fields[name].metadata if isinstance(item, kind))


if __name__ == "__main__":
    for path, wanted in FILES.items():
        path.write_text(wanted(path.read_text()))
