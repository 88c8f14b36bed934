"""The name server of services: it answers the account's containers on the container network."""

from __future__ import annotations

import contextlib
import logging
import socket
import socketserver
import struct
import threading
from collections.abc import Callable

from local_account.spcs.network import dns_message
from local_account.spcs.network.dns_message import MessageError, Question
from local_account.spcs.state import threads

# From the asking instance's address and a host name: the name's addresses, or None when it must not be known.
Answer = Callable[[str, str], list[str] | None]
_TTL_SECONDS = 5
_TCP_SECONDS = 5.0
_TCP_SIZE = 65535
_AT_ONCE = 64
_TRIES = 20
_log = logging.getLogger(__name__)


class NameServer:
    """Listens with UDP and TCP on one free port of an address.

    Args:
        address: IPv4 address to listen on.
        find: gives the addresses of a name.

    Raises:
        OSError: this machine does not have the address.
    """

    def __init__(self, address: str, find: Answer) -> None:
        self.address, self.find = address, find
        self._tcp, self._udp = self._bind()
        self.port: int = self._tcp.server_address[1]
        for server in (self._tcp, self._udp):
            threads.start(server.serve_forever, "names")

    def close(self) -> None:
        for server in (self._tcp, self._udp):
            server.shutdown()
            server.server_close()

    def reply(self, message: bytes, asker: str, size: int) -> bytes | None:
        """The answer to a message, of at most `size` bytes; None when the message gets no answer."""
        try:
            question = dns_message.parse(message)
        except MessageError:
            return None
        code, addresses = self._found(question, asker)
        return dns_message.answer(question, code, addresses, _TTL_SECONDS, size)

    def _found(self, question: Question, asker: str) -> tuple[int, list[str]]:
        try:
            addresses = self.find(asker, question.name)
        except Exception:
            _log.exception("names: %s", question.name)
            return dns_message.SERVER_FAILURE, []
        if addresses is None:
            return dns_message.NO_SUCH_NAME, []
        return dns_message.NO_ERROR, addresses if question.kind == dns_message.A else []

    def _bind(self) -> tuple[_Tcp, _Udp]:
        for _ in range(_TRIES):
            tcp = _Tcp((self.address, 0), _TcpHandler)
            with contextlib.suppress(OSError):
                udp = _Udp(tcp.server_address, _UdpHandler)
                tcp.names = udp.names = self
                return tcp, udp
            tcp.server_close()
        raise OSError(f"no port of {self.address} is free for names")


class _Bounded(socketserver.ThreadingMixIn):
    """Answers a limited number of questions at a time. Others get no answer, and the asker asks again."""

    daemon_threads = True
    block_on_close = False
    names: NameServer

    def __init__(self, *arguments: object) -> None:
        super().__init__(*arguments)
        self._free = threading.Semaphore(_AT_ONCE)

    def process_request(self, request: object, client_address: object) -> None:
        if not self._free.acquire(blocking=False):
            self.shutdown_request(request)  # type: ignore[attr-defined]
            return
        super().process_request(request, client_address)  # type: ignore[arg-type]

    def process_request_thread(self, request: object, client_address: object) -> None:
        try:
            super().process_request_thread(request, client_address)  # type: ignore[arg-type]
        finally:
            self._free.release()

    def handle_error(self, request: object, client_address: object) -> None:
        _log.debug("names: a connection ended early", exc_info=True)


class _Tcp(_Bounded, socketserver.TCPServer):
    pass


class _Udp(_Bounded, socketserver.UDPServer):
    pass


class _UdpHandler(socketserver.BaseRequestHandler):
    def handle(self) -> None:
        message, answer_socket = self.request
        names: NameServer = self.server.names  # type: ignore[attr-defined]
        reply = names.reply(message, self.client_address[0], dns_message.UDP_SIZE)
        if reply:
            answer_socket.sendto(reply, self.client_address)


class _TcpHandler(socketserver.BaseRequestHandler):
    def handle(self) -> None:
        connection: socket.socket = self.request
        connection.settimeout(_TCP_SECONDS)
        names: NameServer = self.server.names  # type: ignore[attr-defined]
        with connection.makefile("rb") as stream:
            while len(head := stream.read(2)) == 2:
                (length,) = struct.unpack("!H", head)
                reply = names.reply(stream.read(length), self.client_address[0], _TCP_SIZE)
                if not reply:
                    return
                connection.sendall(struct.pack("!H", len(reply)) + reply)
