"""Output that goes to no terminal, unless a test says otherwise."""

import pytest


@pytest.fixture(autouse=True)
def _no_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    # pytest loads GNU readline, which writes the terminal's size into the environment of the processes that
    # `pytest -n` starts. Tables would then leave out columns.
    monkeypatch.delenv("COLUMNS", raising=False)
    monkeypatch.delenv("LINES", raising=False)
