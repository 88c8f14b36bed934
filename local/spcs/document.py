"""Reading a YAML document strictly: unknown, missing and ill-typed options are refused by their path."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import yaml

from local.account.errors import SnowflakeError


def invalid(text: str) -> SnowflakeError:
    """A specification that cannot be used."""
    return SnowflakeError("395018", "22023", f"Invalid spec: {text}.")


class Node:
    """One value of the document with its path, as error messages name it."""

    def __init__(self, value: Any, path: str) -> None:
        self.value = value
        self.path = path

    def only(self, *allowed: str) -> Node:
        """This node as a mapping that has no other keys than these.

        Raises:
            SnowflakeError: 395018.
        """
        if not isinstance(self.value, dict):
            raise invalid(f"'{self.path}' must be a mapping")
        for key in self.value:
            if key not in allowed:
                raise invalid(f"unknown option '{key}' for '{self.path}'")
        return self

    def get(self, key: str) -> Node | None:
        """The value of a key; None when it is absent or empty."""
        value = self.value.get(key)
        return None if value is None else Node(value, self._below(key))

    def need(self, key: str) -> Node:
        found = self.get(key)
        if found is None:
            raise invalid(f"missing '{key}' for '{self.path}'")
        return found

    def __iter__(self) -> Iterator[Node]:
        if not isinstance(self.value, list):
            raise invalid(f"'{self.path}' must be a list")
        return (Node(value, f"{self.path}[{index}]") for index, value in enumerate(self.value))

    def entries(self) -> Iterator[tuple[str, Node]]:
        """Keys and values of a mapping with free keys."""
        if not isinstance(self.value, dict):
            raise invalid(f"'{self.path}' must be a mapping")
        return ((str(key), Node(value, self._below(str(key)))) for key, value in self.value.items())

    def text(self) -> str:
        if not isinstance(self.value, str) or not self.value:
            raise invalid(f"'{self.path}' must be a non-empty string")
        return self.value

    def scalar(self) -> str:
        """Any scalar as text, as environment variables take it."""
        if isinstance(self.value, bool):
            return "true" if self.value else "false"
        if isinstance(self.value, (dict, list)):
            raise invalid(f"'{self.path}' must be a scalar")
        return "" if self.value is None else str(self.value)

    def texts(self) -> list[str]:
        return [item.scalar() for item in self]

    def flag(self) -> bool:
        if not isinstance(self.value, bool):
            raise invalid(f"'{self.path}' must be true or false")
        return self.value

    def number(self, low: int, high: int) -> int:
        if isinstance(self.value, bool) or not isinstance(self.value, int) or not low <= self.value <= high:
            raise invalid(f"'{self.path}' must be a number from {low} to {high}")
        return self.value

    def choice(self, *allowed: str) -> str:
        if self.value not in allowed:
            raise invalid(f"'{self.path}' must be one of {', '.join(allowed)}, not '{self.value}'")
        return self.value

    def _below(self, key: str) -> str:
        return key if self.path in ("specification", "spec") else f"{self.path}.{key}"


def load(text: str) -> Node:
    """The root of a YAML document.

    Raises:
        SnowflakeError: 395018 when it is not YAML or not a mapping.
    """
    try:
        value = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise invalid(f"not valid YAML: {' '.join(str(error).split())}") from None
    if not isinstance(value, dict):
        raise invalid("it must be a YAML mapping with 'spec'")
    return Node(value, "specification")


class _Quoted(yaml.SafeDumper):
    """Writes every string value in double quotes and every key plain, as DESCRIBE SERVICE does."""


def _string(dumper: yaml.SafeDumper, value: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", value, style='"')


def _mapping(dumper: yaml.SafeDumper, value: dict[str, Any]) -> yaml.MappingNode:
    node = dumper.represent_mapping("tag:yaml.org,2002:map", value.items(), flow_style=False)
    for key, _ in node.value:
        key.style = None
    return node


_Quoted.add_representer(str, _string)
_Quoted.add_representer(dict, _mapping)


def dump(value: dict[str, Any]) -> str:
    """A document as DESCRIBE SERVICE shows it."""
    return yaml.dump(value, Dumper=_Quoted, explicit_start=True, sort_keys=False, width=10**6)
