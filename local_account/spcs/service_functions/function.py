"""FUNCTION objects: service functions.

See https://docs.snowflake.com/en/sql-reference/sql/create-function-spcs
"""

from __future__ import annotations

import json
from typing import Any, ClassVar

from local_account.base import errors, signature
from local_account.base.result import Result, columns, status, table
from local_account.base.sql import Name, Statement, quote
from local_account.catalog.catalog import Object
from local_account.spcs.network.endpoints import opens
from local_account.spcs.service_functions import context_headers, target
from local_account.spcs.state.observed import SERVICE
from local_account.statement import tagging
from local_account.statement.context import Context
from local_account.statement.data_type import read_type, type_of
from local_account.statement.object_type import OR_ALTER, REPLACE, ObjectType, Reader, one_of
from local_account.tables.plan.functions import is_system_function

_MOST_SECONDS = 604800
_OTHER_KINDS = (
    *("API_INTEGRATION", "ARTIFACT_REPOSITORY", "COMPRESSION", "EXTERNAL_ACCESS_INTEGRATIONS", "HANDLER"),
    *("HEADERS", "IMPORTS", "MEMOIZABLE", "PACKAGES", "REQUEST_TRANSLATOR", "RESPONSE_TRANSLATOR"),
    *("RUNTIME_VERSION", "SECRETS", "TARGET_PATH"),
)
_NOT_ALTERED = ("SECURE", "LOG_LEVEL", "TRACE_LEVEL", "METRIC_LEVEL", *_OTHER_KINDS)
_FIXED = {
    "RETURNS": "RETURNS",
    "IMMUTABLE": "VOLATILE or IMMUTABLE",
    "STRICT": "CALLED or RETURNS NULL ON NULL INPUT",
    "PATH": "AS",
}
"""Properties that no statement changes, and how CREATE writes them."""


def _name(statement: Statement) -> list[str]:
    return statement.name_or_text()


def _endpoint(statement: Statement) -> str:
    return statement.text_or_word()


def _more_than(least: int, most: int, option: str) -> Reader:
    def read(statement: Statement) -> int:
        value = statement.integer()
        if not least < value <= most:
            raise errors.invalid_value(value, option, f"{least + 1} to {most}")
        return value

    return read


def _headers(statement: Statement) -> list[str]:
    names = [name.upper() for name in statement.listed("word")]
    context_headers.check(names)
    return names


