"""The account's two container networks: the inner one has no way out of this machine, the other has one.

All instances are on the inner network. Instances of services with an external access integration also join
the other one; the firewall decides which packets may leave through it.
"""

from __future__ import annotations

import contextlib
from typing import NamedTuple

from docker import DockerClient
from docker.errors import APIError, NotFound

from local_account.base.labels import Labels


class Network(NamedTuple):
    """The inner network as Docker made it.

    Attributes:
        gateway: address of this machine on it.
        subnet: in CIDR notation.
    """

    name: str
    gateway: str
    subnet: str


def ensure(client: DockerClient, labels: Labels) -> Network:
    """Make the inner network unless it exists."""
    name = labels.network
    try:
        network = client.networks.get(name)
    except NotFound:
        network = client.networks.create(name, driver="bridge", internal=True, labels=labels.for_network())
        network.reload()
    config = network.attrs["IPAM"]["Config"][0]
    # Docker reports a gateway only if one was requested; otherwise it is the subnet's first address.
    gateway = config.get("Gateway") or config["Subnet"].rsplit(".", 1)[0] + ".1"
    return Network(name, gateway, config["Subnet"])


def join_egress(client: DockerClient, labels: Labels, holder: str) -> None:
    """Put an instance on the network that leads outside; the network is made unless it exists.

    Raises:
        APIError: Docker refused.
    """
    name = labels.egress_network
    attached = client.api.inspect_container(holder)["NetworkSettings"]["Networks"]
    if name in attached:
        return
    try:
        client.networks.get(name)
    except NotFound:
        client.networks.create(name, driver="bridge", labels=labels.for_network())
    client.api.connect_container_to_network(holder, name)


def remove(client: DockerClient, labels: Labels) -> None:
    """Remove the networks when no container uses them any more."""
    for name in (labels.egress_network, labels.network):
        with contextlib.suppress(NotFound, APIError):
            client.networks.get(name).remove()
