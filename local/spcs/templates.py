"""Specification templates: `{{ name }}`, `{{ name | default('x') }}`, `{{ name | default('x', true) }}`."""

from __future__ import annotations

import json
import re

from jinja2 import StrictUndefined, TemplateError
from jinja2.sandbox import SandboxedEnvironment

from local.account.errors import SnowflakeError

_PLAIN = re.compile(r"[A-Za-z0-9_.-]*")


def render(template: str, values: dict[str, str]) -> str:
    """The specification of a template.

    Args:
        values: of USING: alphanumeric text, or JSON (a value with `/` or `:` must be a JSON string).

    Raises:
        SnowflakeError: 395069 for a missing variable or a value or template that cannot be read.
    """
    environment = SandboxedEnvironment(undefined=StrictUndefined, autoescape=False)
    environment.filters = {"default": environment.filters["default"]}
    environment.globals = {}
    try:
        return environment.from_string(template).render({key: _value(text) for key, text in values.items()})
    except (TemplateError, ValueError) as error:
        raise SnowflakeError(
            "395069", "23001", f"Unable to render service spec from given template: {error}."
        ) from None


def _value(text: str) -> str:
    if _PLAIN.fullmatch(text):
        return text
    value = json.loads(text)
    return value if isinstance(value, str) else json.dumps(value)
