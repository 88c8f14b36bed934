"""Records of delimited text files.

The rules are Snowflake's, which no CSV library has: two escape characters, an enclosing character that may be
absent, delimiters of several characters, and a difference between an empty field and an empty text. See
https://docs.snowflake.com/en/sql-reference/sql/create-file-format
"""

from __future__ import annotations

import codecs
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from local_account.base.errors import SnowflakeError
from local_account.stages.format_options import codec

MOST_CHARACTERS, MOST_COLUMNS = 128 << 20, 16384


class Enclosed(str):
    """A field that stood between enclosing characters."""

    __slots__ = ()


class _Incomplete(Exception):
    """The text ends before the record does."""


@dataclass
class BadRecord:
    """A record that breaks the rules of the format.

    Attributes:
        message: what is wrong, in Snowflake's words.
        character: where in its line, counted from 1.
    """

    message: str
    character: int


Record = list[str] | BadRecord


def decoded(pieces: Iterable[bytes], options: dict[str, Any], name: str) -> Iterator[str]:
    """A file's text, in pieces.

    Raises:
        SnowflakeError: 100144 when the bytes are no text in the format's encoding.
    """
    encoding = codec(str(options.get("ENCODING", "UTF8")))
    keep_mark = encoding != "UTF8" or not options.get("SKIP_BYTE_ORDER_MARK", True)
    lenient = options.get("REPLACE_INVALID_CHARACTERS") or options.get("IGNORE_UTF8_ERRORS")
    decoder = codecs.getincrementaldecoder(encoding)("replace" if lenient else "strict")
    is_first = True
    try:
        for piece in pieces:
            text = decoder.decode(piece)
            if is_first and text:
                is_first = False
                text = text if keep_mark else text.removeprefix("\ufeff")
            yield text
        yield decoder.decode(b"", True)
    except UnicodeDecodeError as error:
        wrong = error.object[error.start : error.start + 16].hex().upper()
        raise SnowflakeError(
            "100144", "22000", f"Invalid UTF8 detected in string '0x{wrong}'\n  File '{name}'"
        ) from None


