"""One input property of a resource: its type, its place in SQL, its checks and how it is compared."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from standins.snowflake_plugin import sql
from standins.snowflake_plugin.wire import UNKNOWN, has_unknown

DEFAULTS: Mapping[str, Any] = {"flag": "default", "count": -1}
"""Values of properties that the program leaves out, as the official plugin writes them to the state."""

_TYPES: Mapping[str, tuple[type, ...]] = {
    "int": (int,),
    "count": (int,),
    "bool": (bool,),
    "block": (dict,),
    "ints": (list,),
    "idents": (list,),
    "names": (list,),
    "texts": (list,),
    "words": (list,),
}


def snake(name: str) -> str:
    """``minInstances`` as the SQL keyword ``MIN_INSTANCES``."""
    return "".join("_" + char if char.isupper() else char for char in name).upper()


@dataclass(frozen=True)
class Prop:
    """An input property.

    Attributes:
        name: the Pulumi name.
        kind: ``text`` 'x' · ``word`` X (checked against ``choices``) · ``enum`` 'X' · ``int`` · ``bool`` ·
            ``flag`` "true", "false" or "default" · ``count`` a number with -1 for "not set" · ``ident`` "X" ·
            ``name`` "D"."S"."X" · ``idents``, ``names``, ``texts``, ``ints`` sets of them ·
            ``words`` an ordered list · ``block`` a nested object, rendered by its resource · ``label`` an
            object's own name.
        plain: a setting of CREATE and ALTER, ``KEYWORD = value``; otherwise its resource writes the SQL.
        sql: the SQL keyword; by default made from the name.
        replace: a change replaces the resource.
        secret: the value is secret in the outputs.
        create_only: used only by CREATE; later changes are ignored.
        show, describe: column of SHOW, or property of DESCRIBE, that the state always follows.
        drift: column of SHOW; the state follows it when it changed outside the program, and an input equal
            to it does not count as a change.
        choices: allowed values in upper case; ``aliases`` maps other spellings to them.
        what: what the value is; used in messages.
        minimum: the least allowed number.
        parameter: the value is a Snowflake parameter, read by SHOW PARAMETERS.
        quiet: a change does not change what SHOW returns.
        check: more validation; returns what is wrong, or None.
        quoted: names that the state always has in double quotes, whatever the program wrote.
        from_show: turns a SHOW column's value into the property's.
    """

    name: str
    kind: str = "text"
    sql: str = ""
    plain: bool = True
    required: bool = False
    replace: bool = False
    secret: bool = False
    create_only: bool = False
    show: str = ""
    describe: str = ""
    drift: str = ""
    choices: Sequence[str] = ()
    aliases: Mapping[str, str] | None = None
    what: str = ""
    minimum: int | None = None
    parameter: bool = False
    quiet: bool = False
    check: Callable[[Any], str | None] | None = None
    quoted: bool = False
    from_show: Callable[[Any], Any] | None = None

    @property
    def keyword(self) -> str:
        """The SQL keyword."""
        return self.sql or snake(self.name)

    def problem(self, value: Any) -> str | None:
        """What is wrong with an input value, or None. Values not known yet are not judged."""
        return None if has_unknown(value) else self._wrong_type(value) or self._wrong_value(value)

    def _wrong_type(self, value: Any) -> str | None:
        if not isinstance(value, _TYPES.get(self.kind, (str,))) or (
            isinstance(value, bool) and self.kind in ("int", "count")
        ):
            return f"expected {_article(self.kind)}, got {value!r}"
        return None

    def _wrong_value(self, value: Any) -> str | None:
        if self.kind == "flag" and value not in ("true", "false", "default"):
            return f'expected {self.name} to be one of ["true" "false"], got {value}'
        if self.choices and (wrong := self._not_chosen(value)):
            return f"invalid {self.what}: {wrong}; allowed values: {', '.join(self.choices)}"
        if self.minimum is not None and value != DEFAULTS.get(self.kind) and int(value) < self.minimum:
            return f"expected {self.name} to be at least ({self.minimum}), got {value}"
        return self._unreadable(value) or (self.check(value) if self.check else None)

    def _not_chosen(self, value: Any) -> str | None:
        values = value if isinstance(value, list) else [value]
        return next((str(item).upper() for item in values if self._upper(item) not in self.choices), None)

    def _unreadable(self, value: Any) -> str | None:
        counts = {"ident": 1, "idents": 1, "names": 3}
        if self.kind not in counts or value == "":
            return None
        try:
            for item in value if isinstance(value, list) else [value]:
                sql.split_exactly(item, counts[self.kind])
        except ValueError as error:
            return str(error)
        return None

    def _upper(self, value: Any) -> str:
        text = str(value).upper()
        return (self.aliases or {}).get(text, text)

    def given(self, value: Any) -> bool:
        """Whether the program gave the value; an empty text or list counts as not given."""
        if self.parameter or self.required:
            return value is not None
        if self.kind == "count":
            return value not in (None, DEFAULTS["count"])
        return bool(value) and value != DEFAULTS.get(self.kind)

    def normal(self, value: Any) -> Any:
        """The value in a normal form, in which equal values are the same."""
        if value is None or value == "":
            return DEFAULTS.get(self.kind, False if self.kind == "bool" else None)
        if self.kind in ("word", "enum"):
            return self._upper(value)
        if self.kind == "label":
            return sql.bare(value)
        if self.kind == "words":
            return [self._upper(item) for item in value] or None
        if self.kind in ("ident", "name"):
            return _unquoted(value)
        if self.kind in ("idents", "names"):
            return sorted(_unquoted(item) for item in value) or None
        if self.kind in ("texts", "ints"):
            return sorted(value) or None
        if self.kind == "flag":
            return str(value).lower()
        return 0 if self.kind == "int" and not value and not self.parameter else _pruned(value)

    def in_quotes(self, value: Any) -> Any:
        """Names in double quotes."""
        return [sql.ident(name) for name in value] if self.kind == "idents" else sql.ident(value)

    def render(self, value: Any) -> str:
        """``KEYWORD = value`` for CREATE and ALTER."""
        return f"{self.keyword} = {self.value(value)}"

    def value(self, value: Any) -> str:
        """The value as SQL."""
        lists: Mapping[str, Callable[[str], str]] = {
            "idents": sql.ident,
            "names": sql.qualified,
            "texts": sql.literal,
        }
        if self.kind in lists:
            return "(" + ", ".join(lists[self.kind](item) for item in value) + ")"
        if self.kind == "words":
            return "(" + ", ".join(sql.literal(self._upper(item)) for item in value) + ")"
        if self.kind in ("word", "enum"):
            return self._upper(value) if self.kind == "word" else sql.literal(self._upper(value))
        if self.kind == "ident":
            return sql.ident(value)
        if self.kind == "name":
            return sql.qualified(value)
        return sql.literal(value) if self.kind == "text" else str(value).lower()


def _unquoted(value: str) -> str:
    return value if value == UNKNOWN else ".".join(sql.split(value))


def _pruned(value: Any) -> Any:
    """A nested value without its empty parts, because an empty field means the same as an absent one."""
    if isinstance(value, Mapping):
        inner = {key: _pruned(item) for key, item in value.items() if not key.startswith("__")}
        return {key: item for key, item in inner.items() if item not in (None, "", False, [], "default")}
    return [_pruned(item) for item in value] if isinstance(value, list) else value


def _article(kind: str) -> str:
    return {
        "int": "a whole number",
        "count": "a whole number",
        "bool": "true or false",
        "block": "an object",
        "ints": "a list",
        "idents": "a list",
        "names": "a list",
        "texts": "a list",
        "words": "a list",
    }.get(kind, "a text")


def not_dollars(value: str) -> str | None:
    """Refuses texts that hold ``$$``, which would end the quotes around them."""
    if "$$" in value:
        return "The value cannot contain the $$ sequence. The provider wraps the input automatically."
    return None
