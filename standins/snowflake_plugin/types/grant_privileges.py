"""Privileges granted to account roles. See https://docs.snowflake.com/en/sql-reference/sql/grant-privilege."""

import uuid
from collections.abc import Sequence
from typing import Any

from standins.snowflake_plugin import sql
from standins.snowflake_plugin.columns import truth
from standins.snowflake_plugin.errors import Failure, PluginError, SnowflakeError
from standins.snowflake_plugin.properties import Prop
from standins.snowflake_plugin.resource import State
from standins.snowflake_plugin.session import Session
from standins.snowflake_plugin.types import grants
from standins.snowflake_plugin.types.grants import GrantResource, Target
from standins.snowflake_plugin.wire import has_unknown


def _privileges(values: Sequence[str]) -> str | None:
    for value in values:
        if value.upper() == "OWNERSHIP":
            return "Unsupported privilege 'OWNERSHIP': use the GrantOwnership resource to grant it"
        if value != value.upper() or not all(char.isalpha() or char in " ._" for char in value):
            return f"invalid privilege: {value}; privileges are words in upper case, such as {value.upper()}"
    if "IMPORTED PRIVILEGES" in values and len(values) > 1:
        return "Invalid privileges: IMPORTED PRIVILEGES cannot be used with other privileges"
    return None


