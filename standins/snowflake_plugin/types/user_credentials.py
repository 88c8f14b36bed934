"""Public keys and programmatic access tokens of users.

See https://docs.snowflake.com/en/user-guide/key-pair-auth and
https://docs.snowflake.com/en/user-guide/programmatic-access-tokens.
"""

from typing import Any

from standins.snowflake_plugin import sql
from standins.snowflake_plugin.columns import columns, read_row
from standins.snowflake_plugin.errors import PartialError, PluginError, SnowflakeError
from standins.snowflake_plugin.properties import Prop
from standins.snowflake_plugin.resource import Changes, Resource, State
from standins.snowflake_plugin.session import Session


class UserPublicKeys(Resource):
    """RSA public keys of a user that is managed elsewhere. The keys are never read back."""

    type = "UserPublicKeys"
    gate = "snowflake_user_public_keys_resource"
    props = (
        Prop("name", "label", required=True, replace=True),
        Prop("rsaPublicKey"),
        Prop("rsaPublicKey2", sql="RSA_PUBLIC_KEY_2"),
    )

    def create(self, session: Session, inputs: State) -> tuple[str, State]:
        """Set the keys that are given."""
        self._set(session, inputs, {"rsaPublicKey", "rsaPublicKey2"})
        return sql.bare(inputs["name"]), dict(inputs)

    def _set(self, session: Session, values: State, changed: set[str]) -> None:
        for prop in self.props[1:]:
            if prop.name in changed and values.get(prop.name):
                session.run(
                    f"ALTER USER {sql.ident(values['name'])} SET {prop.render(values[prop.name])}",
                    self.timeout,
                )

    def read(self, session: Session, resource_id: str, state: State) -> State | None:
        """Read whether the user exists."""
        try:
            session.run(f"DESCRIBE USER {sql.ident(resource_id)}", self.timeout)
        except SnowflakeError as error:
            if error.missing:
                return None
            raise
        return state or {"name": resource_id}

    def update(self, session: Session, resource_id: str, olds: State, news: State) -> State:
        """Set or unset the keys that changed."""
        changed = set(self.changes(session, resource_id, olds, news))
        self._set(session, news, changed)
        for prop in self.props[1:]:
            if prop.name in changed and not news.get(prop.name):
                session.run(f"ALTER USER {sql.ident(resource_id)} UNSET {prop.keyword}", self.timeout)
        return dict(news)

    def delete(self, session: Session, resource_id: str, state: State) -> None:
        """Unset both keys."""
        for prop in self.props[1:]:
            session.run(f"ALTER USER {sql.ident(resource_id)} UNSET {prop.keyword}", self.timeout)


