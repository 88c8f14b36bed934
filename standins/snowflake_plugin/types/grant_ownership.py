"""Ownership of objects. See https://docs.snowflake.com/en/sql-reference/sql/grant-ownership."""

from standins.snowflake_plugin import sql
from standins.snowflake_plugin.errors import Failure, PluginError, SnowflakeError
from standins.snowflake_plugin.properties import Prop
from standins.snowflake_plugin.resource import State
from standins.snowflake_plugin.session import Session
from standins.snowflake_plugin.types import grants
from standins.snowflake_plugin.types.grants import GrantResource, Target
from standins.snowflake_plugin.wire import has_unknown

# A service keeps the role that created it: Snowflake has no GRANT OWNERSHIP ON SERVICE.
_NOT_OWNED = (
    "CONNECTION",
    "DATASET",
    "EXPERIMENT",
    "GATEWAY",
    "JOIN POLICY",
    "MCP SERVER",
    "MODEL",
    "MODEL MONITOR",
    "NOTEBOOK",
    "NOTEBOOK PROJECT",
    "ONLINE FEATURE TABLE",
    "PRIVACY POLICY",
    "SERVICE",
    "SNAPSHOT",
    "SNAPSHOT POLICY",
    "SNAPSHOT SET",
    "STORAGE LIFECYCLE POLICY",
    "STREAMLIT",
    "WORKSPACE",
)
KINDS = tuple(
    sorted(
        {*grants.ACCOUNT_OBJECTS, *grants.SCHEMA_OBJECTS, "DATABASE ROLE", "NETWORK POLICY", "ROLE", "SCHEMA"}
        - set(_NOT_OWNED)
    )
)
"""Object types whose ownership can be transferred."""


class GrantOwnership(GrantResource):
    """Ownership of one object, or of all or future objects in a place, given to a role."""

    type = "GrantOwnership"
    props = (
        Prop("accountRoleName", "ident", replace=True),
        Prop("databaseRoleName", "name", replace=True),
        Prop(
            "outboundPrivileges", "enum", replace=True, choices=("COPY", "REVOKE"), what="outbound privileges"
        ),
        Prop("on", "block", required=True, replace=True),
    )
    exactly_one = (("accountRoleName", "databaseRoleName"),)

    def check_more(self, inputs: State) -> list[Failure]:
        """The ownership of the target must be transferable."""
        on = inputs["on"]
        if has_unknown(on):
            return []
        given = sorted(key for key in on if on[key])
        if given == ["objectName", "objectType"]:
            kind, allowed = on["objectType"].upper(), list(KINDS)
        elif given in (["all"], ["future"]):
            kind = str(on[given[0]].get("objectTypePlural", "")).upper()
            allowed = [sql.plural(item) for item in KINDS if item != "DATABASE ROLE"]
        else:
            return [
                Failure(
                    "on", "one of `objectName,all,future` must be specified, and `objectType` with a name"
                )
            ]
        return (
            []
            if kind in allowed
            else [Failure("on", f"expected the object type to be one of {allowed}, got {kind}")]
        )

    @staticmethod
    def target(values: State) -> Target:
        """The target whose ownership is transferred."""
        on = values["on"]
        if on.get("objectName"):
            return grants.one(on["objectType"].upper(), on["objectName"], "OnObject")
        how = "all" if on.get("all") else "future"
        return grants.many(how, on[how], "On")

    @staticmethod
    def _role(values: State) -> str:
        if values.get("accountRoleName"):
            return f"ROLE {sql.ident(values['accountRoleName'])}"
        return f"DATABASE ROLE {sql.qualified(values['databaseRoleName'])}"

    @staticmethod
    def _current_grants(values: State) -> str:
        how = str(values.get("outboundPrivileges") or "").upper()
        return f" {how} CURRENT GRANTS" if how else ""

    def create(self, session: Session, inputs: State) -> tuple[str, State]:
        """Transfer the ownership."""
        target = self.target(inputs)
        session.run(
            f"GRANT OWNERSHIP ON {target.on} TO {self._role(inputs)}{self._current_grants(inputs)}",
            self.timeout,
        )
        kind, _, role = self._role(inputs).rpartition(" ")
        to = "ToDatabaseRole" if kind == "DATABASE ROLE" else "ToAccountRole"
        return "|".join((to, role, str(inputs.get("outboundPrivileges") or "").upper(), target.key)), dict(
            inputs
        )

    def read(self, session: Session, resource_id: str, state: State) -> State | None:
        """Whether the role still owns the target; an error also means that it does not."""
        state = dict(state) or self.parse(resource_id)
        target = self.target(state)
        if not target.show:
            return state
        try:
            rows = session.run(target.show, self.timeout)
        except SnowflakeError:
            return None
        role = sql.split(state.get("accountRoleName") or state["databaseRoleName"])[-1]
        owned = any(
            row["privilege"] == "OWNERSHIP"
            and grants.shown({**row, "granted_to": None, "grant_to": None}, target, role)
            for row in rows
        )
        return state if owned else None

    @staticmethod
    def parse(resource_id: str) -> State:
        """The inputs that an id stands for."""
        to, role, outbound, kind, *rest = [*resource_id.split("|"), "", "", "", ""]
        state: State = {"accountRoleName" if to == "ToAccountRole" else "databaseRoleName": role}
        state |= {"outboundPrivileges": outbound} if outbound else {}
        if kind == "OnObject":
            return state | {"on": {"objectType": rest[0], "objectName": rest[1]}}
        if kind in ("OnAll", "OnFuture"):
            place = {"objectTypePlural": rest[0], rest[1][0].lower() + rest[1][1:]: rest[2]}
            return state | {"on": {kind[2:].lower(): place}}
        raise PluginError(f"invalid id {resource_id!r}: see the import section of GrantOwnership")

    def delete(self, session: Session, resource_id: str, state: State) -> None:
        """Take the ownership back; not an error if the object is gone."""
        target = self.target(state)
        try:
            if target.future:
                session.run(f"REVOKE OWNERSHIP ON {target.on} FROM {self._role(state)}", self.timeout)
                return
            current = session.run("SELECT CURRENT_ROLE() as CURRENT_ROLE", self.timeout)[0]["CURRENT_ROLE"]
            grant = f"GRANT OWNERSHIP ON {target.on} TO ROLE {sql.ident(current)}"
            session.run(grant + self._current_grants(state), self.timeout)
        except SnowflakeError as error:
            if not error.missing:
                raise
