"""The account's container network: a bridge without a way out of this machine."""

from __future__ import annotations

from typing import NamedTuple

from docker import DockerClient
from docker.errors import APIError, NotFound

from local.spcs import labels


class Network(NamedTuple):
    """The network as Docker made it.

    Attributes:
        gateway: address of this machine on it.
        subnet: in CIDR notation.
    """

    name: str
    gateway: str
    subnet: str


def name_of(account_id: str) -> str:
    return f"milvus-spcs-{account_id}"


def ensure(client: DockerClient, account_id: str) -> Network:
    """Make the network unless it is there."""
    name = name_of(account_id)
    try:
        network = client.networks.get(name)
    except NotFound:
        marks = {labels.ACCOUNT: account_id, labels.PART: labels.NETWORK}
        network = client.networks.create(name, driver="bridge", internal=True, labels=marks)
        network.reload()
    config = network.attrs["IPAM"]["Config"][0]
    # Docker tells the gateway only when it was asked for one; the bridge has the first address else.
    gateway = config.get("Gateway") or config["Subnet"].rsplit(".", 1)[0] + ".1"
    return Network(name, gateway, config["Subnet"])


def remove(client: DockerClient, account_id: str) -> None:
    """Take the network away when nothing uses it any more."""
    try:
        client.networks.get(name_of(account_id)).remove()
    except (NotFound, APIError):
        return
