"""Reads hostile texts with every pattern and reader of the local account; run by test_hostile_texts.py.

`python -m tests.unit.account.hostile_texts` prints a line before it reads with each of them, so the last line
of a run that was cut off names what was slow.
"""

from __future__ import annotations

import ast
import contextlib
import importlib
import inspect
import logging
import pkgutil
import re
import resource
import sys
from collections.abc import Callable, Iterator
from types import ModuleType, SimpleNamespace
from typing import Any

import duckdb

import local_account
from local_account.base import sql
from local_account.base.errors import SnowflakeError
from local_account.base.result import Result
from local_account.base.sql import Statement
from local_account.http import statements
from local_account.identity.session import Session, Variable
from local_account.loading import copy_statement
from local_account.loading.csv_rows import CsvReader
from local_account.loading.json_rows import JsonReader
from local_account.modules import MODULES
from local_account.stages import format_options
from local_account.stages.location import parse_location
from local_account.stages.reader import Reader
from local_account.statement import flow, several, substitution
from local_account.statement.dispatch import Dispatch
from local_account.statement.options import like
from local_account.tables.engine.errors import translated
from local_account.tables.plan import scans
from local_account.tables.translation import rewrite

# All readings take some 20 seconds; a quadratic one takes minutes, an exponential one for ever.
_CPU_SECONDS = 120
# Patterns get 100 KB. The readers below cut a text into tokens, which is linear but slow, so they get less.
PATTERN_SIZE, READER_SIZE = 100_000, 5_000
_PIECES = (
    *("-", "--", "-\n", "--\n", "/", "//", "/*", "*", "*/", "/**/", "(", ")", "()", "[", "{", ";", "; "),
    *("'", "''", "'a", '"', '""', '"a', "\\", "\\'", "$", "$$", "@", "!", "?", "?::", "::", "=", "=>", "%"),
    *(
        " ",
        "\n",
        " \n",
        "a",
        "a ",
        "a.",
        "a-",
        "0",
        "0.",
        "1,",
        "é",
        "\x00",
        "|-- ",
        "_",
        ",",
        ".",
        "file://",
    ),
)
_BEFORE = ("", "SELECT '", "file:///a", "'file:///a", '@"a"')
_AFTER = ("", "\x01")


def texts(size: int) -> Iterator[str]:
    """Texts that repeat one piece up to a size, behind what makes a reader begin."""
    for piece in _PIECES:
        for before in _BEFORE:
            for after in _AFTER:
                yield before + piece * (size // len(piece)) + after


def pattern_uses() -> dict[str, Callable[[str], object]]:
    """Every compiled pattern of the local account as its module uses it: `match`, `fullmatch`, …"""
    found: dict[str, Callable[[str], object]] = {}
    for module in _modules():
        patterns = {name: value for name, value in vars(module).items() if isinstance(value, re.Pattern)}
        for node in ast.walk(ast.parse(inspect.getsource(module))):
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
                pattern = patterns.get(node.value.id)
                if pattern is not None and isinstance(pattern.pattern, str):
                    found[f"{module.__name__}.{node.value.id}.{node.attr}"] = _use(pattern, node.attr)
    return found


def _use(pattern: re.Pattern[str], verb: str) -> Callable[[str], object]:
    if verb == "finditer":
        return lambda text: list(pattern.finditer(text))
    if verb == "sub":
        return lambda text: pattern.sub("", text)
    return getattr(pattern, verb)


def _modules() -> Iterator[ModuleType]:
    for found in pkgutil.walk_packages(local_account.__path__, "local_account."):
        if not found.name.endswith("__main__"):
            yield importlib.import_module(found.name)


def readers() -> dict[str, Callable[[str], object]]:
    """Every reader of a client's text that is more than one pattern."""
    dispatch = Dispatch(MODULES)
    variable = Variable(type="fixed", text="1", literal="1", created=0.0, updated=0.0)
    session = Session(1, "U", variables={"A": variable, "X": variable})
    context: Any = SimpleNamespace(piped=[Result([])], session=session)

    def transfer(text: str) -> object:
        reader = Reader(text)
        return reader.source(), parse_location(reader.path()), reader.options("PATTERN")

    quoted = {"FIELD_OPTIONALLY_ENCLOSED_BY": '"', "FIELD_DELIMITER": ",", "RECORD_DELIMITER": "\n"}
    csv = format_options.complete({"TYPE": "CSV", **quoted})
    escaped = format_options.complete({"TYPE": "CSV", "ESCAPE": "\\", "TRIM_SPACE": True, **quoted})
    json = format_options.complete({"TYPE": "JSON", "STRIP_OUTER_ARRAY": True})

    return {
        "loading.csv": lambda text: list(CsvReader(csv).records([text])),
        "loading.csv escaped": lambda text: list(CsvReader(escaped).records([text])),
        "loading.json": lambda text: list(JsonReader(json, "").values(text)),
        "loading.copy": lambda text: copy_statement.read(Statement(text)),
        "sql.after_blanks": sql.after_blanks,
        "sql.divided": lambda text: sql.divided(Statement(text)),
        "substitution": lambda text: substitution.substituted(session, substitution.filled(Statement(text))),
        "flow.links": lambda text: flow.links(Statement(text)),
        "scans": lambda text: scans.replaced(context, Statement(text)),
        "several": lambda text: several.statements(Statement(text), 0, dispatch.raw_verbs),
        "statements.argument": lambda text: statements.argument(Statement(text), "SYSTEM$CANCEL_QUERY"),
        "stages.Reader": transfer,
        "stages.parse_location": parse_location,
        "options.like": lambda text: like("a" * 255, text),
        "rewrite.readable": lambda text: rewrite.readable(Statement(text)),
        "tables.errors": lambda text: translated(duckdb.BinderException(text)),
        "tables.errors of values": lambda text: translated(
            duckdb.ConversionException(f"Could not convert string '{text}' to DATE")
        ),
    }


def main() -> int:
    """Read every text with every pattern and every reader; the kernel ends a process that takes too long."""
    resource.setrlimit(resource.RLIMIT_CPU, (_CPU_SECONDS, _CPU_SECONDS + 5))
    logging.disable()
    patterns = pattern_uses()
    assert len(patterns) > 25, "the patterns of the account are no longer found"
    for uses, size in ((patterns, PATTERN_SIZE), (readers(), READER_SIZE)):
        for name, read in uses.items():
            print(name, flush=True)
            for text in texts(size):
                with contextlib.suppress(SnowflakeError):
                    read(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
