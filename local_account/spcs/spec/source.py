"""Where a specification comes from: `FROM SPECIFICATION $$…$$`, a stage file, or a template with USING."""

from __future__ import annotations

from local_account.base.sql import STRINGS, Statement
from local_account.spcs.spec import templates
from local_account.stages.location import read_stage_file
from local_account.statement.context import Context

_TEMPLATE = "SPECIFICATION_TEMPLATE_FILE"
# Snowflake's tutorial writes SPEC, which its reference does not mention.
_FILES = ("SPECIFICATION_FILE", "SPEC", _TEMPLATE)


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
        is_template = statement.words(1) == (_TEMPLATE,)
        if statement.words(1) not in [(word,) for word in _FILES]:
            raise statement.unexpected()
        statement.word()
        statement.expect("=")
        template = read_stage_file(context, location, _file(statement))
        if not is_template:
            return template
    return templates.render(template, _using(statement))


def _location(statement: Statement) -> str:
    """`'@stage/path'` in quotes, or bare: then it ends at the first blank."""
    if statement.words(1) != ("@",):
        return statement.string()
    return _unquoted(statement)


def _file(statement: Statement) -> str:
    """The path of a file in quotes, or bare: then it ends at the first blank."""
    if not statement.done and statement.tokens[statement.position].token_type in STRINGS:
        return statement.string()
    return _unquoted(statement)


def _unquoted(statement: Statement) -> str:
    """The text of the tokens that follow each other without a blank."""
    if statement.done:
        raise statement.unexpected()
    first = statement.tokens[statement.position]
    last = first
    statement.position += 1
    while not statement.done and statement.tokens[statement.position].start == last.end + 1:
        last = statement.tokens[statement.position]
        statement.position += 1
    return statement.text[first.start : last.end + 1]


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
