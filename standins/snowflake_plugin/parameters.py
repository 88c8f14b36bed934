"""Objects with Snowflake parameters, which are set on the object or inherited from its parents.

See https://docs.snowflake.com/en/sql-reference/parameters. A preview asks the server: a parameter that is set
on the object but not in the program is unset.
"""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from standins.snowflake_plugin import sql
from standins.snowflake_plugin.columns import camel, text, truth
from standins.snowflake_plugin.objects import ObjectResource, Reading, Row
from standins.snowflake_plugin.properties import Prop
from standins.snowflake_plugin.resource import Difference, State
from standins.snowflake_plugin.session import Session


def parameters(spec: str) -> tuple[Prop, ...]:
    """Properties from a list such as ``"LOG_LEVEL LOCK_TIMEOUT:int AUTOCOMMIT:bool"`` (default text)."""
    pairs = (part.partition(":") for part in spec.split())
    return tuple(Prop(camel(name), kind or "text", name, parameter=True) for name, _, kind in pairs)


class ParameterResource(ObjectResource):
    """An object with parameters; ``level`` is what SHOW PARAMETERS calls a value set on the object itself."""

    level: ClassVar[str]

    def __init__(self) -> None:
        """Start without remembered answers."""
        super().__init__()
        self._planned: dict[str, Mapping[str, Row]] = {}

    def same(self, prop: Prop, olds: State, news: State) -> bool:
        """Parameters are compared with the server's values instead."""
        return prop.parameter or super().same(prop, olds, news)

    def diff(self, session: Session, resource_id: str, olds: State, news: State) -> Difference:
        """What would change; the update that may follow uses the server's answer again."""
        rows = self._parameters(session, self.current(resource_id, olds))
        self._planned[resource_id] = rows
        difference = super().diff(session, resource_id, olds, news)
        self._planned[resource_id] = rows
        return difference

    def changes(self, session: Session, resource_id: str, olds: State, news: State) -> dict[str, bool]:
        """Changed inputs and parameters."""
        changes = super().changes(session, resource_id, olds, news)
        rows = self._planned.pop(resource_id, None)
        if rows is None:
            rows = self._parameters(session, self.current(resource_id, olds))
        for prop in self.props:
            if prop.parameter and self._moved(prop, rows.get(prop.keyword, {}), olds, news):
                changes[prop.name] = False
        return changes

    def _moved(self, prop: Prop, row: Row, olds: State, news: State) -> bool:
        own = row.get("level") == self.level
        if news.get(prop.name) is None:
            return own
        different = prop.normal(news[prop.name]) != prop.normal(olds.get(prop.name))
        return different or bool(row and not own)

    def _parameters(self, session: Session, names: Sequence[str]) -> Mapping[str, Row]:
        rows = session.run(f"SHOW PARAMETERS IN {self.kind} {sql.path(names)}", self.timeout)
        return {row["key"]: row for row in rows}

    def read_more(self, reading: Reading, state: State) -> None:
        """Take over the parameters' values, set here or inherited."""
        rows = self._parameters(reading.session, reading.names)
        for prop in self.props:
            if (
                prop.parameter
                and prop.keyword in rows
                and not (reading.importing and self._inherited(rows[prop.keyword]))
            ):
                state[prop.name] = _typed(prop, rows[prop.keyword].get("value"))

    def _inherited(self, row: Row) -> bool:
        return row.get("level") != self.level


def _typed(prop: Prop, value: Any) -> Any:
    if prop.kind == "int":
        return int(value or 0)
    return truth(value) if prop.kind == "bool" else text(value)
