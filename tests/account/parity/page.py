"""docs/parity.md, written from the results of a run."""

from __future__ import annotations

from collections.abc import Sequence

from local.settings import PROJECT
from tests.account.parity.cases import PARTS
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


def render(results: Sequence[Result]) -> str:
    """The whole page."""
    lines = [_HEAD, "| | cases | supported | refused by name | differing |", "|---|---|---|---|---|"]
    for part, title in PARTS.items():
        if found := [result for result in results if result.area.part == part]:
            lines.append(_total(title, found))
    lines += [_total("**All**", results), ""]
    for area in dict.fromkeys(result.area.name for result in results):
        lines += _section([result for result in results if result.area.name == area])
    return "\n".join(lines).rstrip() + "\n"


def _total(title: str, results: Sequence[Result]) -> str:
    count = len(results)
    supported = sum(result.outcome == "supported" for result in results)
    refused = sum(result.outcome == "refused" for result in results)
    share = 100 * supported / count
    return f"| {title} | {count} | {supported} ({share:.1f} %) | {refused} | {count - supported - refused} |"


def _section(results: Sequence[Result]) -> list[str]:
    area = results[0].area
    sources = list(dict.fromkeys(result.case.source for result in results))
    lines = [f"## {area.title}", ""]
    lines += [f"{number}. <{source}>" for number, source in enumerate(sources, 1)]
    lines += ["", f"Verified: {area.verified}.", "", "| | result | source |", "|---|---|---|"]
    for result in results:
        told = result.outcome if result.outcome == "supported" else f"**{result.outcome}**: {result.told}"
        source = sources.index(result.case.source) + 1
        lines.append(f"| {_code(result.case.form)} | {_cell(told)} | {source} |")
    return [*lines, ""]


def _code(form: str) -> str:
    return f"``{_cell(form)}``" if "`" in form else f"`{_cell(form)}`"


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")
