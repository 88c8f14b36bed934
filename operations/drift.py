"""Show where the account is not as the last `up` left it: exit code 0 nothing, 2 drift, 1 error.

`pulumi refresh` shows what the provider sees; added here are what it cannot see: the specification and images
that run, what is suspended, images pushed anew, and grants beside the program. Files on stages are not
compared: the stack puts none there.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict, astuple

from rich.table import Table
from rich.text import Text

from machine.terminal import console, say
from operations import drift_grants, drift_refresh, drift_services
from operations.finding import Finding
from operations.objects import Managed, by_owner, managed
from operations.target import Target

DRIFT = 2


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="print a list instead of a table")


def run(target: Target, options: argparse.Namespace) -> int:
    """Compare, and print one line for each difference; 2 when there is any."""
    found = findings(target)
    if options.json:
        print(json.dumps([asdict(finding) for finding in found], indent=2))
    elif not found:
        say("drift", "none")
    else:
        _show(found)
    return DRIFT if found else 0


def _show(found: list[Finding]) -> None:
    table = Table("object", "what", "declared", "found")
    for finding in found:
        # As Text, for brackets are markup in plain strings.
        table.add_row(*(Text(cell, overflow="fold") for cell in astuple(finding)))
    console.print(table)


def findings(target: Target) -> list[Finding]:
    """All drift of a stack."""
    found = drift_refresh.findings(target)
    gone = {finding.object for finding in found if finding.found == drift_refresh.GONE}
    declared = [item for item in managed(target) if item.resource not in gone]

    def of(kind: str) -> list[Managed]:
        return [item for item in declared if item.kind == kind]

    for owner, services in by_owner(of("Service")).items():
        with target.account.queries(owner) as query:
            found += drift_services.services(query, services)
    with target.account.queries() as query:
        for repository in of("ImageRepository"):
            found += drift_services.images(query, repository, of("Service"))
        found += drift_services.pools(query, of("ComputePool"))
        found += drift_grants.findings(query, declared, target.owner_role)
    return found
