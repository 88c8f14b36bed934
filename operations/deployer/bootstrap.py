"""Make, once and as an administrator, the role and the user that deploy a stack from then on.

Only this command acts as ACCOUNTADMIN. `pulumi up`, `preview`, `refresh` and `destroy` then run as
MILVUS_DEPLOYER, a user of type SERVICE that signs in with a key pair and has no other role.
See https://docs.snowflake.com/en/user-guide/security-access-control-privileges.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from components.account.account import Query, setting
from components.account.sql import identifier, literal
from machine.errors import UserError
from machine.terminal import console, say
from operations.deployer import administrator, keys
from operations.target import Target
from settings import Settings

COMMENT = "Deploys Milvus; made by make bootstrap"
ROTATION = "MODIFY PROGRAMMATIC AUTHENTICATION METHODS"
# All that the stack's program makes on the account as the deploying role.
_MAKES = ("CREATE ROLE", "CREATE USER", "CREATE COMPUTE POOL")


class BootstrapError(UserError):
    """The bootstrap stops before it changes anything; the message says why and what to do."""


@dataclass(frozen=True)
class Deployer:
    """Who deploys a stack.

    Attributes:
        name: of the role, of the user and of the network policy.
        privileges: of the role, by object; each with or without GRANT OPTION.
        allowed: addresses (CIDR) from which the user may sign in; empty, the default, for everywhere.
        rotates_itself: whether the user may change its own keys. Default false.
    """

    name: str
    privileges: Mapping[str, Mapping[str, bool]]
    allowed: tuple[str, ...] = ()
    rotates_itself: bool = False


def run(
    target: Target,
    *,
    connection: str | None = None,
    public_key: Path | None = None,
    allow_from: Iterable[str] = (),
    self_rotation: bool = False,
) -> None:
    """Make the role and the user, and print the settings with which the stack deploys as this user.

    Args:
        target: the stack.
        connection: the administrator's connection in connections.toml; default the stack's own sign-in.
        public_key: file with the user's public key; default a new key pair.
        allow_from: addresses or CIDR ranges from which alone the user may sign in; default everywhere.
        self_rotation: let the user change its own keys. Default false.

    Raises:
        BootstrapError: something of that name is not ours, or an address or key cannot be used.
        AccountError: the account refuses.
    """
    deployer = Deployer(
        target.settings.named("MILVUS_DEPLOYER"),
        privileges(target.settings),
        tuple(_address(text) for text in allow_from),
        self_rotation,
    )
    with _as_administrator(target, connection, deployer.name) as (query, organization, account):
        key, file = _key(query, target, deployer.name, public_key)
        make(query, deployer, key)
    say("bootstrap", f"role {deployer.name} and user {deployer.name} of type SERVICE")
    _tell(target.stack.name, organization, account, deployer.name, file)


def remove(target: Target, *, connection: str | None = None) -> None:
    """Remove what an earlier bootstrap made.

    Args:
        target: the stack.
        connection: the administrator's connection in connections.toml; default the stack's own sign-in.

    Raises:
        BootstrapError: the role still owns something, or no bootstrap made it.
        AccountError: the account refuses.
    """
    name = target.settings.named("MILVUS_DEPLOYER")
    with _as_administrator(target, connection, name) as (query, _, _):
        drop(query, name)


@contextmanager
def _as_administrator(target: Target, connection: str | None, name: str) -> Iterator[tuple[Query, str, str]]:
    """The administrator's connection with organization and account; what has our name was made by us."""
    with administrator.queries(target, connection) as query:
        organization, account = _account(query)
        for kind in ("ROLES", "USERS", "NETWORK POLICIES"):
            _found(query, kind, name)
        yield query, organization, account


