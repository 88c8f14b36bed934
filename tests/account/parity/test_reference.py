"""The reference is the measure of docs/parity.md: each line of it counts, with or without a case.

See https://docs.snowflake.com/en/sql-reference/sql-all
"""

from __future__ import annotations

from tests.account.parity.coverage import of
from tests.account.parity.page import render
from tests.account.parity.reference import PARTS, lines_of, read_groups


def test_cases_cover_only_lines_that_their_source_has() -> None:
    coverage = of([])  # raises when a case covers a line that does not exist, or a page has no area
    lines = lines_of(coverage.groups)
    assert set(coverage.outcomes) <= set(lines)
    assert {group.part for group in coverage.groups} == set(PARTS)


def test_every_line_is_on_the_page() -> None:
    page = render([])
    for group in read_groups():
        for each in group.pages:
            [row] = [line for line in page.splitlines() if f"]({each.address}) |" in line]
            missing = [line for line in each.lines if f"`{line}`" not in row]
            assert not missing, row
