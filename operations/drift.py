"""Where the account differs from what the last `up` left.

`pulumi refresh` shows what the provider sees. This adds what the provider cannot see: the specification and
the images that run, what is suspended, images that were pushed again under the same tag, and grants that the
program did not make. Files on stages are not compared, because the stack puts no files there.
"""

from __future__ import annotations

from operations import drift_grants, drift_refresh, drift_services
from operations.finding import Finding
from operations.objects import Managed, by_owner, managed
from operations.target import Target


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
