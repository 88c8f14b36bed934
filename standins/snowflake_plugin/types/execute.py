"""Any statement, with a statement that undoes it and a query whose rows are an output."""

import uuid
from datetime import datetime

from standins.snowflake_plugin.columns import text
from standins.snowflake_plugin.errors import PluginError
from standins.snowflake_plugin.properties import Prop
from standins.snowflake_plugin.resource import Changes, Resource, State
from standins.snowflake_plugin.session import Session


class Execute(Resource):
    """A statement. After a change, ``revert`` undoes the old statement and the new one is run."""

    type = "Execute"
    timeout = 60 * 60
    props = (
        Prop("execute", required=True, replace=True),
        Prop("revert", required=True),
        Prop("query"),
    )
    computed = ("queryResults",)

    def moved(self, olds: State, changes: Changes) -> set[str]:
        """Only a changed query gives new results."""
        return set(self.computed) if not olds or "query" in changes else set()

    def create(self, session: Session, inputs: State) -> tuple[str, State]:
        """Run the statement, then the query."""
        session.run(inputs["execute"], self.timeout)
        return str(uuid.uuid4()), self._queried(session, dict(inputs))

    def _queried(self, session: Session, state: State) -> State:
        """The state with the query's rows as texts; without rows if the query fails."""
        state.pop("queryResults", None)
        if state.get("query"):
            try:
                rows = session.run(state["query"], self.timeout)
            except PluginError as error:
                session.warn(f"SQL query statement failed: {error}")
            else:
                state["queryResults"] = [{name: _text(value) for name, value in row.items()} for row in rows]
        return state

    def read(self, session: Session, resource_id: str, state: State) -> State | None:
        """Run the query again; the statement itself is never run again."""
        if not state:
            raise PluginError(
                "an Execute resource cannot be imported: its statement is not kept in the account"
            )
        return self._queried(session, dict(state))

    def update(self, session: Session, resource_id: str, olds: State, news: State) -> State:
        """Keep a new revert; run a new query."""
        if news.get("query") != olds.get("query"):
            return self._queried(session, dict(news))
        return {**news, **({"queryResults": olds["queryResults"]} if "queryResults" in olds else {})}

    def delete(self, session: Session, resource_id: str, state: State) -> None:
        """Run the statement that undoes it."""
        session.run(state["revert"], self.timeout)


def _text(value: object) -> str | None:
    if isinstance(value, datetime):
        return value.isoformat(sep=" ")
    return None if value is None else text(value)
