"""Which lines of the reference the cases cover, and what came of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from tests.account.parity.cases import read_areas
from tests.account.parity.reference import Group, Line, lines_of, read_groups
from tests.account.parity.runner import Result


@dataclass(frozen=True)
class Coverage:
    """The reference, and the outcomes of the lines that cases cover."""

    groups: Sequence[Group]
    outcomes: Mapping[Line, str]

    def outcome(self, line: Line) -> str:
        """`supported`, `refused` or `differs`; empty when no case covers the line."""
        return self.outcomes.get(line, "")

    def of_part(self, part: str) -> list[Group]:
        """The groups that the page counts together."""
        return [group for group in self.groups if group.part == part]

    def count(self, groups: Iterable[Group]) -> Counter[str]:
        """How many of the groups' lines have each outcome."""
        return Counter(self.outcome(line) for line in lines_of(groups))


def of(results: Sequence[Result]) -> Coverage:
    """The coverage by all cases.

    A line has the worst outcome of its cases. A case that is not among the results counts as its file says.

    Raises:
        ValueError: a case covers a line that its source page does not have.
    """
    groups = read_groups()
    known = set(lines_of(groups))
    differing = {(each.area.name, each.case.form) for each in results if each.outcome == "differs"}
    ranks = ("supported", "refused", "differs")
    outcomes: dict[Line, str] = {}
    for area in read_areas():
        for case in area.cases:
            outcome = "refused" if case.refused else "supported"
            if (area.name, case.form) in differing:
                outcome = "differs"
            for line in case.covers:
                key = (case.source, line)
                if key not in known:
                    raise ValueError(f"{area.name}: {case.form}: {case.source} has no line {line!r}")
                outcomes[key] = max(outcome, outcomes.get(key, outcome), key=ranks.index)
    return Coverage(groups, outcomes)
