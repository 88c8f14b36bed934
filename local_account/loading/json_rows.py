"""Values of JSON files. See https://docs.snowflake.com/en/sql-reference/sql/create-file-format"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from local_account.base.errors import SnowflakeError

_BLANK = re.compile(r"[\s,]*+")
_SPACE = re.compile(r"\s*+")


class JsonReader:
    """Cuts a text into JSON values, each a row.

    The text of a value stays as it is, so that no digit of a number is lost.

    Args:
        options: complete options of a format of type JSON.
        name: the file's name, for errors.
    """

    def __init__(self, options: dict[str, Any], name: str) -> None:
        self._strips_array = options["STRIP_OUTER_ARRAY"]
        self._strips_null = options["STRIP_NULL_VALUES"]
        self._rejects_duplicates = not options["ALLOW_DUPLICATE"]
        self._name = name
        self._decoder = json.JSONDecoder(
            parse_constant=_refuse_constant,
            object_pairs_hook=_unique if self._rejects_duplicates else None,
            # Numbers are only checked, and a long one takes quadratic time to convert.
            parse_int=_keep,
            parse_float=_keep,
            strict=False,
        )

    def values(self, text: str) -> Iterator[tuple[int, str]]:
        """The number of its first line, counted from 1, and the text of each value.

        Raises:
            SnowflakeError: 100069 when the text is not JSON.
        """
        position, line, counted = _after(_BLANK, text, 0), 1, 0
        while position < len(text):
            is_array = self._strips_array and text[position] == "["
            if is_array:
                position = _after(_SPACE, text, position + 1)
                if text.startswith("]", position):
                    position = _after(_BLANK, text, position + 1)
                    continue
            while True:
                value, end = self._value(text, position)
                line += text.count("\n", counted, position)
                counted = position
                yield line, self._stripped(value, text[position:end])
                if not is_array:
                    position = _after(_BLANK, text, end)
                    break
                position = _after(_SPACE, text, end)
                if text.startswith(",", position):
                    position = _after(_SPACE, text, position + 1)
                elif text.startswith("]", position):
                    position = _after(_BLANK, text, position + 1)
                    break
                else:
                    raise self._error(text, position, "missing comma or ]")

    def _value(self, text: str, position: int) -> tuple[Any, int]:
        try:
            return self._decoder.raw_decode(text, position)
        except json.JSONDecodeError as error:
            raise self._error(text, error.pos, error.msg) from None
        except StopIteration:
            raise self._error(text, position, "Expecting value") from None
        except RecursionError:
            raise self._error(text, position, "document is nested too deeply") from None
        except ValueError as error:
            raise self._error(text, position, str(error)) from None

    def _stripped(self, value: Any, text: str) -> str:
        return _without_nulls(value) if self._strips_null and "null" in text else text

    def _error(self, text: str, position: int, reason: str) -> SnowflakeError:
        line = text.count("\n", 0, position) + 1
        character = position - text.rfind("\n", 0, position)
        return SnowflakeError(
            "100069",
            "22P02",
            f"Error parsing JSON: {reason}\n  File '{self._name}', line {line}, character {character}",
        )


class _Number(str):
    """The text of a number."""

    __slots__ = ()


def _keep(text: str) -> _Number:
    return _Number(text)


def _refuse_constant(text: str) -> Any:
    raise ValueError(f"unknown keyword {text}")


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        seen: set[str] = set()
        twice = next(name for name, _ in pairs if name in seen or seen.add(name))
        raise ValueError(f'duplicate object attribute "{twice[:100]}"')
    return found


def _without_nulls(value: Any) -> str:
    """The JSON text of a value without the members of objects that are null."""
    if isinstance(value, dict):
        kept = (
            (json.dumps(name, ensure_ascii=False), item) for name, item in value.items() if item is not None
        )
        return "{" + ",".join(f"{name}:{_without_nulls(item)}" for name, item in kept) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(_without_nulls, value)) + "]"
    return str(value) if isinstance(value, _Number) else json.dumps(value, ensure_ascii=False)


def _after(pattern: re.Pattern[str], text: str, position: int) -> int:
    found = pattern.match(text, position)
    return found.end() if found else position
