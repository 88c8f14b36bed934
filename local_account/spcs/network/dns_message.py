"""The part of the DNS wire format that questions from containers need (RFC 1035)."""

from __future__ import annotations

import socket
import struct
from typing import NamedTuple

A, IN = 1, 1
NO_ERROR, FORMAT_ERROR, SERVER_FAILURE, NO_SUCH_NAME, NOT_IMPLEMENTED = 0, 1, 2, 3, 4
UDP_SIZE = 512
_HEADER = struct.Struct("!HHHHHH")
_ANSWER = struct.Struct("!HHHIH")
_RESPONSE, _AUTHORITATIVE, _TRUNCATED, _RECURSION = 0x8000, 0x0400, 0x0200, 0x0080
_OPCODE, _DESIRED = 0x7800, 0x0100
_POINTER_TO_QUESTION = 0xC00C
_ADDRESS_SIZE = 4


class MessageError(Exception):
    """A message is not a question that can be answered."""


class Question(NamedTuple):
    """One question.

    Attributes:
        name: the host name in lower case, without the dot at the end.
        kind: record type; 1 for an IPv4 address.
        raw: the question as it stands in the message.
    """

    identity: int
    flags: int
    name: str
    kind: int
    raw: bytes


def parse(message: bytes) -> Question:
    """Read a question.

    Raises:
        MessageError: the message is not a question, or it is damaged.
    """
    if len(message) < _HEADER.size:
        raise MessageError("too short")
    identity, flags, questions, *_ = _HEADER.unpack_from(message)
    if flags & (_RESPONSE | _OPCODE) or questions != 1:
        raise MessageError("not one question")
    labels, position = [], _HEADER.size
    while True:
        length = message[position] if position < len(message) else 64
        if length > 63 or position + 1 + length > len(message):
            raise MessageError("damaged name")
        if not length:
            break
        labels.append(message[position + 1 : position + 1 + length])
        position += 1 + length
    end = position + 5
    if len(message) < end:
        raise MessageError("no type")
    kind, _ = struct.unpack_from("!HH", message, position + 1)
    try:
        name = b".".join(labels).decode("ascii").lower()
    except UnicodeDecodeError:
        raise MessageError("not ASCII") from None
    return Question(identity, flags, name, kind, message[_HEADER.size : end])


def answer(question: Question, code: int, addresses: list[str], ttl: int, size: int = UDP_SIZE) -> bytes:
    """The answer to a question; marked as truncated when it is longer than `size` bytes.

    Args:
        code: response code; 0 for success.
        addresses: IPv4 addresses, for questions of type A.
        ttl: seconds for which the asker may keep the answer.
    """
    records = b"".join(
        _ANSWER.pack(_POINTER_TO_QUESTION, A, IN, ttl, _ADDRESS_SIZE) + socket.inet_aton(address)
        for address in addresses
    )
    flags = _RESPONSE | _AUTHORITATIVE | _RECURSION | (question.flags & _DESIRED) | code
    count = len(addresses)
    if _HEADER.size + len(question.raw) + len(records) > size:
        flags, records, count = flags | _TRUNCATED, b"", 0
    return _HEADER.pack(question.identity, flags, 1, count, 0, 0) + question.raw + records
