"""Resource monitors. See https://docs.snowflake.com/en/sql-reference/sql/create-resource-monitor."""

from collections.abc import Sequence

from standins.snowflake_plugin import sql
from standins.snowflake_plugin.columns import columns, items, percent
from standins.snowflake_plugin.errors import Failure
from standins.snowflake_plugin.objects import FIXED_NAME, ObjectResource, Reading
from standins.snowflake_plugin.properties import Prop
from standins.snowflake_plugin.resource import Changes, State
from standins.snowflake_plugin.session import Session

_TRIGGERS = {
    "notifyTriggers": "NOTIFY",
    "suspendTrigger": "SUSPEND",
    "suspendImmediateTrigger": "SUSPEND_IMMEDIATE",
}
_PAIR = ("frequency", "startTimestamp")
_FREQUENCIES = ("MONTHLY", "DAILY", "WEEKLY", "YEARLY", "NEVER")


def _given(value: int) -> int | None:
    """A threshold; 0 means that there is none."""
    return value or None


class ResourceMonitor(ObjectResource):
    """A resource monitor. Snowflake cannot remove the last trigger, so that change replaces the monitor."""

    type = "ResourceMonitor"
    kind = "RESOURCE MONITOR"
    props = (
        FIXED_NAME,
        Prop("creditQuota", "int", minimum=1, drift="creditQuota"),
        Prop("frequency", "word", choices=_FREQUENCIES, what="frequency", drift="frequency"),
        Prop("startTimestamp", drift="startTime"),
        Prop("endTimestamp", drift="endTime"),
        Prop("notifyUsers", "idents"),
        Prop("notifyTriggers", "ints", plain=False),
        Prop("suspendTrigger", "int", plain=False, minimum=1, drift="suspendAt", from_show=_given),
        Prop(
            "suspendImmediateTrigger",
            "int",
            plain=False,
            minimum=1,
            drift="suspendImmediateAt",
            from_show=_given,
        ),
    )
    computed = ("fullyQualifiedName", "showOutputs")
    show_columns = columns(
        "name credit_quota:int used_credits:int remaining_credits:int level frequency start_time end_time"
        " suspend_at:percent suspend_immediately_at=suspendImmediateAt:percent created_on owner comment"
    )

    def check_more(self, inputs: State) -> list[Failure]:
        """Frequency and start must be given together."""
        given = [name for name in _PAIR if inputs.get(name)]
        wrong = f"all of `{','.join(_PAIR)}` must be specified"
        return [Failure(given[0], wrong)] if len(given) == 1 else []

    def changes(self, session: Session, resource_id: str, olds: State, news: State) -> dict[str, bool]:
        """A frequency and a start that the program no longer gives stay. Removing all triggers replaces."""
        changes = super().changes(session, resource_id, olds, news)
        for name in _PAIR:
            if not news.get(name):
                changes.pop(name, None)
        none_left = not any(news.get(name) for name in _TRIGGERS)
        return {name: replace or (name in _TRIGGERS and none_left) for name, replace in changes.items()}

    def read_more(self, reading: Reading, state: State) -> None:
        """Users and thresholds that are notified are not among the outputs of SHOW."""
        self._follow(state, self.by_name["notifyUsers"], items(reading.row.get("notify_users")))
        shares = [percent(item) for item in items(reading.row.get("notify_at"))]
        self._follow(state, self.by_name["notifyTriggers"], shares)

    def create_object(self, session: Session, names: Sequence[str], inputs: State) -> None:
        """Run CREATE RESOURCE MONITOR."""
        options = self.options(inputs) + self._triggers(inputs)
        given = f" WITH{options}" if options else ""
        session.run(f"CREATE RESOURCE MONITOR {sql.path(names)}{given}", self.timeout)

    def alter(
        self, session: Session, names: Sequence[str], olds: State, news: State, changes: Changes
    ) -> None:
        """All triggers are sent again when one of them changes, and never alone."""
        triggers = self._triggers(news) if set(changes) & set(_TRIGGERS) else ""
        pair = set(_PAIR) if set(changes) & set(_PAIR) else set()
        moved = [prop for prop in self.props if self.in_sql(prop) and prop.name in {*changes, *pair}]
        if triggers and not moved:
            moved = [self.by_name["creditQuota"]]
        setting = [prop.render(news[prop.name]) for prop in moved if prop.given(news.get(prop.name))]
        emptying = [
            f"{prop.keyword} = {'()' if prop.kind == 'idents' else 'null'}"
            for prop in moved
            if not prop.given(news.get(prop.name))
        ]
        for part in filter(None, (setting, emptying)):
            text = f"ALTER RESOURCE MONITOR {sql.path(names)} SET {' '.join(part)}{triggers}"
            session.run(text, self.timeout)

    @staticmethod
    def _triggers(values: State) -> str:
        found = ""
        for name, action in _TRIGGERS.items():
            given = values.get(name) or []
            for share in given if isinstance(given, list) else [given]:
                found += f" ON {share} PERCENT DO {action}"
        return f" TRIGGERS{found}" if found else ""
