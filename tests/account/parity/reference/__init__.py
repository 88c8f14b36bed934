"""The statement pages of Snowflake's SQL reference about the object types that the account has, line by line.

This list is the measure: what the account should have is what these pages say, not what the cases happen to
try. It has every option of a page's syntax, also those that the account lacks. Options that many pages share
(session parameters, privileges by name) stand once.

**Add a page** to the file of its group, `<group>.yaml`:

    group: Compute pools            # heading on the page
    part: containers                # a key of PARTS: where it is counted
    order: 10                       # place on the page
    pages:
      - page: https://docs.…        # a case with this source may cover its lines
        read: 2026-11-30            # when the page was read; left out when it was written down from memory
        lines: [CREATE COMPUTE POOL, IF NOT EXISTS, MIN_NODES, …]   # the statement itself, then each option

A case says which of these lines it covers: `covers: [MIN_NODES]`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

FOLDER = Path(__file__).parent
PARTS = {
    # key: heading of the total on the page
    "containers": "Snowpark Container Services",
    "access": "Users, roles and network access",
    "objects": "Databases, stages and warehouses",
    "tables": "Tables and queries",
    "sessions": "Account, sessions and transactions",
}
Line = tuple[str, str]  # address of the page, the line


@dataclass(frozen=True)
class Page:
    """One page of the documentation.

    Attributes:
        read: ISO date when it was read, or empty.
        lines: the statement itself, then its options; each is there once.
    """

    address: str
    read: str
    lines: tuple[str, ...]


@dataclass(frozen=True)
class Group:
    """The pages about some object types.

    Attributes:
        part: a key of PARTS.
    """

    title: str
    part: str
    order: int
    pages: tuple[Page, ...]


def read_groups() -> list[Group]:
    """All groups in the order of the page.

    Raises:
        ValueError: a file is not as the package's documentation says.
    """
    groups = [_group(path) for path in FOLDER.glob("*.yaml")]
    addresses = [page.address for group in groups for page in group.pages]
    if twice := {address for address in addresses if addresses.count(address) > 1}:
        raise ValueError(f"pages that stand twice: {', '.join(sorted(twice))}")
    return sorted(groups, key=lambda group: (list(PARTS).index(group.part), group.order, group.title))


def lines_of(groups: Iterable[Group]) -> list[Line]:
    """Every line with the address of its page."""
    return [(page.address, line) for group in groups for page in group.pages for line in page.lines]


def _group(path: Path) -> Group:
    document = yaml.safe_load(path.read_text())
    if document.get("part") not in PARTS:
        raise ValueError(f"{path.name}: its pages have no area: part is {document.get('part')!r}")
    pages = tuple(_page(path, entry) for entry in document["pages"])
    return Group(document["group"], document["part"], document["order"], pages)


def _page(path: Path, entry: dict[str, Any]) -> Page:
    lines = tuple(entry["lines"])
    if not all(isinstance(line, str) for line in lines) or len(set(lines)) != len(lines):
        raise ValueError(f"{path.name}: {entry['page']}: a line is no text, or stands twice")
    return Page(entry["page"], str(entry.get("read", "")), lines)
