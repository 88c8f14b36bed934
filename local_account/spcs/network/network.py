"""The account's container networks: one without a way out of this machine, and the way out.

Instances are on the first. Those whose service has an external access integration join the second too;
what may leave through it is the firewall's matter.
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
    """Make the inner network unless it is there."""
    name = labels.network
    try:
        network = client.networks.get(name)
    except NotFound:
        network = client.networks.create(name, driver="bridge", internal=True, labels=labels.for_network())
        network.reload()
    config = network.attrs["IPAM"]["Config"][0]
    # Docker tells the gateway only when it was asked for one; the bridge has the first address else.
    gateway = config.get("Gateway") or config["Subnet"].rsplit(".", 1)[0] + ".1"
    return Network(name, gateway, config["Subnet"])


def join_egress(client: DockerClient, labels: Labels, holder: str) -> None:
    """Put an instance on the network that leads outside, which is made unless it is there.

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
    """Take the networks away when nothing uses them any more."""
    for name in (labels.egress_network, labels.network):
        with contextlib.suppress(NotFound, APIError):
            client.networks.get(name).remove()