class Function(ObjectType):
    """Functions that call an endpoint of a service. Functions in other languages are refused by name."""

    kind, plural = signature.FUNCTION, "FUNCTIONS"
    privileges = frozenset({"USAGE"})
    options: ClassVar[dict[str, Reader]] = {
        "SERVICE": _name,
        "ENDPOINT": _endpoint,
        "CONTEXT_HEADERS": _headers,
        "MAX_BATCH_ROWS": _more_than(0, 2**31 - 1, "MAX_BATCH_ROWS"),
        "MAX_BATCH_RETRIES": _more_than(-1, 2**31 - 1, "MAX_BATCH_RETRIES"),
        "ON_BATCH_FAILURE": one_of("ABORT", "RETURN_NULL"),
        "BATCH_TIMEOUT_SECS": _more_than(0, _MOST_SECONDS, "BATCH_TIMEOUT_SECS"),
    }
    defaults: ClassVar[dict[str, Any]] = {
        "CONTEXT_HEADERS": None,
        "MAX_BATCH_ROWS": None,
        "MAX_BATCH_RETRIES": 3,
        "ON_BATCH_FAILURE": "ABORT",
        "BATCH_TIMEOUT_SECS": None,
    }
    show_columns = columns(
        "created_on:timestamp_ltz name schema_name is_builtin is_aggregate is_ansi min_num_arguments:fixed "
        "max_num_arguments:fixed arguments description catalog_name is_table_function valid_for_clustering "
        "is_secure secrets external_access_integrations is_external_function language is_memoizable "
        "is_data_metric is_ai_function"
    )
    describe_columns = columns("property value")

    # Names

    def read_name(self, context: Context, statement: Statement) -> Name:
        """Read `<name>(<type>, …)`."""
        parts = statement.parts()
        statement.expect("(")
        types = []
        while not statement.accept(")"):
            types.append(read_type(statement).kind)
            if not statement.accept(",") and statement.words(1) != (")",):
                raise statement.unexpected()
        return _signed(context, parts, types)

    def read_new_name(self, context: Context, statement: Statement, item: Object) -> Name:
        """Read the new name, which has no types behind it."""
        return _signed(context, statement.parts(), _kinds(item.properties))

    # CREATE

    def create(self, context: Context, statement: Statement, modifiers: frozenset[str]) -> Result:
        if modifiers == {OR_ALTER}:
            return self._create_or_alter(context, statement)
        if others := modifiers - {REPLACE}:
            raise errors.unsupported(f"CREATE {' '.join(sorted(others))} FUNCTION")
        if_not_exists = statement.accept("IF", "NOT", "EXISTS")
        name, properties = self._definition(context, statement)
        return self.store(context, name, properties, if_not_exists, REPLACE in modifiers)

    def _create_or_alter(self, context: Context, statement: Statement) -> Result:
        """CREATE OR ALTER FUNCTION: make it, or give it the properties that the statement says."""
        name, properties = self._definition(context, statement)
        if tagging.TAG in properties:
            raise errors.unsupported("CREATE OR ALTER FUNCTION TAG")
        with context.catalog.transaction():
            item = context.catalog.find(self.kind, name)
            if item is None:
                return self.store(context, name, properties, if_not_exists=False, replace=False)
            context.require_usage(name)
            context.require_ownership(item)
            for key, words in _FIXED.items():
                if properties[key] != item.properties[key]:
                    raise errors.unsupported(f"CREATE OR ALTER FUNCTION with another {words}")
            self.check(context, name, properties)
            item.comment = properties.pop("COMMENT", "")
            item.properties |= properties
            context.catalog.save(item)
        return status(f"Function {self._plain(name)} successfully created.")

    def _definition(self, context: Context, statement: Statement) -> tuple[Name, dict[str, Any]]:
        parts = statement.parts()
        properties = {**self.defaults, "STRICT": False, "IMMUTABLE": False, "NOT NULL": False}
        properties["ARGUMENTS"] = _arguments(statement)
        statement.expect("RETURNS")
        if statement.accept("TABLE"):
            raise errors.unsupported("CREATE FUNCTION RETURNS TABLE")
        properties["RETURNS"] = str(read_type(statement))
        while not statement.done:
            properties |= self._clause(statement)
        if "SERVICE" not in properties:
            raise errors.unsupported("CREATE FUNCTION LANGUAGE SQL")
        if missing := [word for word in ("ENDPOINT", "PATH") if word not in properties]:
            raise errors.missing_option(", ".join(missing).replace("PATH", "AS"))
        properties["SERVICE"] = list(context.resolve(properties["SERVICE"], "schema"))
        properties["PATH"] = _path(properties["PATH"])
        return _signed(context, parts, _kinds(properties)), properties

    def _clause(self, statement: Statement) -> dict[str, Any]:
        """Read one clause of CREATE FUNCTION behind the type that it returns."""
        for words, found in _CLAUSES.items():
            if statement.accept(*words):
                return found
        if statement.accept("LANGUAGE"):
            raise errors.unsupported(f"CREATE FUNCTION LANGUAGE {statement.word()}")
        if statement.words(1) and statement.words(1)[0] in _OTHER_KINDS:
            raise errors.unsupported(f"CREATE FUNCTION {statement.word()}")
        if statement.accept("AS"):
            return {"PATH": statement.string()}
        options = {name: reader for name, reader in self.all_options().items() if name in _first(statement)}
        if not options:
            raise statement.unexpected()
        name = statement.word()
        statement.accept("=")
        return {name: options[name](statement)}

    def check(self, context: Context, name: Name, properties: dict[str, Any]) -> None:
        """Refuse the name of a system function, and an endpoint that the primary role may not use."""
        short = self._plain(name)
        if is_system_function(short) or short in context.language.functions:
            raise errors.compilation_error(
                "002002",
                "42710",
                f"Function '{short}' cannot be created: a system-defined function has this name.",
            )
        properties["ENDPOINT"] = _require_endpoint(context, properties)

    # ALTER

    def altered(self, context: Context, item: Object, changed: dict[str, Any]) -> None:
        if "SERVICE" in changed:
            changed["SERVICE"] = list(context.resolve(changed["SERVICE"], "schema"))
        if "SERVICE" in changed or "ENDPOINT" in changed:
            changed["ENDPOINT"] = _require_endpoint(context, {**item.properties, **changed})

    def read_set(self, context: Context, item: Object, statement: Statement) -> dict[str, Any]:
        if statement.words(1) and statement.words(1)[0] in _NOT_ALTERED:
            raise errors.unsupported(f"ALTER FUNCTION SET {statement.word()}")
        return super().read_set(context, item, statement)

    def read_unset(self, statement: Statement) -> dict[str, Any]:
        word = statement.words(1)[:1]
        if word and word[0] in _NOT_ALTERED:
            raise errors.unsupported(f"ALTER FUNCTION UNSET {word[0]}")
        if word in (("SERVICE",), ("ENDPOINT",)):
            raise statement.unexpected()
        return super().read_unset(statement)

    # SHOW and DESCRIBE

    def row(self, context: Context, item: Object) -> dict[str, Any]:
        arguments = item.properties["ARGUMENTS"]
        returned = type_of(item.properties["RETURNS"]).kind
        return {
            "schema_name": item.schema,
            "catalog_name": item.database,
            "min_num_arguments": sum(one["default"] is None for one in arguments),
            "max_num_arguments": len(arguments),
            "arguments": f"{item.name} RETURN {returned}",
            "description": item.comment or "user-defined function",
            "secrets": "",
            "external_access_integrations": "",
            "language": "",
            **dict.fromkeys(
                (
                    *("is_builtin", "is_aggregate", "is_ansi", "is_table_function", "valid_for_clustering"),
                    *("is_secure", "is_external_function", "is_memoizable", "is_data_metric"),
                    "is_ai_function",
                ),
                "N",
            ),
        }

    def describe_statement(self, context: Context, statement: Statement) -> Result:
        """{DESC | DESCRIBE} FUNCTION [IF EXISTS] <name>(<type>, …)"""
        optional = statement.accept("IF", "EXISTS")
        item = self.find(context, self.read_name(context, statement), optional)
        statement.end()
        return self.describe(context, item) if item else table(self.describe_columns, [])

    def describe(self, context: Context, item: Object) -> Result:
        properties = item.properties
        arguments = ", ".join(
            f"{_shown(one['name'])} {_kind(one['type'])}" for one in properties["ARGUMENTS"]
        )
        service = Name(*properties["SERVICE"])
        headers = properties["CONTEXT_HEADERS"]
        shown = {
            "signature": f"({arguments})",
            "returns": properties["RETURNS"] + (" NOT NULL" if properties["NOT NULL"] else ""),
            "language": None,
            "null handling": "RETURNS NULL ON NULL INPUT" if properties["STRICT"] else "CALLED ON NULL INPUT",
            "volatility": "IMMUTABLE" if properties["IMMUTABLE"] else "VOLATILE",
            "body": properties["PATH"],
            "headers": "null",
            "context_headers": json.dumps(headers, separators=(",", ":")) if headers else "null",
            "max_batch_rows": properties["MAX_BATCH_ROWS"] or "not set",
            "service": service.name if service[:2] == item.fqn[:2] else str(service),
            "service_endpoint": properties["ENDPOINT"],
            "max_batch_retries": properties["MAX_BATCH_RETRIES"],
            "on_batch_failure": properties["ON_BATCH_FAILURE"],
            "batch_timeout_secs": properties["BATCH_TIMEOUT_SECS"] or "not set",
        }
        return table(
            self.describe_columns, [{"property": name, "value": value} for name, value in shown.items()]
        )


