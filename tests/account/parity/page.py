"""docs/parity.md and the account's README, written from the results of a run."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from machine.paths import PROJECT
from tests.account.parity.cases import EVIDENCE, PARTS, Area, read_areas
from tests.account.parity.coverage import Coverage, of
from tests.account.parity.reference import PARTS as REFERENCE_PARTS
from tests.account.parity.reference import Group, Page
from tests.account.parity.runner import Result

PAGE = PROJECT / "docs" / "parity.md"
README = PROJECT / "local_account" / "README.md"
BEGIN, END = "<!-- parity: written by python -m tests.account.parity -->", "<!-- parity: end -->"
_HEAD = """# Parity

What the [local account](local-account.md) does as Snowflake's documentation says, what it refuses by name,
and what nobody has tried.
This page is generated from the results of the cases in `tests/account/parity/cases/`, which official clients
run against the real server: `python -m tests.account.parity` writes it, `make test` fails when a case
behaves otherwise or when the page and the results disagree.

The page has two parts. **The reference** goes through the statement pages of Snowflake's SQL reference about
the object types that the account has: each option of a page's syntax is a line, whether the account has it or
not. Look there for "does the account have …?". **The cases** say what exactly was tried.
"""
_REFERENCE_HEAD = """## The reference

**supported**: a case shows that the line works as documented, and no case about it is refused.
**refused by name**: error 000002 or a syntax error names what is missing. **not tested**: no case is about
it, so nothing is known; it counts as not supported. A page's first line is the statement itself. A page
without a date was written down from memory.
"""
_CASES_HEAD = """## The cases

**supported**: columns, values, effects and errors are as documented. **refused**: error 000002 or a syntax
error names what is missing. A line about an error or a missing privilege is supported when the account gives
Snowflake's own error.

**outside**: what the account is not for: it is a place for projects on Snowpark Container Services, and no
second data warehouse. These cases do not count in the percentage.

