"""Specification templates: `{{ name }}`, `{{ name | default('x') }}`, `{{ name | default('x', true) }}`."""

from __future__ import annotations

import json
import re

from jinja2 import Environment, StrictUndefined, TemplateError, nodes

from local_account.base.errors import SnowflakeError
from local_account.spcs.spec.document import MAX_CHARACTERS

_PLAIN = re.compile(r"[A-Za-z0-9_.-]*")
# Calculations and loops could take any amount of time and memory, and Snowflake does not have them.
_ALLOWED = (nodes.Template, nodes.Output, nodes.TemplateData, nodes.Name, nodes.Filter, nodes.Const)


def render(template: str, values: dict[str, str]) -> str:
    """The specification that a template and its values make.

    Args:
        values: the values after USING: alphanumeric text, or JSON (a value with `/` or `:` must be a JSON
            string).

    Raises:
        SnowflakeError: 395069 for a missing variable or a value or template that cannot be read.
    """
    if len(template) > MAX_CHARACTERS:
        raise _refused(f"it has {len(template)} characters, {MAX_CHARACTERS} are allowed")
    # YAML, not HTML: nothing to escape.
    environment = Environment(undefined=StrictUndefined, autoescape=False, keep_trailing_newline=True)  # noqa: S701
    environment.filters = {"default": environment.filters["default"]}
    environment.globals = {}
    try:
        _check(environment.parse(template))
        return environment.from_string(template).render(
            {key: _value(key, text) for key, text in values.items()}
        )
    except TemplateError as error:
        raise _refused(str(error)) from None
    except RecursionError:
        raise _refused("it is nested too deeply") from None


def _check(tree: nodes.Template) -> None:
    for node in tree.find_all(nodes.Node):
        if not isinstance(node, _ALLOWED):
            raise _refused(f"line {node.lineno}: only {{{{ name }}}} and its filter 'default' are supported")


def _value(key: str, text: str) -> str:
    if _PLAIN.fullmatch(text):
        return text
    try:
        value = json.loads(text)
    except ValueError:
        raise _refused(f"the value of '{key}' is neither alphanumeric nor JSON") from None
    return value if isinstance(value, str) else json.dumps(value)


def _refused(text: str) -> SnowflakeError:
    return SnowflakeError("395069", "23001", f"Unable to render service spec from given template: {text}.")
