"""What every resource type can do: check, diff, create, read, update, delete, import.

A type is a subclass: its properties are data, and it fills in the statements.
"""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from standins.snowflake_plugin.errors import Failure, PluginError
from standins.snowflake_plugin.properties import DEFAULTS, Prop
from standins.snowflake_plugin.session import STATEMENT_TIMEOUT, Session
from standins.snowflake_plugin.wire import UNKNOWN

State = dict[str, Any]
Changes = Mapping[str, bool]


@dataclass(frozen=True)
class Difference:
    """What would change: property paths with whether each one replaces the resource."""

    changes: Changes = field(default_factory=dict)
    delete_first: bool = False

    @property
    def replaces(self) -> list[str]:
        """The properties that replace the resource."""
        return [name for name, replace in self.changes.items() if replace]


class Resource:
    """A resource type.

    Attributes:
        type: the Pulumi type's name, such as ``ComputePool``.
        props: the input properties.
        computed: output properties that are known only after the resource was made.
        gate: the preview feature that must be switched on; "" by default: none is needed.
        timeout: seconds that a statement may take.
        secret_outputs: outputs that are secret, in addition to the secret inputs.
        exactly_one, at_most_one: groups of properties of which one must, or may, be given.
    """

    type: ClassVar[str]
    props: ClassVar[tuple[Prop, ...]]
    computed: ClassVar[tuple[str, ...]] = ()
    gate: ClassVar[str] = ""
    timeout: ClassVar[float] = STATEMENT_TIMEOUT
    secret_outputs: ClassVar[frozenset[str]] = frozenset()
    exactly_one: ClassVar[tuple[tuple[str, ...], ...]] = ()
    at_most_one: ClassVar[tuple[tuple[str, ...], ...]] = ()

    def __init__(self) -> None:
        """Index the properties."""
        self.by_name = {prop.name: prop for prop in self.props}
        self.secrets = frozenset(prop.name for prop in self.props if prop.secret) | self.secret_outputs

    @property
    def token(self) -> str:
        """The type as the engine writes it: ``snowflake:index/computePool:ComputePool``."""
        return f"snowflake:index/{self.type[0].lower()}{self.type[1:]}:{self.type}"

    # Inputs

    def check(self, name: str, olds: State, news: State) -> tuple[State, list[Failure]]:
        """Returns the inputs with defaults filled in, and what is wrong with them."""
        given = {key: value for key, value in news.items() if key != "__defaults"}
        inputs = {**given, **self._defaults(name, olds, given)}
        inputs["__defaults"] = sorted(set(inputs) - set(given))
        failures = [
            Failure(
                key, f"the local stand-in for the Snowflake plugin does not support {key!r} of {self.type}"
            )
            for key in given
            if key not in self.by_name
        ]
        for prop in self.props:
            if prop.name not in inputs:
                if prop.required:
                    failures.append(Failure(prop.name, f"Missing required property '{prop.name}'"))
            elif wrong := prop.problem(inputs[prop.name]):
                failures.append(Failure(prop.name, wrong))
        return inputs, failures + self._check_groups(inputs) + (
            self.check_more(inputs) if not failures else []
        )

    def _defaults(self, name: str, olds: State, given: State) -> State:
        made = {
            prop.name: DEFAULTS[prop.kind]
            for prop in self.props
            if prop.kind in DEFAULTS and prop.name not in given
        }
        if "name" in self.by_name and "name" not in given:
            kept = olds.get("name") if "name" in olds.get("__defaults", ()) else None
            made["name"] = kept or f"{name}-{secrets.token_hex(4)[:7]}"
        return made

    def _check_groups(self, inputs: State) -> list[Failure]:
        failures = []
        for group in (*self.exactly_one, *self.at_most_one):
            given = [key for key in group if self.by_name[key].given(inputs.get(key))]
            listed = ",".join(group)
            if len(given) > 1:
                failures.append(
                    Failure(
                        given[0],
                        f"only one of `{listed}` can be specified, but `{','.join(given)}` were specified",
                    )
                )
            elif not given and group in self.exactly_one:
                failures.append(Failure(group[0], f"one of `{listed}` must be specified"))
        return failures

    def check_more(self, inputs: State) -> list[Failure]:
        """Checks across properties."""
        return []

    # Differences

    def diff(self, session: Session, resource_id: str, olds: State, news: State) -> Difference:
        """What would change."""
        changes = self.changes(session, resource_id, olds, news)
        fixed_name = (
            "name" in self.by_name and "name" not in news.get("__defaults", ()) and "name" not in changes
        )
        return Difference(changes, delete_first=fixed_name and any(changes.values()))

    def changes(self, session: Session, resource_id: str, olds: State, news: State) -> dict[str, bool]:
        """Properties that would change, with whether they replace the resource."""
        return {prop.name: prop.replace for prop in self.props if not self.same(prop, olds, news)}

    def same(self, prop: Prop, olds: State, news: State) -> bool:
        """Whether a property does not change."""
        if prop.create_only:
            return True
        old, new = prop.normal(olds.get(prop.name)), prop.normal(news.get(prop.name))
        if old == new or not prop.drift:
            return old == new
        shown = (olds.get("showOutputs") or [{}])[0]
        return prop.drift in shown and prop.normal(self.from_show(prop, shown)) == new

    @staticmethod
    def from_show(prop: Prop, shown: Mapping[str, Any]) -> Any:
        """A property's value as SHOW has it."""
        value = shown[prop.drift or prop.show]
        if prop.from_show:
            return prop.from_show(value)
        return ("true" if value else "false") if prop.kind == "flag" else value

    # Operations

    def gated(self, session: Session) -> None:
        """Refuse the operation when the type's preview feature is off."""
        if self.gate and self.gate not in session.preview_features:
            raise PluginError(
                f"{self.gate} is currently a preview feature, and must be enabled by adding "
                f"{self.gate} to `preview_features_enabled` in Terraform configuration."
            )

    def planned(self, olds: State, news: State, changes: Changes) -> State:
        """The outputs to show in a preview; an output that will be computed again is unknown."""
        kept = {name: olds[name] for name in self.computed if name in olds}
        return {**kept, **dict.fromkeys(self.moved(olds, changes), UNKNOWN), **news}

    def moved(self, olds: State, changes: Changes) -> set[str]:
        """The outputs that a change computes again; all of them when the resource is made."""
        if not olds:
            return set(self.computed)
        loud = [name for name in changes if name not in self.by_name or not self.by_name[name].quiet]
        return set(self.computed) & ({"showOutputs", "describeOutputs"} if loud else set())

    def create(self, session: Session, inputs: State) -> tuple[str, State]:
        """Make the resource; returns its id and outputs."""
        raise NotImplementedError

    def read(self, session: Session, resource_id: str, state: State) -> State | None:
        """The present outputs, or None when the resource is gone. An empty state means import."""
        raise NotImplementedError

    def update(self, session: Session, resource_id: str, olds: State, news: State) -> State:
        """Change the resource; returns the outputs."""
        raise NotImplementedError

    def delete(self, session: Session, resource_id: str, state: State) -> None:
        """Remove the resource."""
        raise NotImplementedError
