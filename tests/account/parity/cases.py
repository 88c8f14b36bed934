"""Reads the files of cases."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

FOLDER = Path(__file__).parent / "cases"
PARTS = {
    # key: heading of the total on the page
    "statements": "SQL of Snowpark Container Services and the objects around it",
    "privileges": "Privileges and sign-in",
    "snow": "`snow spcs` commands",
    "other": "Other clients, data and sessions",
}
EVIDENCE = {
    # key: what the page's legend says of it; nothing about the usual one
    "recorded": "observed of real Snowflake and recorded, for example by an official client's own tests",
    "report": "told by a user of a real account",
    "documentation": "",
}
# What the account is not for; see docs/local-account.md. A case of it says which of these it is.
OUTSIDE = (
    *("external stages", "functions in other languages and procedures", "masking and row access policies"),
    *("native applications", "other security integrations", "replication and failover", "shares"),
    *("Snowflake Scripting", "tasks", "the REST API", "time travel, CLONE and UNDROP"),
)
Prepared = tuple[str, str]  # role, statement
_JUDGED = ("status", "columns", "row", "rows", "has", "text", "error", "refused")
_ABSENT = object()


@dataclass(frozen=True)
class Step:
    """A statement or command, and what must come of it.

    Attributes:
        run: statements; the last one is judged.
        expected: the judged keys that the file has, as they stand there.
    """

    run: tuple[str, ...]
    role: str
    client: str
    wait: bool
    expected: dict[str, Any]


@dataclass(frozen=True)
class Case:
    """One line of the page: `steps` must all hold; the first one is the statement it is about.

    Attributes:
        covers: lines of the reference's page `source` that it shows.
        evidence: a key of EVIDENCE: where what it expects comes from.
        outside: one of OUTSIDE, if that is why it is refused; '' otherwise.
    """

    form: str
    source: str
    covers: tuple[str, ...]
    evidence: str
    outside: str
    setup: tuple[Prepared, ...]
    cleanup: tuple[Prepared, ...]
    steps: tuple[Step, ...]

    @property
    def refused(self) -> bool:
        """Whether the account says by name that it does not have this."""
        return "refused" in self.steps[0].expected


@dataclass(frozen=True)
class Area:
    """One file of cases.

    Attributes:
        files: what commands find in their working directory, by name.
    """

    name: str
    title: str
    part: str
    order: int
    verified: str
    files: dict[str, str]
    setup: tuple[Prepared, ...]
    cleanup: tuple[Prepared, ...]
    cases: tuple[Case, ...] = field(repr=False)


def read_areas(names: Iterable[str] = ()) -> list[Area]:
    """All areas, or the named ones, in the order of the page.

    Raises:
        ValueError: a file is not as the package's documentation says.
    """
    wanted = set(names)
    found = [_area(path) for path in FOLDER.glob("*.yaml") if not wanted or path.stem in wanted]
    if missing := wanted - {area.name for area in found}:
        raise ValueError(f"no such area: {', '.join(sorted(missing))}")
    return sorted(found, key=lambda area: (list(PARTS).index(area.part), area.order, area.name))


def _area(path: Path) -> Area:
    document = yaml.safe_load(path.read_text())
    client = "snow" if path.stem.startswith("snow_") else "connector"
    cases = tuple(_case(entry, document["source"], client, path.stem) for entry in document["cases"])
    forms = [case.form for case in cases]
    if twice := {form for form in forms if forms.count(form) > 1}:
        raise ValueError(f"{path.name}: twice: {twice}")
    if document["part"] not in PARTS:
        raise ValueError(f"{path.name}: part {document['part']!r}")
    return Area(
        name=path.stem,
        title=document["area"],
        part=document["part"],
        order=document.get("order", 99),
        verified=document["verified"],
        files=document.get("files", {}),
        setup=_prepared(document, "setup"),
        cleanup=_prepared(document, "cleanup"),
        cases=cases,
    )


def _case(entry: dict[str, Any], source: str, client: str, area: str) -> Case:
    entry = dict(entry)
    form = entry.pop("form", None)
    following = entry.pop("then", ())
    case_source = entry.pop("source", source)
    covers, evidence = tuple(entry.pop("covers", ())), entry.pop("evidence", "documentation")
    outside = entry.pop("outside", "")
    if evidence not in EVIDENCE or outside not in ("", *OUTSIDE):
        raise ValueError(f"{area}: evidence {evidence!r}, outside {outside!r}")
    setup, cleanup = _prepared(entry, "setup"), _prepared(entry, "cleanup")
    role, client = entry.pop("role", "ADMIN"), entry.pop("client", client)
    first = _step(entry, role, client, area, bool(following))
    steps = (first, *(_step(step, role, client, area) for step in following))
    form = " ".join((form or first.run[-1]).split())
    if outside and "refused" not in steps[0].expected:
        raise ValueError(f"{area}: {form}: outside goes with refused")
    return Case(form, case_source, covers, evidence, outside, setup, cleanup, steps)


def _prepared(entry: dict[str, Any], key: str) -> tuple[Prepared, ...]:
    """Statements around a case: as ACCOUNTADMIN, or as the role that stands before it."""
    found = entry.pop(key, ())
    return tuple(("ADMIN", item) if isinstance(item, str) else next(iter(item.items())) for item in found)


def _step(entry: dict[str, Any], role: str, client: str, area: str, judged_later: bool = False) -> Step:
    entry = dict(entry)
    run = entry.pop("run")
    statements = (run,) if isinstance(run, str) else tuple(run)
    role, client = entry.pop("role", role), entry.pop("client", client)
    wait = entry.pop("wait", False)
    expected = {}
    for key in _JUDGED:
        value = entry.pop(key, _ABSENT)
        if value is not _ABSENT:
            expected[key] = value
    if entry:
        raise ValueError(f"{area}: {statements[-1]}: unknown: {', '.join(entry)}")
    if not expected and not judged_later:
        raise ValueError(f"{area}: {statements[-1]}: nothing is judged")
    return Step(statements, role, client, wait, expected)
