"""Hostile values in every setting: refused by name, or nothing but a value in what the program makes."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pulumi
import pytest
import yaml
from pydantic.alias_generators import to_camel
from sqlglot.dialects.snowflake import Snowflake
from sqlglot.tokens import TokenType

from components.account import sql
from components.account.account import AccountError, from_config
from components.services import specification
from components.services.share import Share
from settings import Settings, SettingsError, load
from tests.unit import program

HOSTILE = [
    # SQL
    "'; DROP DATABASE MILVUS_DEMO; --",
    '"; DROP ROLE MILVUS_ROLE; --',
    '" TO ROLE PUBLIC; --',
    "\\'; DROP DATABASE MILVUS_DEMO; --",
    "x' COMMENT = 'y",
    "$$; DROP DATABASE MILVUS_DEMO; $$",
    "A$$B",
    "A--B",
    "A/*B*/",
    "A;B",
    "A%B_C",
    # Templates, YAML
    "{{ 7 * 7 }}",
    "{{ ''.__class__.__mro__ }}",
    "{% for x in range(10**9) %}x{% endfor %}",
    "{% include '/etc/passwd' %}",
    "A: {privileged: true}",
    "A\n    privileged: true",
    "A\n  - name: second\n    image: /evil",
    "&a [*a, *a]",
    "!!python/object/apply:os.system [id]",
    "A # {{ B }}",
    "\"A\", 'B'",
    # Paths, shells, formats
    "../../../../etc/passwd",
    "/etc/shadow\0.png",
    "docker-image://x --mount=type=bind",
    "oci-layout://../../x",
    "file:///etc/passwd",
    "/images/../../etc",
    "$(id)",
    "`id`",
    "${IFS}id",
    "%s%n%s",
    "-oProxyCommand=id",
    # Characters
    "A\0B",
    "A\r\nB",
    "A\x1b[31mB",
    "\uff21\uff24\uff2d\uff29\uff2e",
    "\u0410DMIN",
    "ADMI\u0274",
    "A\u200bB",
    "\u202eNIMDA",
    "\u0664\u0664\u0663",
    "host.example:\u0664\u0664\u0663",
    "\ud800",
    "9" * 5000,
    "A" * 1_000_000,
    "host.example:" + "4" * 5000,
]
ATTACKED = [name for name, field in Settings.model_fields.items() if field.annotation not in (bool, int)]
CONNECTION = ["organizationName", "accountName", "user", "role", "host", "port", "protocol", "authenticator"]


@pytest.fixture(autouse=True)
def _clean_configuration() -> Iterator[None]:
    yield
    pulumi.runtime.set_all_config({})


@pytest.fixture(scope="module")
def plain() -> dict[str, Any]:
    """What the program makes without anything hostile."""
    return made_with({})


def forms(default: Any, value: str) -> list[str]:
    """A hostile value as a setting with such a default may hold it."""
    if isinstance(default, str):
        return [value]
    containers = ([value], {value: "docker-image://x"}, {"python": value}, [{value: "A"}])
    return [*map(json.dumps, containers), value]


def shape(statement: str) -> list[TokenType]:
    """Kinds of the tokens of a statement; what is quoted counts as one."""
    return [token.token_type for token in Snowflake.Tokenizer().tokenize(statement)]


def made_with(settings: dict[str, Any]) -> dict[str, Any]:
    """What the program makes, without the values: types and names, shapes of statements, keys of specs."""
    made = program.run({"egressHosts": ["example.com"], **settings})
    found: dict[str, Any] = {}
    for item in made.resources.values():
        text = item.inputs.get("fromSpecification", {}).get("text")
        found[item.type, item.name] = (
            shape(item.inputs.get("execute") or ""),
            _keys(yaml.safe_load(text)) if text else None,
        )
    return found


def _keys(node: Any) -> Any:
    if isinstance(node, dict):
        return {key: _keys(value) for key, value in node.items()}
    return [_keys(item) for item in node] if isinstance(node, list) else type(node).__name__


@pytest.mark.parametrize("setting", ATTACKED)
def test_hostile_settings_are_refused_or_stay_values(setting: str, plain: dict[str, Any]) -> None:
    name, accepted = to_camel(setting), []
    default = Settings.model_fields[setting].default
    for text in [form for value in HOSTILE for form in forms(default, value)]:
        pulumi.runtime.set_all_config({f"milvus-spcs:{name}": text}, [f"milvus-spcs:{name}"])
        try:
            load(pulumi.Config("milvus-spcs"))
            accepted.append(text)
        except SettingsError as error:
            message = str(error)
            assert name in message
            assert len(message) < 3000
            assert message.isascii() or "…" in message
            assert "\0" not in message and "\x1b" not in message
    # Running the program takes a second, and what gets this far is handled alike.
    for text in accepted[:3]:
        assert made_with({name: text}) == plain, text[:80]


@pytest.mark.parametrize("name", CONNECTION)
def test_hostile_connections_are_refused_or_stay_values(name: str, plain: dict[str, Any]) -> None:
    accepted = []
    for value in HOSTILE:
        pulumi.runtime.set_all_config(
            {f"snowflake:{key}": text for key, text in {**program.CONNECTION, name: value}.items()}
        )
        try:
            from_config()
            accepted.append(value)
        except AccountError as error:
            assert name in str(error)
            assert len(str(error)) < 3000
    # A user and a role may have any name in Snowflake.
    allowed = r'[^"\x00-\x1f]{1,255}' if name in ("user", "role") else "[A-Za-z0-9_-]{1,255}"
    assert [value for value in accepted if not re.fullmatch(allowed, value)] == []
    for value in accepted[:3]:
        connection = {**program.CONNECTION, name: value}
        for item in program.run(connection=connection).of_type("Execute"):
            assert shape(item.inputs["execute"]) == plain[item.type, item.name][0]


@pytest.mark.parametrize(
    "host", ["evil.example", "localhost.evil.example", "10.0.0.1", "127.0.0.1.evil.example"]
)
def test_credentials_go_unencrypted_to_this_machine_only(host: str) -> None:
    with pytest.raises(AccountError, match=r"protocol: http to host .* would show the credentials"):
        program.run(connection={**program.CONNECTION, "host": host})


@pytest.mark.parametrize("value", HOSTILE[:-4] + HOSTILE[-3:], ids=range(len(HOSTILE) - 1))
def test_quoted_text_is_one_token(value: str) -> None:
    for quoted in (sql.literal(value), sql.identifier(value)):
        tokens = Snowflake.Tokenizer().tokenize(f"SELECT {quoted}")
        assert len(tokens) == 2
    assert Snowflake.Tokenizer().tokenize(sql.identifier(value))[0].text == value


@pytest.mark.parametrize("value", HOSTILE, ids=range(len(HOSTILE)))
def test_values_of_a_specification_stay_scalars(value: str) -> None:
    """A template's value is data: it adds no key, ends no quotation, is no template itself."""
    good = {
        "image": "/a/b/c/d:1",
        "digest": "sha256:1",
        "milvus_host": "milvus",
        "milvus_secret": "D.S.N",
        "files_stage": "D.S.F",
        **Share(0.25, 1, 3, 12).values(),
    }
    keys = _keys(yaml.safe_load(specification.render("jupyter.yaml", **good)))
    for name in good:
        try:
            text = specification.render("jupyter.yaml", **{**good, name: value})
        except specification.SpecificationError:
            continue
        assert "$$" not in text
        document = yaml.safe_load(text)
        assert _keys(document) == keys, (name, value[:60])


BOMB = "a: &a [x, x]\nb: &b [*a, *a]\n" + "".join(
    f"{chr(99 + i)}: &{chr(99 + i)} [*{chr(98 + i)}, *{chr(98 + i)}]\n" for i in range(20)
)


@pytest.mark.parametrize(
    "text",
    [
        BOMB,
        "spec: &a\n  containers: *a\n",
        "[" * 1200,
        "{" * 1200,
        "spec: !!python/object/apply:os.system [id]",
        "- " * 1200,
        "\0",
        "",
    ],
    ids=["bomb", "recursion", "lists", "mappings", "object", "sequences", "null", "empty"],
)
def test_specifications_made_to_hurt_are_refused(text: str) -> None:
    with pytest.raises(specification.SpecificationError):
        specification.check(text, "specs/hostile.yaml")
