"""`make down` of a protected stack says what is protected, and touches nothing."""

from __future__ import annotations

import json

import pytest

from machine.errors import UserError
from workstation import deploy
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


def test_a_stack_is_destroyed(monkeypatch: pytest.MonkeyPatch) -> None:
    stack = Recorded(protect=False)
    monkeypatch.setattr(deploy, "prepare", lambda _: stack)
    assert deploy.down("prod") == 0
    assert stack.told == [("destroy",)]


def test_a_protected_stack_is_left_alone_with_the_way_out(monkeypatch: pytest.MonkeyPatch) -> None:
    stack = Recorded(protect=True)
    monkeypatch.setattr(deploy, "prepare", lambda _: stack)
    with pytest.raises(UserError) as refused:
        deploy.down("prod")
    assert stack.told == []
    assert all(text in str(refused.value) for text in ("database", "protect false", "make down STACK=prod"))
