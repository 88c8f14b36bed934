"""Names of services and their instances inside the account.

See https://docs.snowflake.com/en/developer-guide/snowpark-container-services/service-network-communications
"""

from __future__ import annotations

from local_account.catalog.catalog import Object
from local_account.identity.account import Account
from local_account.spcs.spec.names import dns_label
from local_account.spcs.state.lifecycle import dns_domain
from local_account.spcs.state.observed import SERVICE, Observed

_INSTANCES = "instances."


def addresses(account: Account, asker: Object, name: str) -> list[str] | None:
    """Addresses of a service's name, or of `instances.` and its name; None when `name` is not such a name.

    Args:
        asker: the service that asks; a name without a schema part belongs to the asker's schema.
        name: the host name in lower case.
    """
    plain = name.removeprefix(_INSTANCES)
    label, _, rest = plain.partition(".")
    schema, _, domain = rest.partition(".")
    schema = schema or asker.properties["DNS_HASH"]
    if domain and rest != dns_domain(schema):
        return None
    for item in account.catalog.objects(SERVICE):
        if dns_label(item.name) == label and item.properties["DNS_HASH"] == schema:
            return _of_service(account, item, only_ready=name != plain)
    return [] if domain else None


def _of_service(account: Account, item: Object, only_ready: bool) -> list[str]:
    states = [
        state
        for state in account.part(Observed).instances(item.id).values()
        if state.address and not state.terminating
    ]
    ready = [state.address for state in states if state.status == "READY"]
    return ready if ready or only_ready else [state.address for state in states]