The number in the source column is that of the page in the list above the table. Where another word stands
beside it, the expectation comes from there and goes before the documentation:
"""
# What newcomers look for in vain; the case behind each one shows that it is still so.
_MISSED = (
    ("the REST API (`/api/v2`), which the package `snowflake.core` uses", "snow_other", "snow object create"),
    ("tasks, stored procedures and scripting blocks", "data_session", "CREATE TASK"),
    ("CLONE, UNDROP and time travel", "database", "CREATE DATABASE … CLONE"),
)


def render(results: Sequence[Result], before: str = "") -> str:
    """The whole page.

    Args:
        results: of all areas, or of some.
        before: the page that the sections of other areas are taken from.
    """
    old = {text.split("\n", 1)[0]: f"### {text.rstrip()}\n" for text in before.split("\n### ")[1:]}
    ran = {result.area.title: result.area for result in results}
    new = {title: _section(area, results) for title, area in ran.items()}
    areas = [area for area in read_areas() if area.title in old | new]
    sections = {area.name: (old | new)[area.title] for area in areas}
    coverage = of(results)
    lines = [_HEAD, *_reference_totals(coverage), ""]
    lines += [
        "| cases | all | supported | refused by name | outside | differing |",
        "|---|---|---|---|---|---|",
    ]
    for part, title in PARTS.items():
        if found := [sections[area.name] for area in areas if area.part == part]:
            lines.append(_total(title, found))
    lines += [_total("**All**", list(sections.values())), "", _REFERENCE_HEAD]
    for group in coverage.groups:
        lines += [f"**{group.title}**", "", *_pages(coverage, group), ""]
    lines += [_CASES_HEAD, *(f"- **{key}**: {told}" for key, told in EVIDENCE.items() if told)]
    lines += ["", *sections.values()]
    return "\n".join(lines).rstrip() + "\n"


def render_readme(results: Sequence[Result], before: str) -> str:
    """The account's README, with what stands between its two markers written again.

    Raises:
        ValueError: the markers are not there, or something that newcomers miss is refused no more.
    """
    refused = {(area.name, case.form) for area in read_areas() for case in area.cases if case.refused}
    if wrong := [(area, form) for _, area, form in _MISSED if (area, form) not in refused]:
        raise ValueError(f"not refused by a case: {wrong}")
    head, begin, rest = before.partition(BEGIN)
    _, end, tail = rest.partition(END)
    if not begin or not end:
        raise ValueError("README without the markers of its parity part")
    coverage = of(results)
    lines = ["| lines of Snowflake's SQL reference | all | supported | refused by name | not tested |"]
    lines += ["|---|---|---|---|---|"]
    for part, title in REFERENCE_PARTS.items():
        lines.append(_reference_total(title, coverage, coverage.of_part(part)))
    missed = [text for text, _, _ in _MISSED]
    told = f"What newcomers miss most: {'; '.join(missed)}."
    return "".join([head, begin, "\n", "\n".join(lines), "\n\n", told, "\n", end, tail])


def _reference_totals(coverage: Coverage) -> list[str]:
    lines = [
        "| lines of the reference | all | supported | refused by name | not tested |",
        "|---|---|---|---|---|",
    ]
    for part, title in REFERENCE_PARTS.items():
        groups = coverage.of_part(part)
        lines.append(_reference_total(f"**{title}**", coverage, groups))
        lines += [_reference_total(group.title, coverage, [group]) for group in groups]
    return [*lines, _reference_total("**All**", coverage, coverage.groups)]


def _reference_total(title: str, coverage: Coverage, groups: Iterable[Group]) -> str:
    count = coverage.count(groups)
    share = 100 * count["supported"] / max(count.total(), 1)
    rest = count.total() - count["supported"] - count["refused"]
    supported = f"{count['supported']} ({share:.0f} %)"
    return f"| {title} | {count.total()} | {supported} | {count['refused']} | {rest} |"


def _pages(coverage: Coverage, group: Group) -> list[str]:
    lines = ["| page | read | supported | refused by name | not tested |", "|---|---|---|---|---|"]
    return lines + [_page(coverage, page) for page in group.pages]


def _page(coverage: Coverage, page: Page) -> str:
    found: dict[str, list[str]] = {"supported": [], "refused": [], "": []}
    for line in page.lines:
        outcome = coverage.outcome((page.address, line))
        found[outcome if outcome in found else ""].append(_code(line))
    cells = [f"[{_cell(page.lines[0])}]({page.address})", page.read, *map(", ".join, found.values())]
    return f"| {' | '.join(cells)} |"


def _total(title: str, sections: Sequence[str]) -> str:
    lines = "\n".join(sections).splitlines()
    supported = sum("| supported |" in line for line in lines)
    refused = sum("| **refused**: " in line for line in lines)
    outside = sum("| **refused**, outside: " in line for line in lines)
    differing = sum("| **differs**: " in line for line in lines)
    count = supported + refused + differing
    share = f"{supported} ({100 * supported / max(count, 1):.1f} %)"
    return f"| {title} | {count + outside} | {share} | {refused} | {outside} | {differing} |"


def _section(area: Area, all_results: Sequence[Result]) -> str:
    results = [result for result in all_results if result.area.name == area.name]
    sources = list(dict.fromkeys(result.case.source for result in results))
    lines = [f"### {area.title}", ""]
    lines += [f"{number}. <{source}>" for number, source in enumerate(sources, 1)]
    lines += ["", f"Verified: {area.verified}.", "", "| | result | source |", "|---|---|---|"]
    for result in results:
        told = result.outcome if result.outcome == "supported" else f"**{result.outcome}**: {result.told}"
        if result.outcome == "refused" and result.case.outside:
            told = f"**refused**, outside: {result.case.outside}"
        source = str(sources.index(result.case.source) + 1)
        if result.case.evidence != "documentation":
            source += f", {result.case.evidence}"
        lines.append(f"| {_code(result.case.form)} | {_cell(told)} | {source} |")
    return "\n".join([*lines, ""])


def _code(form: str) -> str:
    return f"``{_cell(form)}``" if "`" in form else f"`{_cell(form)}`"


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")
