"""Resources that are one named object: CREATE, SHOW, DESCRIBE, ALTER and DROP."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from standins.snowflake_plugin import sql
from standins.snowflake_plugin.columns import Column, read_row
from standins.snowflake_plugin.errors import PartialError, PluginError, SnowflakeError
from standins.snowflake_plugin.properties import Prop
from standins.snowflake_plugin.resource import Changes, Resource, State
from standins.snowflake_plugin.session import Session

Row = Mapping[str, Any]
NAME = Prop("name", "label", plain=False, required=True)
FIXED_NAME = Prop("name", "label", plain=False, required=True, replace=True)
DATABASE = Prop("database", "label", plain=False, required=True, replace=True)
SCHEMA = Prop("schema", "label", plain=False, required=True, replace=True)
COMMENT = Prop("comment", show="comment")


@dataclass(frozen=True)
class Reading:
    """The answers from which an object's state is made.

    Attributes:
        names: the parts of the object's full name.
        row: its row of SHOW.
        described: its DESCRIBE, as one mapping.
        importing: there is no state yet, so settings that the state otherwise does not follow are read too.
    """

    session: Session
    names: Sequence[str]
    row: Row
    described: Row
    importing: bool


class ObjectResource(Resource):
    """A named object.

    Attributes:
        kind: the object type in SQL, ``COMPUTE POOL``.
        place: the properties that make its full name.
        show_columns, describe_columns: columns of the outputs ``showOutputs`` and ``describeOutputs``.
        set_separator: between the settings of one ALTER … SET.
        set_order: order of settings in ALTER when it differs from CREATE's.
        unset_as: keywords that ALTER cannot UNSET, with what is SET instead.
        type_output: an output, the SHOW column it repeats, and its allowed values; any other value means that
            something else has taken the name, and replaces the resource.
    """

    kind: ClassVar[str]
    place: ClassVar[tuple[str, ...]] = ("name",)
    computed: ClassVar[tuple[str, ...]] = ("fullyQualifiedName", "showOutputs", "describeOutputs")
    show_columns: ClassVar[Sequence[Column]] = ()
    describe_columns: ClassVar[Sequence[Column]] = ()
    set_separator: ClassVar[str] = " "
    set_order: ClassVar[tuple[str, ...]] = ()
    unset_as: ClassVar[Mapping[str, str]] = {}
    type_output: ClassVar[tuple[str, str, tuple[str, ...]] | None] = None

    # Names and ids

    def names(self, values: State) -> tuple[str, ...]:
        """The parts of the full name."""
        return tuple(sql.bare(values[key]) for key in self.place)

    def encode(self, names: Sequence[str]) -> str:
        """The id: a bare name for objects of the account, a quoted full name otherwise."""
        return names[0] if len(self.place) == 1 else sql.path(names)

    def decode(self, resource_id: str) -> tuple[str, ...]:
        """The names in an id."""
        return sql.split_exactly(resource_id, len(self.place))

    def current(self, resource_id: str, state: State) -> tuple[str, ...]:
        """The present names; an id keeps the name that an object had before it was renamed."""
        return self.names(state) if all(key in state for key in self.place) else self.decode(resource_id)

    # Operations

    def create(self, session: Session, inputs: State) -> tuple[str, State]:
        """Make the object and read it."""
        names = self.names(inputs)
        resource_id = self.encode(names)
        self.create_object(session, names, inputs)
        try:
            state = self.observed(session, names, dict(inputs), outside=False)
        except PluginError as error:
            raise PartialError(resource_id, inputs, str(error)) from error
        if state is None:
            raise PartialError(
                resource_id, inputs, f"{self.kind} {sql.path(names)} is not there after it was created"
            )
        return resource_id, state

    def create_object(self, session: Session, names: Sequence[str], inputs: State) -> None:
        """Run the CREATE statement."""
        session.run(f"CREATE {self.kind} {sql.path(names)}{self.options(inputs)}", self.timeout)

    def options(self, inputs: State) -> str:
        """The settings after the name, each with a space before it."""
        settings = (prop for prop in self.props if self.in_sql(prop) and prop.given(inputs.get(prop.name)))
        return "".join(" " + prop.render(inputs[prop.name]) for prop in settings)

    def in_sql(self, prop: Prop) -> bool:
        """Whether a property is a plain setting of CREATE and ALTER."""
        return prop.plain and prop.kind != "block"

    def read(self, session: Session, resource_id: str, state: State) -> State | None:
        """Refresh, or import when there is no state yet."""
        if state:
            return self.observed(session, self.current(resource_id, state), dict(state), outside=True)
        names = self.decode(resource_id)
        return self.observed(
            session, names, dict(zip(self.place, names, strict=True)), outside=True, importing=True
        )

    def update(self, session: Session, resource_id: str, olds: State, news: State) -> State:
        """Rename the object, set and unset what changed, and read it."""
        changes = self.changes(session, resource_id, olds, news)
        names = self.current(resource_id, olds)
        if "name" in changes:
            names = self.rename(session, names, news)
        self.alter(session, names, olds, news, changes)
        state = self.observed(session, names, {**self._outputs(olds), **news}, outside=False)
        if state is None:
            raise PluginError(f"{self.kind} {sql.path(names)} is not there after it was changed")
        return state

    def _outputs(self, state: State) -> State:
        return {key: value for key, value in state.items() if key not in self.by_name and key != "__defaults"}

    def rename(self, session: Session, names: Sequence[str], news: State) -> tuple[str, ...]:
        """Give the object its new name."""
        renamed = (*names[:-1], sql.bare(news["name"]))
        session.run(f"ALTER {self.kind} {sql.path(names)} RENAME TO {sql.path(renamed)}", self.timeout)
        return renamed

    def alter(
        self, session: Session, names: Sequence[str], olds: State, news: State, changes: Changes
    ) -> None:
        """Set the changed settings that are given, and unset those that are not."""
        setting, unsetting = [], []
        for prop in self._ordered():
            if prop.name not in changes or not self.in_sql(prop):
                continue
            if prop.given(news.get(prop.name)):
                setting.append(prop.render(news[prop.name]))
            elif prop.keyword in self.unset_as:
                setting.append(f"{prop.keyword} = {self.unset_as[prop.keyword]}")
            else:
                unsetting.append(prop.keyword)
        self.apply(session, names, setting, unsetting)

    def _ordered(self) -> list[Prop]:
        rank = {name: position for position, name in enumerate(self.set_order)}
        return sorted(self.props, key=lambda prop: rank.get(prop.name, len(rank)))

    def apply(self, session: Session, names: Sequence[str], setting: list[str], unsetting: list[str]) -> None:
        """Send ALTER … SET and ALTER … UNSET for what there is to set and unset."""
        start = f"ALTER {self.kind} {sql.path(names)}"
        if setting:
            session.run(f"{start} SET {self.set_separator.join(setting)}", self.timeout)
        if unsetting:
            session.run(f"{start} UNSET {', '.join(unsetting)}", self.timeout)

    def delete(self, session: Session, resource_id: str, state: State) -> None:
        """Drop the object; not an error if it, its schema or its database is gone already."""
        names = self.current(resource_id, state)
        try:
            self.drop(session, names)
        except SnowflakeError as error:
            if not error.missing or self._parents_exist(session, names):
                raise

    def drop(self, session: Session, names: Sequence[str]) -> None:
        """Run the DROP statement."""
        session.run(f"DROP {self.kind} IF EXISTS {sql.path(names)}", self.timeout)

    # Reading

    def observed(
        self, session: Session, names: Sequence[str], state: State, *, outside: bool, importing: bool = False
    ) -> State | None:
        """The present state in the account, or None when the object is gone.

        With ``outside``, settings that the program left to Snowflake follow changes since the last SHOW too.
        """
        row = self.show(session, names)
        if row is None:
            return None
        described = self.describe(session, names)
        if described is None:
            return None
        shown, known = read_row(row, self.show_columns), (state.get("showOutputs") or [{}])[0]
        for prop in self.props:
            if prop.drift and prop.drift in shown:
                value = self.from_show(prop, shown)
                if importing or (outside and prop.drift in known and self.from_show(prop, known) != value):
                    state[prop.name] = value
            elif prop.show and prop.show in shown:
                self._follow(state, prop, self.from_show(prop, shown))
            elif prop.describe and prop.describe in described:
                value = described[prop.describe]
                self._follow(state, prop, prop.from_show(value) if prop.from_show else value)
        state["fullyQualifiedName"], state["showOutputs"] = sql.path(names), [shown]
        if self.describe_columns:
            state["describeOutputs"] = [read_row(described, self.describe_columns)]
        if self.type_output:
            state[self.type_output[0]] = self.actual_type(row)
        self.read_more(Reading(session, names, row, described, importing), state)
        return state

    @staticmethod
    def _follow(state: State, prop: Prop, value: Any) -> None:
        """Take the account's value; keep the program's spelling of an equal value, except for quotes."""
        if prop.normal(state.get(prop.name)) != prop.normal(value):
            state[prop.name] = value
        if prop.quoted and state.get(prop.name):
            state[prop.name] = prop.in_quotes(state[prop.name])

    def show(self, session: Session, names: Sequence[str]) -> Row | None:
        """The object's row of SHOW, or None."""
        *parents, name = names
        inside = ("", f" IN DATABASE {sql.path(parents)}", f" IN SCHEMA {sql.path(parents)}")[len(parents)]
        try:
            rows = session.run(f"SHOW {sql.plural(self.kind)} LIKE {sql.literal(name)}{inside}", self.timeout)
        except SnowflakeError as error:
            if not parents or not error.missing or self._parents_exist(session, names):
                raise
            return None
        return next((row for row in rows if self.is_row(row, names)), None)

    def is_row(self, row: Row, names: Sequence[str]) -> bool:
        """Whether a row of SHOW is this object; LIKE also finds similar names."""
        return row["name"] == names[-1]

    def describe(self, session: Session, names: Sequence[str]) -> Row | None:
        """What DESCRIBE says, as one mapping; None when it says that the object is gone."""
        if not self.describe_columns:
            return {}
        rows = session.run(f"DESCRIBE {self.kind} {sql.path(names)}", self.timeout)
        return rows[0] if rows else None

    def actual_type(self, row: Row) -> str:
        """The type of the object that has the name now."""
        column = self.type_output[1] if self.type_output else ""
        return str(row.get(column) or "")

    def read_more(self, reading: Reading, state: State) -> None:
        """Add to the state what is not a plain column; nothing by default."""

    def moved(self, olds: State, changes: Changes) -> set[str]:
        """The outputs that a change computes again; a new name changes the full name too."""
        return super().moved(olds, changes) | ({"fullyQualifiedName"} if "name" in changes else set())

    def changes(self, session: Session, resource_id: str, olds: State, news: State) -> dict[str, bool]:
        """Changed inputs, and the type's output when something else has the name now."""
        changes = super().changes(session, resource_id, olds, news)
        if self.type_output:
            output, _, allowed = self.type_output
            if output in olds and str(olds[output]).upper() not in allowed:
                changes[output] = True
        return changes

    def _parents_exist(self, session: Session, names: Sequence[str]) -> bool:
        """Whether the schema and the database of an object are there."""
        if len(names) == 1:
            return True
        database = names[0]
        if len(names) == 3 and not self._exists(
            session, "SCHEMAS", names[1], f" IN DATABASE {sql.ident(database)}"
        ):
            return False
        return self._exists(session, "DATABASES", database, "")

    def _exists(self, session: Session, plural: str, name: str, inside: str) -> bool:
        try:
            rows = session.run(f"SHOW {plural} LIKE {sql.literal(name)}{inside}", self.timeout)
        except SnowflakeError as error:
            if error.missing:
                return False
            raise
        return any(row["name"] == name for row in rows)