class GrantPrivilegesToAccountRole(GrantResource):
    """Privileges on one target, granted to one role."""

    type = "GrantPrivilegesToAccountRole"
    props = (
        Prop("accountRoleName", "ident", required=True, replace=True),
        Prop("privileges", "texts", check=_privileges),
        Prop("allPrivileges", "bool"),
        Prop("withGrantOption", "bool", replace=True),
        Prop("alwaysApply", "bool"),
        Prop("alwaysApplyTrigger"),
        Prop("strictPrivilegeManagement", "bool"),
        Prop("onAccount", "bool", replace=True),
        Prop("onAccountObject", "block", replace=True),
        Prop("onSchema", "block", replace=True),
        Prop("onSchemaObject", "block", replace=True),
    )
    exactly_one = (
        ("privileges", "allPrivileges"),
        ("onAccount", "onAccountObject", "onSchema", "onSchemaObject"),
    )
    at_most_one = (("strictPrivilegeManagement", "allPrivileges"),)

    def check_more(self, inputs: State) -> list[Failure]:
        """The target must be one that Snowflake has."""
        for name in ("onAccountObject", "onSchema", "onSchemaObject"):
            block = inputs.get(name)
            if block and not has_unknown(block) and (wrong := _wrong(name, block)):
                return [Failure(name, wrong)]
        return []

    # Target and id

    @staticmethod
    def target(values: State) -> Target:
        """What the privileges are on."""
        if values.get("onAccount"):
            return Target("ACCOUNT", "OnAccount", "ACCOUNT", "SHOW GRANTS ON ACCOUNT")
        if block := values.get("onAccountObject"):
            return grants.one(block["objectType"].upper(), sql.ident(block["objectName"]), "OnAccountObject")
        if block := values.get("onSchema"):
            return _schema_target(block)
        block = values["onSchemaObject"]
        if block.get("objectName"):
            return grants.one(block["objectType"].upper(), block["objectName"], "OnSchemaObject|OnObject")
        how = "all" if block.get("all") else "future"
        return grants.many(how, block[how], "OnSchemaObject|On")

    def identity(self, values: State) -> str:
        """The resource's id."""
        listed = "ALL" if values.get("allPrivileges") else ",".join(values["privileges"])
        switches = [str(bool(values.get(key))).lower() for key in ("withGrantOption", "alwaysApply")]
        return "|".join((sql.ident(values["accountRoleName"]), *switches, listed, self.target(values).key))

    @staticmethod
    def parse(resource_id: str) -> State:
        """The inputs that an id stands for."""
        role, option, always, listed, kind, *rest = [*resource_id.split("|"), *[""] * 8]
        state: State = {
            "accountRoleName": role,
            "withGrantOption": option == "true",
            "alwaysApply": always == "true",
        }
        state |= (
            {"allPrivileges": True}
            if listed in ("ALL", "ALL PRIVILEGES")
            else {"privileges": listed.split(",")}
        )
        first, second, third, fourth, *_ = rest
        if kind == "OnAccount":
            return state | {"onAccount": True}
        if kind == "OnAccountObject":
            return state | {"onAccountObject": {"objectType": first, "objectName": second}}
        schemas = {
            "OnSchema": "schemaName",
            "OnAllSchemasInDatabase": "allSchemasInDatabase",
            "OnFutureSchemasInDatabase": "futureSchemasInDatabase",
        }
        if kind == "OnSchema" and first in schemas:
            return state | {"onSchema": {schemas[first]: second}}
        if kind == "OnSchemaObject" and first == "OnObject":
            return state | {"onSchemaObject": {"objectType": second, "objectName": third}}
        if kind == "OnSchemaObject" and first in ("OnAll", "OnFuture"):
            place = {"objectTypePlural": second, third[0].lower() + third[1:]: fourth}
            return state | {"onSchemaObject": {first[2:].lower(): place}}
        raise PluginError(
            f"invalid id {resource_id!r}: see the import section of GrantPrivilegesToAccountRole"
        )

    # Operations

    def create(self, session: Session, inputs: State) -> tuple[str, State]:
        """Grant."""
        self._grant(session, inputs, inputs.get("privileges", []))
        return self.identity(inputs), dict(inputs)

    def _grant(self, session: Session, values: State, privileges: Sequence[str]) -> None:
        option = " WITH GRANT OPTION" if values.get("withGrantOption") else ""
        listed = _listed(values, privileges)
        role = sql.ident(values["accountRoleName"])
        try:
            session.run(f"GRANT {listed} ON {self.target(values).on} TO ROLE {role}{option}", self.timeout)
        except SnowflakeError as error:
            if not (values.get("allPrivileges") and "Grant partially executed" in error.message):
                raise

    def _revoke(self, session: Session, values: State, listed: str) -> None:
        role = sql.ident(values["accountRoleName"])
        session.run(f"REVOKE {listed} ON {self.target(values).on} FROM ROLE {role}", self.timeout)

    def read(self, session: Session, resource_id: str, state: State) -> State | None:
        """Which of the privileges are granted; None when the role or the target is gone."""
        state = dict(state) or self.parse(resource_id)
        if state.get("alwaysApply"):
            state["alwaysApplyTrigger"] = str(uuid.uuid4())
        target, role = self.target(state), sql.bare(state["accountRoleName"])
        if state.get("allPrivileges") or not target.show:
            return state
        roles = session.run(f"SHOW ROLES LIKE {sql.literal(role)}", self.timeout)
        if not any(row["name"] == role for row in roles):
            return None
        try:
            rows = session.run(target.show, self.timeout)
        except SnowflakeError as error:
            if error.missing:
                return None
            raise
        state["privileges"] = self._found(rows, target, state)
        return state

    @staticmethod
    def _found(rows: Sequence[Any], target: Target, state: State) -> list[str]:
        wanted, option = state.get("privileges", []), bool(state.get("withGrantOption"))
        # Snowflake lists IMPORTED PRIVILEGES as USAGE.
        names = {"USAGE": "IMPORTED PRIVILEGES"} if "IMPORTED PRIVILEGES" in wanted else {}
        found = []
        for row in rows:
            privilege = names.get(row["privilege"], row["privilege"])
            managed = state.get("strictPrivilegeManagement") or (
                privilege in wanted and truth(row["grant_option"]) == option
            )
            if managed and privilege != "OWNERSHIP" and grants.shown(row, target, state["accountRoleName"]):
                found.append(privilege)
        return sorted(
            set(found), key=lambda item: (wanted.index(item) if item in wanted else len(wanted), item)
        )

    def update(self, session: Session, resource_id: str, olds: State, news: State) -> State:
        """Grant new privileges, and revoke those that are no longer wanted."""
        before, after = olds.get("privileges", []), news.get("privileges", [])
        if olds.get("allPrivileges") and not news.get("allPrivileges"):
            self._revoke(session, news, "ALL PRIVILEGES")
        if news.get("allPrivileges"):
            if not olds.get("allPrivileges") or news.get("alwaysApply"):
                self._grant(session, news, [])
            return dict(news)
        if added := [item for item in after if item not in before]:
            if not news.get("withGrantOption") and "IMPORTED PRIVILEGES" not in added:
                self._revoke(session, news, "GRANT OPTION FOR " + ", ".join(added))
            self._grant(session, news, added)
        if removed := [item for item in before if item not in after]:
            self._revoke(session, news, ", ".join(removed))
        if news.get("alwaysApply"):
            self._grant(session, news, after)
        return dict(news)

    def delete(self, session: Session, resource_id: str, state: State) -> None:
        """Revoke the privileges; not an error if the role or the target is gone."""
        try:
            self._revoke(session, state, _listed(state, state.get("privileges", [])))
        except SnowflakeError as error:
            if not error.missing:
                raise


