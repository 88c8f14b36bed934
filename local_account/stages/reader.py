"""Reads statements with stage locations and file paths, in which `//` does not begin a comment."""

from __future__ import annotations

import re
from typing import Any

from local_account.base import errors

_BLANK = re.compile(r"(?:\s|--[^\n]*|/\*.*?\*/)*+", re.DOTALL)
_QUOTED = re.compile(r"'((?:[^'\\]|''|\\.)*)'", re.DOTALL)
_ESCAPE = re.compile(r"\\(.)|''", re.DOTALL)
_BARE = re.compile(r"""(?:"(?:[^"]|"")*+"|[^\s;"'])++""")
_WORD = re.compile(r"\w+")
_OPTION = re.compile(r"([A-Za-z_]+)\s*=\s*")


class Reader:
    """Reads the notation of these statements, in which `//` and `/*` are parts of paths.

    Its methods raise SnowflakeError 001003 when the text is not what they read.
    """

    def __init__(self, text: str, bindings: list[dict[str, Any]] | None = None) -> None:
        self._text, self._position = text, 0
        self._bindings = list(bindings or [])
        self._skip()

    def path(self) -> str:
        """Read a quoted string, a bare path, or the value that is bound to a `?`."""
        if self._bindings and self._text[self._position : self._position + 1] == "?":
            self._position += 1
            self._skip()
            return str(self._bindings.pop(0).get("value") or "")
        if found := _QUOTED.match(self._text, self._position):
            value = _ESCAPE.sub(lambda escape: escape[1] or "'", found[1])
        elif found := _BARE.match(self._text, self._position):
            value = found[0]
        else:
            raise self._unexpected()
        self._position = found.end()
        self._skip()
        return value

    def source(self) -> str:
        """Read the local path of PUT, up to the stage that follows.

        A driver that expands a wildcard sends PUT again for each file, and does not quote blanks in its name.
        """
        start, prefix = self._position, "file://"
        if self._text[start : start + len(prefix)].lower() != prefix:
            return self.path()
        at = self._text.find("@", start)
        while at > 0:
            before = self._text[start : at - (self._text[at - 1] == "'")]
            found = before.rstrip()
            if len(prefix) < len(found) < len(before):
                self._position += len(found)
                self._skip()
                return found
            at = self._text.find("@", at + 1)
        return self.path()

    @property
    def rest(self) -> str:
        """The text that is not read yet."""
        return self._text[self._position :]

    def keyword(self, word: str) -> None:
        """Read a word that must come next."""
        found = _WORD.match(self._text, self._position)
        if not found or found[0].upper() != word:
            raise self._unexpected()
        self._position += len(word)
        self._skip()

    def options(self, *allowed: str) -> dict[str, str]:
        """Read `NAME = value` pairs up to the end of the statement."""
        values: dict[str, str] = {}
        while found := _OPTION.match(self._text, self._position):
            if found[1].upper() not in allowed:
                raise self._unexpected()
            self._position = found.end()
            values[found[1].upper()] = self.path()
        if self._text[self._position : self._position + 1] == ";":
            self._position += 1
            self._skip()
        if self._position < len(self._text):
            raise self._unexpected()
        return values

    def _skip(self) -> None:
        blank = _BLANK.match(self._text, self._position)
        self._position = blank.end() if blank else self._position

    def _unexpected(self) -> errors.SnowflakeError:
        rest = self._text[self._position :].split()
        return errors.syntax_error(1, self._position, rest[0] if rest else "<EOF>")