_CLAUSES: dict[tuple[str, ...], dict[str, Any]] = {
    ("NOT", "NULL"): {"NOT NULL": True},
    ("NULL",): {"NOT NULL": False},
    ("CALLED", "ON", "NULL", "INPUT"): {"STRICT": False},
    ("RETURNS", "NULL", "ON", "NULL", "INPUT"): {"STRICT": True},
    ("STRICT",): {"STRICT": True},
    ("VOLATILE",): {"IMMUTABLE": False},
    ("IMMUTABLE",): {"IMMUTABLE": True},
}


def _path(text: str) -> str:
    """The path of requests; it always begins with a slash.

    Raises:
        SnowflakeError: 001008 for a text that cannot stand in a request's first line.
    """
    if not text.isprintable() or " " in text or not text.isascii():
        raise errors.invalid_value(text[:100], "AS", "an HTTP path like /echo, without blanks")
    return text if text.startswith("/") else f"/{text}"


def _first(statement: Statement) -> tuple[str, ...]:
    return statement.words(1)


def _signed(context: Context, parts: list[str], kinds: list[str]) -> Name:
    name = context.resolve(parts, "schema")
    return name._replace(name=signature.signed(name.name, kinds))


def _kinds(properties: dict[str, Any]) -> list[str]:
    return [_kind(one["type"]) for one in properties["ARGUMENTS"]]