def _listed(values: State, privileges: Sequence[str]) -> str:
    return "ALL PRIVILEGES" if values.get("allPrivileges") else ", ".join(privileges)


def _schema_target(block: State) -> Target:
    if name := block.get("schemaName"):
        on = f"SCHEMA {sql.qualified(name)}"
        return Target(on, f"OnSchema|OnSchema|{sql.qualified(name)}", "SCHEMA", f"SHOW GRANTS ON {on}")
    how = "all" if block.get("allSchemasInDatabase") else "future"
    place = sql.qualified(block[f"{how}SchemasInDatabase"])
    show = f"SHOW FUTURE GRANTS IN DATABASE {place}" if how == "future" else ""
    key = f"OnSchema|On{how.capitalize()}SchemasInDatabase|{place}"
    return Target(f"{how.upper()} SCHEMAS IN DATABASE {place}", key, "SCHEMA", show)


def _wrong(name: str, block: State) -> str | None:
    if "inherited" in block:
        return f"{name}.inherited is not supported by the local stand-in for the Snowflake plugin"
    given = [key for key in block if block[key]]
    if name == "onSchema":
        allowed = ("schemaName", "allSchemasInDatabase", "futureSchemasInDatabase")
        return (
            None
            if len(given) == 1 and given[0] in allowed
            else f"one of `{','.join(allowed)}` must be specified"
        )
    kinds = grants.ACCOUNT_OBJECTS if name == "onAccountObject" else grants.SCHEMA_OBJECTS
    if set(given) == {"objectType", "objectName"}:
        kind = block["objectType"].upper()
        return None if kind in kinds else f"expected objectType to be one of {list(kinds)}, got {kind}"
    if name == "onSchemaObject" and given in (["all"], ["future"]):
        return _wrong_many(given[0], block[given[0]])
    more = "" if name == "onAccountObject" else ", or `all`, or `future`"
    return f"`objectType` and `objectName` must be specified together{more}"


def _wrong_many(how: str, block: State) -> str | None:
    forbidden = grants.NOT_ALL if how == "all" else grants.NOT_FUTURE
    kinds = [sql.plural(kind) for kind in grants.SCHEMA_OBJECTS if kind not in forbidden]
    if (kind := str(block.get("objectTypePlural", "")).upper()) not in kinds:
        return f"expected objectTypePlural to be one of {kinds}, got {kind}"
    if bool(block.get("inDatabase")) == bool(block.get("inSchema")):
        return "one of `inDatabase,inSchema` must be specified"
    return None
