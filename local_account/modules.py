"""All modules that define statements. To add an object type, write its module and add it to this list.

`statement.dispatch.Dispatch` says what a module may define.
"""

from __future__ import annotations

from types import ModuleType

from local_account.grants import grant, roles, show
from local_account.loading import statements as loading_statements
from local_account.metadata import absent, comment, tag_references
from local_account.metadata import show as metadata_show
from local_account.objects import (
    database,
    event_table,
    external_access,
    network_policy,
    network_rule,
    resource_monitor,
    schema,
    secret,
    tag,
    warehouse,
)
from local_account.registry import image_repository
from local_account.session import behavior_changes, parameter, use, variables
from local_account.spcs.service_functions import function
from local_account.spcs.state import sign_in
from local_account.spcs.statements import (
    compute_pool,
    functions,
    gateway,
    inspect,
    jobs,
    service,
    service_role,
    service_tables,
    snapshot,
    telemetry,
    waiting,
)
from local_account.stages import file_format, script, stage
from local_account.statement import functions as account_functions
from local_account.statement import history
from local_account.tables import statements as data_statements
from local_account.tables import table, transactions
from local_account.users import database_role, pat, role, security_integration, user

MODULES: list[ModuleType] = [
    *(compute_pool, functions, inspect, jobs, service, service_role, service_tables, snapshot, waiting),
    *(function, gateway, telemetry),
    *(database, schema, warehouse, resource_monitor, tag, secret, event_table),
    *(network_rule, network_policy, external_access),
    *(user, role, database_role, pat, security_integration),
    *(grant, roles, show),
    *(use, parameter, variables, behavior_changes),
    *(stage, file_format, script),
    *(absent, comment, metadata_show, tag_references),
    *(data_statements, table, transactions),
    loading_statements,
    *(account_functions, history, image_repository, sign_in),
]
