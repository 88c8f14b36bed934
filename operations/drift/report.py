"""Where the account differs from what the last `up` left.

`pulumi refresh` shows what the provider sees. This adds what the provider cannot see: the specification and
the images that run, what is suspended, images that were pushed again under the same tag, and grants that the
program did not make. Files on stages are not compared, because the stack puts no files there.
"""

from __future__ import annotations

from operations.drift import grants, refresh, services
from operations.drift.finding import Finding
from operations.objects import Managed, by_owner, managed
from operations.target import Target


def findings(target: Target) -> list[Finding]:
    """All drift of a stack."""
    found = refresh.findings(target)
    gone = {finding.object for finding in found if finding.found == refresh.GONE}
    declared = [item for item in managed(target) if item.resource not in gone]

    def of(kind: str) -> list[Managed]:
        return [item for item in declared if item.kind == kind]

    for owner, owned in by_owner(of("Service")).items():
        with target.account.queries(owner) as query:
            found += services.services(query, owned)
    with target.account.queries() as query:
        for repository in of("ImageRepository"):
            found += services.images(query, repository, of("Service"))
        found += services.pools(query, of("ComputePool"))
        found += grants.findings(query, declared, target.owner_role)
    return found
