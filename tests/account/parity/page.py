"""docs/parity.md, written from the results of a run."""

from __future__ import annotations

from collections.abc import Sequence

from machine.paths import PROJECT
from tests.account.parity.cases import PARTS, Area, read_areas
from tests.account.parity.runner import Result

PAGE = PROJECT / "docs" / "parity.md"
_HEAD = """# Parity

What the [local account](local-account.md) does as Snowflake's documentation says, and what
it refuses by name.
This page is generated from the results of the cases in `tests/account/parity/`, which official clients run
against the real server: `python -m tests.account.parity` writes it, `make test` fails when a case behaves
otherwise or when the page and the results disagree.

**supported**: columns, values, effects and errors are as documented. **refused**: error 000002 or a syntax
error names what is missing. A line about an error or a missing privilege is supported when the account gives
Snowflake's own error.
"""


def render(results: Sequence[Result], before: str = "") -> str:
    """The whole page.

    Args:
        results: of all areas, or of some.
        before: the page that the sections of other areas are taken from.
    """
    old = {text.split("\n", 1)[0]: f"## {text.rstrip()}\n" for text in before.split("\n## ")[1:]}
    ran = {result.area.title: result.area for result in results}
    new = {title: _section(area, results) for title, area in ran.items()}
    areas = [area for area in read_areas() if area.title in old | new]
    sections = {area.name: (old | new)[area.title] for area in areas}
    lines = [_HEAD, "| | cases | supported | refused by name | differing |", "|---|---|---|---|---|"]
    for part, title in PARTS.items():
        if found := [sections[area.name] for area in areas if area.part == part]:
            lines.append(_total(title, found))
    lines += [_total("**All**", list(sections.values())), "", *sections.values()]
    return "\n".join(lines).rstrip() + "\n"


def _total(title: str, sections: Sequence[str]) -> str:
    lines = "\n".join(sections).splitlines()
    supported = sum("| supported |" in line for line in lines)
    refused = sum("| **refused**: " in line for line in lines)
    differing = sum("| **differs**: " in line for line in lines)
    count = supported + refused + differing
    return f"| {title} | {count} | {supported} ({100 * supported / count:.1f} %) | {refused} | {differing} |"


def _section(area: Area, all_results: Sequence[Result]) -> str:
    results = [result for result in all_results if result.area.name == area.name]
    sources = list(dict.fromkeys(result.case.source for result in results))
    lines = [f"## {area.title}", ""]
    lines += [f"{number}. <{source}>" for number, source in enumerate(sources, 1)]
    lines += ["", f"Verified: {area.verified}.", "", "| | result | source |", "|---|---|---|"]
    for result in results:
        told = result.outcome if result.outcome == "supported" else f"**{result.outcome}**: {result.told}"
        source = sources.index(result.case.source) + 1
        lines.append(f"| {_code(result.case.form)} | {_cell(told)} | {source} |")
    return "\n".join([*lines, ""])


def _code(form: str) -> str:
    return f"``{_cell(form)}``" if "`" in form else f"`{_cell(form)}`"


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")
