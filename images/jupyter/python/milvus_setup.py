"""Job: sets the passwords in Milvus, makes the notebook's user, and checks that all others are refused.

May run any number of times. Reads the secret folders named by MILVUS_ROOT_CREDENTIALS and MILVUS_CREDENTIALS.
Milvus's privileges: https://milvus.io/docs/privileges.md
"""

from __future__ import annotations

import sys

from milvus_demo.connection import (
    MILVUS_ERRORS,
    ROOT_SECRET,
    USER_SECRET,
    Credentials,
    DemoError,
    LoginRefused,
    MilvusAddress,
    connect,
    login_refused,
)
from pymilvus import MilvusClient

FACTORY_PASSWORD = "Milvus"  # noqa: S105 (public: what a new Milvus server starts with)
ROLE = "notebook"
COLLECTION_PRIVILEGES = (
    "CreateIndex",
    "Delete",
    "DropIndex",
    "Flush",
    "GetLoadState",
    "GetStatistics",
    "IndexDetail",
    "Insert",
    "Load",
    "Query",
    "Release",
    "Search",
)
DATABASE_PRIVILEGES = ("CreateCollection", "DescribeCollection", "DropCollection", "ShowCollections")


def main() -> None:
    """Run the job; the exit status is 1 and the reason is printed when something is not as it must be."""
    try:
        address = MilvusAddress()
        root = Credentials.from_secret("MILVUS_ROOT_CREDENTIALS", ROOT_SECRET)
        user = Credentials.from_secret("MILVUS_CREDENTIALS", USER_SECRET)
        client = root_client(address, root)
        ensure_role(client)
        ensure_user(client, user, address)
        connect(user, address)
        check_closed(address)
    except (DemoError, *MILVUS_ERRORS) as error:
        sys.exit(f"Milvus set-up failed: {error}")
    print(f"Milvus is set up: user {user.user} has role {ROLE}, and nobody enters without a password")


def root_client(address: MilvusAddress, root: Credentials) -> MilvusClient:
    """Log in as root with its password, and set the password first where Milvus still has its default one."""
    try:
        return connect(root, address)
    except LoginRefused as refused:
        try:
            client = connect(Credentials(root.user, FACTORY_PASSWORD), address)
        except LoginRefused:
            raise DemoError(
                f"{refused}; nor does it take the password of a new server, so it was changed outside"
            ) from refused
    client.update_password(root.user, FACTORY_PASSWORD, root.password)
    return connect(root, address)


def ensure_role(client: MilvusClient) -> None:
    """Make the notebook's role: data and collections of the default database, no users, no other database."""
    if ROLE not in client.list_roles():
        client.create_role(ROLE)
    for privilege in COLLECTION_PRIVILEGES:
        client.grant_privilege(ROLE, "Collection", privilege, "*")
    for privilege in DATABASE_PRIVILEGES:
        client.grant_privilege(ROLE, "Global", privilege, "*")


def ensure_user(client: MilvusClient, user: Credentials, address: MilvusAddress) -> None:
    """Make the notebook's user with its password and role; an older password is replaced."""
    if user.user in client.list_users():
        try:
            connect(user, address)
        except LoginRefused:
            client.drop_user(user.user)
    if user.user not in client.list_users():
        client.create_user(user.user, user.password)
    client.grant_role(user.user, ROLE)


def check_closed(address: MilvusAddress) -> None:
    """Check that Milvus refuses a client without credentials, and root with Milvus's default password.

    Raises:
        DemoError: one of them gets in.
    """
    for who, token in (("without credentials", ""), ("as root with the factory's password", "root:Milvus")):
        try:
            MilvusClient(uri=address.uri, token=token, timeout=10).list_collections()
        except MILVUS_ERRORS as error:
            if not login_refused(error):
                raise DemoError(f"cannot tell whether Milvus lets in a client {who}: {error}") from error
        else:
            raise DemoError(
                f"Milvus at {address.uri} lets in a client {who}; "
                "common.security.authorizationEnabled must be true in its configuration"
            )


if __name__ == "__main__":
    main()