def _kind(text: str) -> str:
    return type_of(text).kind


def _shown(name: str) -> str:
    return name if name.replace("_", "A").isalnum() and name.isupper() else quote(name)


def _arguments(statement: Statement) -> list[dict[str, Any]]:
    """Read `( <name> <type> [DEFAULT <literal>], … )`.

    Raises:
        SnowflakeError: 001003 when an argument without a default follows one that has one.
    """
    statement.expect("(")
    found: list[dict[str, Any]] = []
    while not statement.accept(")"):
        name, kind, default = statement.identifier(), read_type(statement), None
        if statement.accept("DEFAULT"):
            default = _literal(statement)
        elif found and found[-1]["default"] is not None:
            raise statement.unexpected()
        found.append({"name": name, "type": str(kind), "default": default})
        if not statement.accept(",") and statement.words(1) != (")",):
            raise statement.unexpected()
    return found


def _literal(statement: Statement) -> str:
    """A literal as SQL; it stands in other users' statements, so it can be nothing else."""
    for word in ("NULL", "TRUE", "FALSE"):
        if statement.accept(word):
            return word
    if not statement.done and statement.words(1) == ("",):
        text = statement.string().replace("'", "''")
        return f"'{text}'"
    sign = "-" if statement.accept("-") else ""
    word = statement.words(1)[0] if not statement.done else ""
    if not word.replace(".", "", 1).isascii() or not word.replace(".", "", 1).isdigit():
        raise errors.unsupported("DEFAULT of anything but a literal")
    return sign + statement.word()


def _require_endpoint(context: Context, properties: dict[str, Any]) -> str:
    """Refuse unless the primary role may use the function's endpoint; its name as the specification has it.

    Raises:
        SnowflakeError: 002003 when the service or the endpoint does not exist, or may not be used.
    """
    item = context.get(SERVICE, Name(*properties["SERVICE"]))
    target.check_endpoint(item, properties["ENDPOINT"])
    endpoint = target.find_endpoint(item, properties["ENDPOINT"])
    if endpoint is None or not opens(context.catalog, item, endpoint["name"], context.primary.roles):
        raise target.no_endpoint(item, properties["ENDPOINT"])
    return endpoint["name"]


_FUNCTION = Function()
TYPES = [_FUNCTION]
STATEMENTS = {
    ("SHOW", "USER", "FUNCTIONS"): _FUNCTION.show,
}