def privileges(chosen: Settings) -> dict[str, dict[str, bool]]:
    """Privileges that the program needs with these settings, by object, and whether it grants them on."""
    made = {
        "CREATE WAREHOUSE": not chosen.existing_warehouse,
        "CREATE DATABASE": not chosen.existing_database,
        "CREATE INTEGRATION": bool(chosen.egress_hosts or chosen.ingress_integration),
    }
    makes = [*_MAKES, *(privilege for privilege, needed in made.items() if needed)]
    needed = {"ACCOUNT": {**dict.fromkeys(makes, False), "BIND SERVICE ENDPOINT": True}}
    if chosen.existing_warehouse:
        needed[f"WAREHOUSE {identifier(chosen.existing_warehouse)}"] = {"USAGE": True}
    if chosen.existing_database:
        database = f"DATABASE {identifier(chosen.existing_database)}"
        needed[database] = {"USAGE": True, "CREATE SCHEMA": False}
    if chosen.existing_integration:
        needed[f"INTEGRATION {identifier(chosen.existing_integration)}"] = {"USAGE": True}
    return needed


def make(query: Query, deployer: Deployer, key: keys.PublicKey) -> None:
    """Make what is missing, and change what differs. It can be run again.

    The role is granted to ACCOUNTADMIN, so that administrators see what it owns. It is not granted to
    SYSADMIN, which would then have the right to make users and roles.

    Args:
        query: runs a statement as ACCOUNTADMIN.
        deployer: what is wanted.
        key: the user's public key.
    """
    name, role = identifier(deployer.name), f"ROLE {identifier(deployer.name)}"
    made = _found(query, "USERS", deployer.name)
    query(f"CREATE ROLE IF NOT EXISTS {name} COMMENT = {literal(COMMENT)}")
    for privilege in _surplus(query, deployer):
        query(f"REVOKE {privilege} ON ACCOUNT FROM {role}")
    for place, wanted in deployer.privileges.items():
        for privilege, grantable in wanted.items():
            query(f"GRANT {privilege} ON {place} TO {role}" + (" WITH GRANT OPTION" if grantable else ""))
    query(f"GRANT {role} TO ROLE {administrator.ROLE}")
    if not made:
        query(
            f"CREATE USER {name} TYPE = SERVICE RSA_PUBLIC_KEY = {literal(key.text)} DEFAULT_ROLE = {name} "
            f"DEFAULT_SECONDARY_ROLES = () COMMENT = {literal(COMMENT)}"
        )
    query(f"GRANT {role} TO USER {name}")
    if deployer.rotates_itself:
        query(f"GRANT {ROTATION} ON USER {name} TO {role}")
    elif made:
        query(f"REVOKE {ROTATION} ON USER {name} FROM {role}")
    _restrict(query, deployer)


def drop(query: Query, name: str) -> None:
    """Remove user, role and network policy that a bootstrap made.

    Raises:
        BootstrapError: the role still owns something, or they were not made by a bootstrap.
    """
    found = {kind: _found(query, kind, name) for kind in ("USERS", "ROLES", "NETWORK POLICIES")}
    if found["ROLES"]:
        owned = [
            f"{row['granted_on']} {row['name']}"
            for row in query(f"SHOW GRANTS TO ROLE {identifier(name)}")
            if row["privilege"] == "OWNERSHIP"
        ]
        if owned:
            raise BootstrapError(
                f"{name} still owns {', '.join(owned)}: destroy the stack first (make down). "
                "Nothing was changed."
            )
    for kind, statement in (("USERS", "USER"), ("NETWORK POLICIES", "NETWORK POLICY"), ("ROLES", "ROLE")):
        if found[kind]:
            query(f"DROP {statement} {identifier(name)}")
            say("bootstrap", f"dropped {statement.lower()} {name}")


def _found(query: Query, kind: str, name: str) -> dict[str, Any] | None:
    """The user, role or policy of that name, if a bootstrap made it."""
    pattern = "" if kind == "NETWORK POLICIES" else f" LIKE {literal(name)}"
    for row in query(f"SHOW {kind}{pattern}"):
        if row["name"] == name:
            if row["comment"] != COMMENT:
                raise BootstrapError(
                    f"{name} is there already (SHOW {kind}) and no bootstrap made it. Nothing was changed; "
                    "set another prefix, or rename it."
                )
            return row
    return None