class UserProgrammaticAccessToken(Resource):
    """A programmatic access token. Its secret is an output of the run that made or rotated it."""

    type = "UserProgrammaticAccessToken"
    props = (
        Prop("user", "ident", required=True, replace=True),
        Prop("name", "label", required=True),
        Prop("roleRestriction", "ident", replace=True),
        Prop("daysToExpiry", "int", minimum=1, replace=True),
        Prop("minsToBypassNetworkPolicyRequirement", "int", minimum=1),
        Prop("comment"),
        Prop("disabled", "flag", drift="status", from_show=lambda status: str(status == "DISABLED").lower()),
        Prop("expireRotatedTokenAfterHours", "count", minimum=0),
        Prop("keeper"),
    )
    computed = ("showOutputs", "token", "rotatedTokenName")
    secret_outputs = frozenset({"token"})
    _CREATED = ("roleRestriction", "daysToExpiry", "minsToBypassNetworkPolicyRequirement", "comment")
    _ALTERED = ("disabled", "minsToBypassNetworkPolicyRequirement", "comment")
    _COLUMNS = columns(
        "name user_name role_restriction expires_at status comment created_on created_by"
        " mins_to_bypass_network_policy_requirement:int rotated_to"
    )

    @staticmethod
    def _token(user: str, action: str, name: str) -> str:
        return f"ALTER USER {sql.ident(user)} {action} PROGRAMMATIC ACCESS TOKEN {sql.ident(name)}"

    def _rendered(self, values: State, names: tuple[str, ...]) -> list[str]:
        return [
            self.by_name[name].render(values[name])
            for name in names
            if self.by_name[name].given(values.get(name))
        ]

    def create(self, session: Session, inputs: State) -> tuple[str, State]:
        """Add the token; the answer holds its secret."""
        user, name = inputs["user"], inputs["name"]
        options = "".join(" " + part for part in self._rendered(inputs, self._CREATED))
        row = session.run(self._token(user, "ADD", name) + options, self.timeout)[0]
        state = {**inputs, "token": row["token_secret"], "rotatedTokenName": ""}
        resource_id = f"{sql.ident(user)}|{sql.ident(name)}"
        try:
            if setting := self._rendered(inputs, ("disabled",)):
                session.run(f"{self._token(user, 'MODIFY', name)} SET {setting[0]}", self.timeout)
            return resource_id, self._observed(session, user, name, state)
        except PluginError as error:
            raise PartialError(resource_id, state, str(error)) from error

    def _observed(self, session: Session, user: str, name: str, state: State) -> State:
        row = self._find(session, user, name)
        if row is None:
            raise PluginError(f"the programmatic access token {name} of user {user} does not exist")
        return {**state, "showOutputs": [read_row(row, self._COLUMNS)]}

    def _find(self, session: Session, user: str, name: str) -> dict[str, Any] | None:
        rows = session.run(f"SHOW USER PROGRAMMATIC ACCESS TOKENS FOR USER {sql.ident(user)}", self.timeout)
        return next((row for row in rows if row["name"] == sql.bare(name)), None)

    def moved(self, olds: State, changes: Changes) -> set[str]:
        """A change of the keeper makes a new secret."""
        return super().moved(olds, changes) | (
            {"token", "rotatedTokenName"} if "keeper" in changes else set()
        )

    def read(self, session: Session, resource_id: str, state: State) -> State | None:
        """Read the present token; its secret cannot be read."""
        user, _, name = resource_id.partition("|")
        known = dict(state)
        user, name = known.get("user") or sql.bare(user), known.get("name") or sql.bare(name)
        row = self._find(session, user, name)
        if row is None:
            return None
        shown = read_row(row, self._COLUMNS)
        disabled, before = self.by_name["disabled"], (known.get("showOutputs") or [{}])[0]
        if not state or ("status" in before and before["status"] != shown["status"]):
            known["disabled"] = self.from_show(disabled, shown)
        restriction = shown.get("roleRestriction", "")
        if sql.bare(known.get("roleRestriction") or "") != restriction:
            known["roleRestriction"] = restriction
        return {
            **known,
            "user": user,
            "name": name,
            "comment": shown.get("comment", ""),
            "showOutputs": [shown],
        }

    def update(self, session: Session, resource_id: str, olds: State, news: State) -> State:
        """Rename, change, and rotate when the keeper changed."""
        changes = self.changes(session, resource_id, olds, news)
        user, name = news["user"], olds["name"]
        state = {**{key: olds[key] for key in self.computed if key in olds}, **news}
        if "name" in changes:
            session.run(
                f"{self._token(user, 'MODIFY', name)} RENAME TO {sql.ident(news['name'])}", self.timeout
            )
            name = news["name"]
        changed = tuple(item for item in self._ALTERED if item in changes)
        if setting := self._rendered(news, changed):
            session.run(f"{self._token(user, 'MODIFY', name)} SET {' '.join(setting)}", self.timeout)
        if unset := [
            self.by_name[item].keyword for item in changed if not self.by_name[item].given(news.get(item))
        ]:
            session.run(f"{self._token(user, 'MODIFY', name)} UNSET {', '.join(unset)}", self.timeout)
        if "keeper" in changes and olds.get("keeper") and news.get("keeper"):
            options = "".join(" " + part for part in self._rendered(news, ("expireRotatedTokenAfterHours",)))
            row = session.run(self._token(user, "ROTATE", name) + options, self.timeout)[0]
            state |= {"token": row["token_secret"], "rotatedTokenName": row.get("rotated_token_name")}
        return self._observed(session, user, name, state)

    def delete(self, session: Session, resource_id: str, state: State) -> None:
        """Remove the token; not an error if it is gone already."""
        try:
            session.run(self._token(state["user"], "REMOVE", state["name"]), self.timeout)
        except SnowflakeError as error:
            gone = "Programmatic access token" in error.message and "not found" in error.message
            if not (gone or error.missing):
                raise
