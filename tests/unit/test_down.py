"""`make down` of a protected stack says what is protected, and touches nothing."""

from __future__ import annotations

import json

import pytest

from machine.terminal import console
from workstation import cli
from workstation.stack import Stack


class Recorded(Stack):
    """A stack whose state is given, and that only notes what Pulumi would be told."""

    def __init__(self, protect: bool) -> None:
        self.told: list[tuple[str, ...]] = []
        urn = "urn:pulumi:prod::milvus-spcs::snowflake:index/database:Database::database"
        self.state = {"deployment": {"resources": [{"urn": urn, "protect": protect}]}}

    def ask(self, *arguments: str) -> str:
        assert arguments == ("stack", "export")
        return json.dumps(self.state)

    def destroy(self, confirm: bool) -> int:
        self.told.append(("destroy",))
        return 0


@pytest.mark.parametrize("protect", [True, False])
def test_down(monkeypatch: pytest.MonkeyPatch, protect: bool) -> None:
    stack = Recorded(protect)
    monkeypatch.setattr(cli, "prepare", lambda _: stack)
    with console.capture() as said:
        code = cli.down("prod")
    assert (code, bool(stack.told)) == ((1, False) if protect else (0, True))
    assert all(text in said.get() for text in ("database", "protect false", "STACK=prod")) == protect
