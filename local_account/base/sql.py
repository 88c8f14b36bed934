"""One SQL statement: its text, and a cursor over the tokens that sqlglot's Snowflake tokenizer makes."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cached_property
from typing import Any, ClassVar, NamedTuple

from sqlglot.dialects.snowflake import Snowflake
from sqlglot.errors import TokenError
from sqlglot.tokens import Token, TokenType

from local_account.base import errors


class _Tokenizer(Snowflake.Tokenizer):
    # Otherwise sqlglot makes one single string of everything behind CALL, EXECUTE …
    COMMANDS: ClassVar[set[TokenType]] = set()


STRINGS = {TokenType.STRING, TokenType.RAW_STRING, TokenType.HEREDOC_STRING, TokenType.NATIONAL_STRING}
_CLOSING = {"(": ")", "[": "]"}
_PLAIN = re.compile(r"[A-Z_][A-Z0-9_$]*")
_WORD = re.compile(r"[A-Za-z]+")


class Name(NamedTuple):
    """A fully qualified object name. Parts that this kind of object does not have are empty."""

    database: str
    schema: str
    name: str

    def __str__(self) -> str:
        return ".".join(part for part in self if part)


class Statement:
    """One statement, read from left to right.

    The text is cut into tokens once, when they are first needed, and all stages share these tokens. Keywords
    match in upper and lower case; identifiers follow Snowflake's rule (unquoted ones become upper case).

    Args:
        text: the statement, comments included.
        bindings: `{"type", "value"}` of each `?`, in order.

    Raises:
        SnowflakeError: 001003 at the token that does not fit.
    """

    def __init__(self, text: str, bindings: list[dict[str, Any]] | None = None) -> None:
        self.text = text.strip()
        self.bindings = bindings
        self.position = 0

    @cached_property
    def tokens(self) -> list[Token]:
        """All tokens, except semicolons at the end."""
        found = tokenize(self.text)
        while found and found[-1].token_type is TokenType.SEMICOLON:
            found.pop()
        return found

    @cached_property
    def verb(self) -> str:
        """The first word in upper case, read from the text; '' if something else comes first."""
        found = _WORD.match(self.text, after_blanks(self.text))
        return found[0].upper() if found else ""

    def after_verb(self) -> str:
        """The source text behind the first word."""
        return self.text[after_blanks(self.text) + len(self.verb) :]

    def edited(self, edits: Iterable[tuple[int, int, str]]) -> Statement:
        """The statement with parts of its text replaced; the same object when there are no edits.

        Args:
            edits: start, end and new text of each part, in order. The character at `end` is not replaced.
        """
        pieces, end = [], 0
        for start, stop, text in edits:
            pieces += [self.text[end:start], text]
            end = stop
        return Statement("".join([*pieces, self.text[end:]]), self.bindings) if pieces else self

    @property
    def done(self) -> bool:
        return self.position >= len(self.tokens)

    def words(self, count: int) -> tuple[str, ...]:
        """The next tokens in upper case; the cursor does not move."""
        window = self.tokens[self.position : self.position + count]
        return tuple("" if self._is_literal(token) else token.text.upper() for token in window)

    def accept(self, *words: str) -> bool:
        """Step over these words if they come next; whether they did."""
        if self.words(len(words)) != words:
            return False
        self.position += len(words)
        return True

    def expect(self, *words: str) -> None:
        for word in words:
            if not self.accept(word):
                raise self.unexpected()

    def word(self) -> str:
        """Any bare word, in upper case."""
        token = self._next()
        if self._is_literal(token):
            raise self.unexpected(back=1)
        return token.text.upper()

    def identifier(self) -> str:
        """One identifier; an unquoted one in upper case."""
        token = self._next()
        if token.token_type is TokenType.IDENTIFIER:
            return token.text
        if token.token_type in STRINGS or not _is_word(token.text):
            raise self.unexpected(back=1)
        return token.text.upper()

    def parts(self) -> list[str]:
        """One to three identifiers with dots between them, plain or inside IDENTIFIER('…')."""
        if self.words(2) == ("IDENTIFIER", "("):
            self.expect("IDENTIFIER", "(")
            inner = Statement(self.string())
            self.expect(")")
            return inner.parts()
        parts = [self.identifier()]
        while self.accept("."):
            parts.append(self.identifier())
        return parts

    def string(self) -> str:
        """A quoted or dollar-quoted string literal."""
        token = self._next()
        if token.token_type not in STRINGS:
            raise self.unexpected(back=1)
        return token.text

    def text_or_word(self) -> str:
        """A string literal, a quoted identifier or a bare word (in upper case)."""
        token = self._next()
        return token.text if self._is_literal(token) else token.text.upper()

    def parts_or_text(self) -> list[str]:
        """A string literal as one part, or an object name."""
        if not self.done and self.tokens[self.position].token_type in STRINGS:
            return [self.string()]
        return self.parts()

    def name_or_text(self) -> list[str]:
        """The parts of an object name, which may stand in a string literal."""
        if not self.done and self.tokens[self.position].token_type in STRINGS:
            return Statement(self.string()).parts()
        return self.parts()

    def integer(self) -> int:
        negative = self.accept("-")
        token = self._next()
        try:
            return -int(token.text) if negative else int(token.text)
        except ValueError:
            raise self.unexpected(back=1) from None

    def boolean(self) -> bool:
        token = self._next()
        if token.text.upper() not in ("TRUE", "FALSE"):
            raise self.unexpected(back=1)
        return token.text.upper() == "TRUE"

    def listed(self, item: str) -> list:
        """`( item, item )`; `item` is the name of the method of this class that reads one of them."""
        self.expect("(")
        items = []
        while not self.accept(")"):
            items.append(getattr(self, item)())
            if not self.accept(",") and self.words(1) != (")",):
                raise self.unexpected()
        return items

    def nested(self) -> str:
        """The source text of one balanced parenthesis, without the outer pair."""
        self.expect("(")
        start, depth = self.tokens[self.position].start, 1
        while depth:
            token = self._next()
            depth += {"(": 1, ")": -1}.get(token.text, 0) if not self._is_literal(token) else 0
        return self.text[start : self.tokens[self.position - 1].start].strip()

    def rest(self) -> str:
        """The source text from here to the end."""
        return "" if self.done else self.text[self.tokens[self.position].start :]

    def end(self) -> None:
        """Refuse anything that follows."""
        if not self.done:
            raise self.unexpected()

    def unexpected(self, back: int = 0) -> errors.SnowflakeError:
        index = self.position - back
        if index >= len(self.tokens):
            last = self.tokens[-1] if self.tokens else None
            return errors.syntax_error(last.line if last else 1, last.col if last else 0, "<EOF>")
        token = self.tokens[index]
        return errors.syntax_error(token.line, max(token.col - len(token.text), 0), token.text)

    def _next(self) -> Token:
        if self.done:
            raise self.unexpected()
        self.position += 1
        return self.tokens[self.position - 1]

    def _is_literal(self, token: Token) -> bool:
        return token.token_type is TokenType.IDENTIFIER or token.token_type in STRINGS


def tokenize(text: str) -> list[Token]:
    """Cut a statement into tokens.

    Raises:
        SnowflakeError: 001003 for an unterminated string or comment.
    """
    try:
        return _Tokenizer(dialect="snowflake").tokenize(text)
    except TokenError as error:
        raise errors.compilation_error("001003", "42000", f"syntax error: {error}") from None


def after_blanks(text: str, position: int = 0) -> int:
    """The first position from `position` on that is not in blanks or comments (`--`, `//` and `/* */`)."""
    while position < len(text):
        if text[position].isspace():
            position += 1
        elif text.startswith(("--", "//"), position):
            end = text.find("\n", position)
            position = len(text) if end < 0 else end + 1
        elif text.startswith("/*", position):
            end = text.find("*/", position + 2)
            if end < 0:
                return position
            position = end + 2
        else:
            return position
    return position


def split(statement: Statement) -> list[str]:
    """The texts between semicolons that stand outside of literals; empty statements are left out."""
    texts, start, filled = [], 0, False
    for token in statement.tokens:
        if token.token_type is not TokenType.SEMICOLON:
            filled = True
            continue
        if filled:
            texts.append(statement.text[start : token.start])
        start, filled = token.end + 1, False
    # The tokens lack semicolons at the end.
    return [*texts, statement.text[start : statement.tokens[-1].end + 1]] if filled else texts


def quote(identifier: str) -> str:
    """An identifier in double quotes."""
    return '"' + identifier.replace('"', '""') + '"'


def shown(parts: Iterable[str]) -> str:
    """A name with dots between its parts and quotes only where needed; empty parts are left out."""
    return ".".join(part if _PLAIN.fullmatch(part) else quote(part) for part in parts if part)


def _is_word(text: str) -> bool:
    return (
        bool(text)
        and (text[0].isalpha() or text[0] == "_")
        and text.replace("_", "a").replace("$", "a").isalnum()
    )
