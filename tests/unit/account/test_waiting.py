"""Waiting for something that has to be asked for again and again."""

import threading
import time
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from local_account.base.waiting import answers_http, poll


def test_first_true_answer_ends_the_waiting() -> None:
    answers = iter([0, "", "found", "never asked for"])
    assert poll(lambda: next(answers), 10, 0) == "found"
    assert next(answers) == "never asked for"


def test_last_answer_tells_that_the_time_was_over() -> None:
    asked: list[float] = []
    start = time.monotonic()
    assert poll(lambda: asked.append(time.monotonic()), 0.05, 0.01) is None
    assert 0.05 <= time.monotonic() - start < 5
    assert len(asked) > 1


def test_no_time_still_asks_once() -> None:
    assert poll(lambda: "there", 0) == "there"


def test_an_error_ends_the_waiting() -> None:
    with pytest.raises(ZeroDivisionError):
        poll(lambda: 1 / 0, 10)


class Refusing(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_error(401)

    def log_message(self, format: str, *args: object) -> None:
        """Keep quiet."""


def test_a_refusal_is_an_answer_and_a_closed_port_is_not() -> None:
    server = HTTPServer(("127.0.0.1", 0), Refusing)
    url = f"http://127.0.0.1:{server.server_port}/"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    assert answers_http(url)
    server.shutdown()
    server.server_close()
    assert not answers_http(url)
