"""The account's container networks: one without a way out of this machine, and the way out.

Instances are on the first. Those whose service has an external access integration join the second too;
what may leave through it is the firewall's matter.
"""

from __future__ import annotations

import contextlib
from typing import NamedTuple

from docker import DockerClient
from docker.errors import APIError, NotFound

from local_account.spcs.state import labels


class Network(NamedTuple):
    """The inner network as Docker made it.

    Attributes:
        gateway: address of this machine on it.
        subnet: in CIDR notation.
    """

    name: str
    gateway: str
    subnet: str


def name_of(account_id: str) -> str:
    return f"milvus-spcs-{account_id}"


def egress_name_of(account_id: str) -> str:
    """Name of the network through which services leave; there while a service needs it."""
    return f"{name_of(account_id)}-egress"


def ensure(client: DockerClient, account_id: str) -> Network:
    """Make the inner network unless it is there."""
    name = name_of(account_id)
    try:
        network = client.networks.get(name)
    except NotFound:
        network = client.networks.create(name, driver="bridge", internal=True, labels=_marks(account_id))
        network.reload()
    config = network.attrs["IPAM"]["Config"][0]
    # Docker tells the gateway only when it was asked for one; the bridge has the first address else.
    gateway = config.get("Gateway") or config["Subnet"].rsplit(".", 1)[0] + ".1"
    return Network(name, gateway, config["Subnet"])


def join_egress(client: DockerClient, account_id: str, holder: str) -> None:
    """Put an instance on the network that leads outside, which is made unless it is there.

    Raises:
        APIError: Docker refused.
    """
    name = egress_name_of(account_id)
    attached = client.api.inspect_container(holder)["NetworkSettings"]["Networks"]
    if name in attached:
        return
    try:
        client.networks.get(name)
    except NotFound:
        client.networks.create(name, driver="bridge", labels=_marks(account_id))
    client.api.connect_container_to_network(holder, name)


def remove(client: DockerClient, account_id: str) -> None:
    """Take the networks away when nothing uses them any more."""
    for name in (egress_name_of(account_id), name_of(account_id)):
        with contextlib.suppress(NotFound, APIError):
            client.networks.get(name).remove()


def _marks(account_id: str) -> dict[str, str]:
    return {labels.ACCOUNT: account_id, labels.PART: labels.NETWORK}
