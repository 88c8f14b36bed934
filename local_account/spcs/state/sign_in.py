"""Sign-in of code in a service's container, with the session token that the account put there.

See https://docs.snowflake.com/en/developer-guide/snowpark-container-services/additional-considerations-services-jobs
"""

from __future__ import annotations

from local_account.base.errors import SnowflakeError
from local_account.identity import access
from local_account.identity.account import Account
from local_account.identity.credentials import bad_service_token
from local_account.identity.session import SERVICE_TOKEN, Session, session_id
from local_account.spcs.state.observed import Observed


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


SIGN_IN = {"OAUTH": service_session}
