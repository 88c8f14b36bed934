"""Sign-in of code in a service's container: as the service, with the session token that the account put
there, or as a user, with credentials of its own.

See https://docs.snowflake.com/en/developer-guide/snowpark-container-services/spcs-execute-sql
"""

from __future__ import annotations

from local_account.base.errors import SnowflakeError
from local_account.base.result import now
from local_account.identity import access
from local_account.identity.account import Account
from local_account.identity.credentials import bad_service_token, digest
from local_account.identity.session import SERVICE_TOKEN, Session, session_id
from local_account.spcs.state.observed import Observed

ORIGIN = "origin"
"""Kind of the tokens that say which service a client runs in."""


def service_session(account: Account, token: str, role: str, address: str) -> Session:
    """A new session of a service.

    Args:
        token: the container's session token.
        role: the role that the client asks for; '' for the service's owner role.
        address: IP address of the client, which must be an instance of the service.

    Raises:
        SnowflakeError: 390303 for a bad token, 390317 for a role that the service does not have.
    """
    content = account.authenticator.service_token(token)
    if not account.part(Observed).is_instance(content.get("service", 0), address):
        raise bad_service_token()
    if role and role not in access.closure(account.catalog, [content["role"]]):
        raise SnowflakeError("390317", "08004", f"Role '{role}' is not granted to this service.")
    return Session(
        id=session_id(),
        user=content["user"],
        service=content.get("service", 0),
        role=role or content["role"],
        only_role=content["role"],
        method=SERVICE_TOKEN,
        database=content["database"],
        schema=content["schema"],
        warehouse=content.get("warehouse") or "",
    )


def check_origin(account: Account, token: str, address: str) -> None:
    """Refuse a login with a user's credentials from a container that may not use such.

    Args:
        token: what the client sends as SPCS_TOKEN; '' when it sends none.
        address: IP address of the client.

    Raises:
        SnowflakeError: 390303 for a bad token, 395090 when the service's specification does not permit it,
            or when the client does not say which service it runs in.
    """
    if not token:
        if account.part(Observed).service_at(address) is not None:
            raise _not_permitted("the client sends no SPCS_TOKEN: use a newer driver")
        return
    found = account.catalog.get_token(digest(token), ORIGIN)
    service = found[1]["service"] if found and found[0] > now() else 0
    item = account.catalog.by_id(service)
    if item is None or not account.part(Observed).is_instance(service, address):
        raise bad_service_token()
    context = item.properties["SPEC"].get("capabilities", {}).get("securityContext", {})
    if not context.get("enableCustomCredentials"):
        raise _not_permitted(
            f"the specification of service {item.fqn} lacks capabilities.securityContext."
            "enableCustomCredentials: true"
        )


def pool_at(account: Account, address: str) -> str:
    """The compute pool of the container with this address; '' when it is no container's."""
    service = account.part(Observed).service_at(address)
    item = account.catalog.by_id(service) if service is not None else None
    return item.properties["POOL"] if item else ""


def _not_permitted(reason: str) -> SnowflakeError:
    return SnowflakeError("395090", "08004", f"Custom credentials are not permitted here: {reason}.")


SIGN_IN = {"OAUTH": service_session}
SIGN_IN_CHECKS = {"SPCS_TOKEN": check_origin}
