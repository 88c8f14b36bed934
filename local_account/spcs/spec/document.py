"""Strict reading of a YAML document: an error names the path of an unknown, missing or mistyped option."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from types import NoneType
from typing import Any

import yaml
from yaml.constructor import ConstructorError
from yaml.nodes import MappingNode, SequenceNode
from yaml.nodes import Node as YamlNode

from local_account.base.errors import SnowflakeError

# Far more than any specification needs: 20 containers, 100 endpoints, and long environments.
MAX_CHARACTERS, _MAX_VALUES, _MAX_DEPTH = 128 * 1024, 20_000, 50


def invalid(text: str) -> SnowflakeError:
    """The error 395018 for a specification that cannot be used."""
    return SnowflakeError("395018", "22023", f"Invalid spec: {text}.")


class Node:
    """One value of the document, with its path for error messages.

    Each method that reads a value raises SnowflakeError 395018 when the value is not what the method's name
    says.
    """

    def __init__(self, value: Any, path: str) -> None:
        self.value = value
        self.path = path

    def only(self, *allowed: str) -> Node:
        """This node as a mapping that has only these keys."""
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

    def some(self) -> Node:
        """This node as a list that is not empty."""
        if self.value == []:
            raise invalid(f"invalid '{self.path.rpartition('.')[2]}'. Value is empty")
        return self

    def entries(self) -> Iterator[tuple[str, Node]]:
        """Keys and values of a mapping with free keys."""
        if not isinstance(self.value, dict):
            raise invalid(f"'{self.path}' must be a mapping")
        return ((str(key), Node(value, self._below(str(key)))) for key, value in self.value.items())

    def text(self) -> str:
        if not isinstance(self.value, str) or not self.value or "\0" in self.value:
            raise invalid(f"'{self.path}' must be a non-empty string")
        return self.value

    def scalar(self) -> str:
        """Any scalar as text, in the form of environment variables."""
        if isinstance(self.value, bool):
            return "true" if self.value else "false"
        if not isinstance(self.value, (str, int, float, date, NoneType)):
            raise invalid(f"'{self.path}' must be a scalar")
        text = "" if self.value is None else str(self.value)
        if "\0" in text:
            raise invalid(f"'{self.path}' has a null character")
        return text

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
        if not isinstance(self.value, str) or self.value not in allowed:
            raise invalid(f"'{self.path}' must be one of {', '.join(allowed)}, not '{self.value}'")
        return self.value

    def _below(self, key: str) -> str:
        return key if self.path in ("specification", "spec") else f"{self.path}.{key}"


def load(text: str) -> Node:
    """The root of a YAML document.

    Raises:
        SnowflakeError: 395018 when it is not YAML or not a mapping.
    """
    if len(text) > MAX_CHARACTERS:
        raise invalid(f"it has {len(text)} characters, {MAX_CHARACTERS} are allowed")
    try:
        value = yaml.load(text, Loader=_Strict)  # noqa: S506 made from the safe loader
    except yaml.YAMLError as error:
        raise invalid(f"not valid YAML: {' '.join(str(error).split())}") from None
    except ValueError as error:
        raise invalid(f"not valid YAML: {error}") from None
    if not isinstance(value, dict):
        raise invalid("it must be a YAML mapping with 'spec'")
    return Node(value, "specification")


class _Strict(yaml.SafeLoader):
    """Plain YAML of limited size; a key may stand only once in a mapping."""

    _depth = 0

    def compose_node(self, parent: Any, index: Any) -> Any:
        self._depth += 1
        if self._depth > _MAX_DEPTH:
            raise ConstructorError(None, None, "it is nested too deeply", self.peek_event().start_mark)
        found = super().compose_node(parent, index)
        self._depth -= 1
        return found

    def get_single_data(self) -> Any:
        node = self.get_single_node()
        if node is None:
            return None
        _measure(node, {}, 0)
        return self.construct_document(node)

    def construct_mapping(self, node: MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: set[str] = set()
        for key, _ in node.value:
            if isinstance(key.value, str) and key.value in seen:
                raise ConstructorError(None, None, f"found duplicate key '{key.value}'", key.start_mark)
            seen.add(str(key.value))
        return super().construct_mapping(node, deep)


def _measure(node: YamlNode, sizes: dict[int, int], depth: int) -> int:
    """The number of values that a document has when each alias is written out.

    Raises:
        ConstructorError: there are more values than a specification can need, or an alias contains itself.
    """
    if id(node) in sizes:
        return sizes[id(node)]
    if depth > _MAX_DEPTH:
        raise ConstructorError(None, None, "it is nested too deeply", node.start_mark)
    below: list[YamlNode] = []
    if isinstance(node, MappingNode):
        below = [part for entry in node.value for part in entry]
    elif isinstance(node, SequenceNode):
        below = node.value
    size = 1 + sum(_measure(part, sizes, depth + 1) for part in below)
    if size > _MAX_VALUES:
        raise ConstructorError(None, None, f"it has more than {_MAX_VALUES} values", node.start_mark)
    sizes[id(node)] = size
    return size


class _Quoted(yaml.SafeDumper):
    """Writes string values in double quotes and keys without quotes, as DESCRIBE SERVICE does."""


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