class CsvReader:
    """Cuts a text into records.

    Args:
        options: complete options of a format of type CSV.

    Attributes:
        header: names of the columns, if the first line has them (PARSE_HEADER).
    """

    def __init__(self, options: dict[str, Any]) -> None:
        self._record = options["RECORD_DELIMITER"]
        self._field = options["FIELD_DELIMITER"]
        self._quote = options["FIELD_OPTIONALLY_ENCLOSED_BY"]
        self._escape = options["ESCAPE"]
        self._bare_escape = self._escape or options["ESCAPE_UNENCLOSED_FIELD"]
        self._trims = options["TRIM_SPACE"]
        self._skip = options["SKIP_HEADER"]
        self._skips_blank = options["SKIP_BLANK_LINES"]
        self._parses_header = options["PARSE_HEADER"]
        self.header: list[str] | None = None
        self._rest = [""]

    def records(self, pieces: Iterable[str]) -> Iterator[tuple[int, Record]]:
        """The number of its first line, counted from 1, and the fields of each record."""
        for index, (line, record) in enumerate(self._all(pieces)):
            if index < self._skip or (self._skips_blank and record == [""]):
                continue
            if self._parses_header and self.header is None and isinstance(record, list):
                self.header = [field.strip() for field in record]
                continue
            yield line, record

    def _all(self, pieces: Iterable[str]) -> Iterator[tuple[int, Record]]:
        line = 1
        for text, is_last in _blocks(pieces, self._rest):
            start = 0
            while start < len(text):
                try:
                    record, end = self._next(text, start, is_last)
                except _Incomplete:
                    break
                yield line, record
                line += text.count("\n", start, end)
                start = end
            self._rest[:] = [text[start:]]
            if len(text) - start > MOST_CHARACTERS:
                raise SnowflakeError(
                    "100082",
                    "22000",
                    f"A record is longer than {MOST_CHARACTERS >> 20} MiB; see RECORD_DELIMITER.",
                )

    def _next(self, text: str, start: int, is_last: bool) -> tuple[Record, int]:
        """The record that begins at `start`, and where the next one begins.

        Raises:
            _Incomplete: more text is needed to know that.
        """
        end, behind = self._record_end(text, start, is_last)
        whole = text[start:end]
        if not (self._quote and self._quote in whole) and not (
            self._bare_escape and self._bare_escape in whole
        ):
            return self._plain(whole), behind
        fields: list[str] = []
        position = start
        while len(fields) < MOST_COLUMNS:
            opened = self._opening(text, position)
            if opened < 0:
                if position > end:
                    end, behind = self._record_end(text, position, is_last)
                found = self._find(self._field, text, position, end)
                fields.append(self._bare(text[position : end if found < 0 else found]))
                if found < 0:
                    return fields, behind
                position = found + len(self._field)
                continue
            closing = self._closing(text, opened, is_last)
            if closing < 0:
                return BadRecord(
                    "End of record reached while an enclosed field is open", opened - start
                ), len(text)
            fields.append(self._enclosed(text[opened : closing - 1]))
            while self._trims and text.startswith(" ", closing):
                closing += 1
            if self._field and text.startswith(self._field, closing):
                position = closing + len(self._field)
                continue
            end, behind = self._record_end(text, closing, is_last)
            if end == closing:
                return fields, behind
            wrong = f"Found character '{text[closing]}' instead of field delimiter '{self._field}'"
            return BadRecord(wrong, closing - start + 1), behind
        return BadRecord(f"A record has more than {MOST_COLUMNS} fields", 1), behind

    def _record_end(self, text: str, start: int, is_last: bool) -> tuple[int, int]:
        """Where the record ends whose last field begins at `start`, and where the next one begins."""
        end = self._find(self._record, text, start, len(text))
        if end < 0:
            if not is_last:
                raise _Incomplete
            end, behind = len(text), len(text)
        else:
            behind = end + len(self._record)
        # A new line may be the two characters of Windows.
        if self._record == "\n" and end > start and text[end - 1] == "\r":
            end -= 1
        return end, behind

    def _find(self, delimiter: str | None, text: str, start: int, end: int) -> int:
        """The next delimiter that is not escaped; -1 without one."""
        found = text.find(delimiter, start, end) if delimiter else -1
        while found >= 0 and self._bare_escape and _is_escaped(text, start, found, self._bare_escape):
            found = text.find(delimiter or "", found + 1, end)
        return found

    def _opening(self, text: str, position: int) -> int:
        """The position behind the enclosing character of the field that begins here; -1 without one."""
        if not self._quote:
            return -1
        while self._trims and text.startswith(" ", position):
            position += 1
        return position + 1 if text.startswith(self._quote, position) else -1

    def _closing(self, text: str, position: int, is_last: bool) -> int:
        """The position behind the enclosing character that ends the field; -1 when there is none."""
        first = position
        while (found := text.find(self._quote, position)) >= 0:
            if found + 1 == len(text) and not is_last:
                raise _Incomplete
            if self._escape not in (None, self._quote) and _is_escaped(text, first, found, self._escape):
                position = found + 1
            elif text.startswith(self._quote, found + 1):
                position = first = found + 2
            else:
                return found + 1
        if not is_last:
            raise _Incomplete
        return -1

    def _plain(self, text: str) -> Record:
        if self._field is None:
            return [text.strip() if self._trims else text]
        fields = text.split(self._field, MOST_COLUMNS)
        if len(fields) > MOST_COLUMNS:
            return BadRecord(f"A record has more than {MOST_COLUMNS} fields", 1)
        return [field.strip() for field in fields] if self._trims else fields

    def _bare(self, text: str) -> str:
        text = text.strip() if self._trims else text
        # The marker of NULL in NULL_IF is compared as it stands in the file.
        if self._bare_escape and self._bare_escape in text and text != "\\N":
            return _unescaped(text, self._bare_escape)
        return text

    def _enclosed(self, text: str) -> str:
        if self._escape and self._escape != self._quote and self._escape in text:
            # A doubled enclosing character counts even if there is an escape character.
            return Enclosed(_unescaped(text, self._escape, self._quote))
        return Enclosed(text.replace(self._quote * 2, self._quote))


def _blocks(pieces: Iterable[str], rest: list[str]) -> Iterator[tuple[str, bool]]:
    """The text in blocks, and whether each is the last; a block begins with what was left of the one before.

    A block is at least twice as long as what was left, so that a long record is not read too often.
    """
    new: list[str] = []
    for piece in pieces:
        new.append(piece)
        if sum(map(len, new)) > len(rest[0]):
            yield "".join([rest[0], *new]), False
            new = []
    yield "".join([rest[0], *new]), True


def _is_escaped(text: str, start: int, position: int, escape: str) -> bool:
    """Whether an odd number of escape characters stands before a position."""
    first = position
    while first > start and text[first - 1] == escape:
        first -= 1
    return (position - first) % 2 == 1


_SEQUENCES = {"n": "\n", "r": "\r", "t": "\t", "b": "\b", "f": "\f", "0": "\0"}


def _unescaped(text: str, escape: str, quote: str | None = None) -> str:
    """A text without escape characters; `quote` is an enclosing character that may be doubled."""
    pieces, position = [], 0
    while (found := text.find(escape, position)) >= 0 and found + 1 < len(text):
        before, following = text[position:found], text[found + 1]
        plain = _SEQUENCES.get(following, following) if escape == "\\" else following
        pieces += [before.replace(quote * 2, quote) if quote else before, plain]
        position = found + 2
    rest = text[position:]
    return "".join([*pieces, rest.replace(quote * 2, quote) if quote else rest])