def _surplus(query: Query, deployer: Deployer) -> list[str]:
    """Privileges on the account that an earlier bootstrap granted and this one does not."""
    wanted = deployer.privileges["ACCOUNT"]
    return [
        row["privilege"]
        for row in query(f"SHOW GRANTS TO ROLE {identifier(deployer.name)}")
        if row["granted_on"] == "ACCOUNT" and row["privilege"] not in wanted
    ]


def _restrict(query: Query, deployer: Deployer) -> None:
    name = identifier(deployer.name)
    if deployer.allowed:
        listed = ", ".join(literal(address) for address in deployer.allowed)
        if not _found(query, "NETWORK POLICIES", deployer.name):
            query(f"CREATE NETWORK POLICY {name} ALLOWED_IP_LIST = ({listed}) COMMENT = {literal(COMMENT)}")
        query(f"ALTER NETWORK POLICY {name} SET ALLOWED_IP_LIST = ({listed})")
        query(f"ALTER USER {name} SET NETWORK_POLICY = {name}")
    elif _found(query, "NETWORK POLICIES", deployer.name):
        query(f"ALTER USER {name} UNSET NETWORK_POLICY")
        query(f"DROP NETWORK POLICY {name}")


def _key(query: Query, target: Target, user: str, given: Path | None) -> tuple[keys.PublicKey, Path | None]:
    """The user's public key, and the file with its private half if this machine has it.

    Raises:
        BootstrapError: the user has another key.
    """
    file = keys.key_file(target.stack.name, user)
    if given is not None:
        key, shown = keys.read_public_key(given), None
    elif file.exists():
        key, shown = keys.public_half(file.read_text()), file
    else:
        key, shown = None, file
    if _found(query, "USERS", user):
        described = {row["property"]: row["value"] for row in query(f"DESCRIBE USER {identifier(user)}")}
        known = {described.get("RSA_PUBLIC_KEY_FP"), described.get("RSA_PUBLIC_KEY_2_FP")}
        if key is None or key.fingerprint not in known:
            raise BootstrapError(
                f"User {user} is there, with another key than {given or file}. Nothing was changed; "
                "`milvus-spcs rotate-key` changes the key, `milvus-spcs bootstrap --drop` removes the user."
            )
    if key is None:
        private = keys.new_private_key()
        keys.write_private_key(file, private)
        key = keys.public_half(private)
    return key, shown


def _account(query: Query) -> tuple[str, str]:
    """Organization and name of the account that the administrator is in.

    Raises:
        BootstrapError: the stack is configured for another one.
    """
    (row,) = query("SELECT CURRENT_ORGANIZATION_NAME() AS ORGANIZATION, CURRENT_ACCOUNT_NAME() AS ACCOUNT")
    wanted = (setting("organizationName") or row["ORGANIZATION"], setting("accountName") or row["ACCOUNT"])
    if tuple(part.upper() for part in wanted) != (row["ORGANIZATION"], row["ACCOUNT"]):
        raise BootstrapError(
            f"The stack is for account {'-'.join(wanted)}, but the administrator is in "
            f"{row['ORGANIZATION']}-{row['ACCOUNT']}. Nothing was changed."
        )
    return row["ORGANIZATION"], row["ACCOUNT"]


def _address(text: str) -> str:
    try:
        return str(ipaddress.IPv4Network(text, strict=False))
    except ValueError:
        raise BootstrapError(f"--allow-from: {text!r} is not an IPv4 address or CIDR range") from None


def _tell(stack: str, organization: str, account: str, name: str, file: Path | None) -> None:
    """Print the commands that make the stack deploy as this user."""
    values = {
        "organizationName": organization,
        "accountName": account,
        "user": name,
        "role": name,
        "authenticator": "SNOWFLAKE_JWT",
    }
    console.print("Now let the stack deploy as this user:")
    for key, value in values.items():
        print(f"pulumi config set --stack {stack} snowflake:{key} {value}")
    print(f"pulumi config set --stack {stack} --secret snowflake:privateKey < {file or 'KEY.p8'}")
    if file:
        console.print(f"The private key is in {file}, readable by you alone.")
