"""Where a specification comes from: `FROM SPECIFICATION $$…$$`, a stage file, or a template with USING."""

from __future__ import annotations

from local_account.base.sql import STRINGS, Statement
from local_account.spcs.spec import templates
from local_account.stages.store import read_stage_file
from local_account.statement.context import Context

# SPEC is the name that the first preview had, and that guides still have.
_FILES = ("SPECIFICATION_FILE", "SPECIFICATION_TEMPLATE_FILE", "SPEC")


def read_from(context: Context, statement: Statement) -> str:
    """Text of the specification that a FROM clause names; the caller has read the word FROM.

    Raises:
        SnowflakeError: 001003 for wrong syntax, 395069 for a template that cannot be rendered, or the error
            of a missing stage file.
    """
    if statement.accept("SPECIFICATION"):
        return statement.string()
    if statement.accept("SPECIFICATION_TEMPLATE"):
        template = statement.string()
    else:
        location = _location(statement)
        is_template = statement.accept("SPECIFICATION_TEMPLATE_FILE")
        if not is_template and not statement.accept("SPEC"):
            statement.expect("SPECIFICATION_FILE")
        statement.expect("=")
        template = read_stage_file(context, location, _file(statement))
        if not is_template:
            return template
    return templates.render(template, _using(statement))


def _location(statement: Statement) -> str:
    """`'@stage/path'` in quotes, or bare."""
    if statement.words(1) != ("@",):
        return statement.string()
    start = statement.tokens[statement.position].start
    while not statement.done and statement.words(1)[0] not in _FILES:
        statement.position += 1
    if statement.done:
        raise statement.unexpected()
    return statement.text[start : statement.tokens[statement.position].start].strip()


def _file(statement: Statement) -> str:
    """A file's name in quotes, or bare up to the next blank."""
    start = statement.position
    if statement.done or statement.tokens[start].token_type in STRINGS:
        return statement.string()
    tokens = statement.tokens
    while statement.position == start or (
        not statement.done and tokens[statement.position].start == tokens[statement.position - 1].end + 1
    ):
        statement.position += 1
    return statement.text[tokens[start].start : tokens[statement.position - 1].end + 1]


def _using(statement: Statement) -> dict[str, str]:
    found: dict[str, str] = {}
    statement.expect("USING", "(")
    while not statement.accept(")"):
        # Keys are case-sensitive, so the text is used as the client wrote it.
        token = statement.tokens[statement.position] if not statement.done else None
        if token is None:
            raise statement.unexpected()
        statement.position += 1
        statement.expect("=>")
        value = statement.tokens[statement.position] if not statement.done else None
        if value is None:
            raise statement.unexpected()
        statement.position += 1
        found[token.text] = value.text
        if not statement.accept(",") and statement.words(1) != (")",):
            raise statement.unexpected()
    return found
