"""All modules that own statements. Adding an object type touches its module and this list.

A module may have TYPES (object types), STATEMENTS (leading words → handler), RAW_STATEMENTS (first word →
handler of the text after it) and FUNCTIONS (name → function).
"""

from __future__ import annotations

from types import ModuleType

from local.account import script, transactions, waiting
from local.account.objects import (
    database,
    database_role,
    external_access,
    grant,
    grant_role,
    grant_show,
    image_repository,
    network_policy,
    network_rule,
    parameter,
    pat,
    resource_monitor,
    role,
    schema,
    secret,
    security_integration,
    service_role,
    stage,
    table,
    tag,
    use,
    user,
    warehouse,
)
from local.spcs import compute_pool, functions, inspect, jobs, service, service_tables, snapshot

MODULES: list[ModuleType] = [
    compute_pool,
    functions,
    inspect,
    jobs,
    service,
    service_tables,
    snapshot,
    database,
    database_role,
    external_access,
    grant,
    grant_role,
    grant_show,
    image_repository,
    network_policy,
    network_rule,
    parameter,
    pat,
    resource_monitor,
    role,
    schema,
    script,
    secret,
    security_integration,
    service_role,
    stage,
    table,
    tag,
    transactions,
    use,
    user,
    waiting,
    warehouse,
]
