"""A deployed stack for the command line's tests: a state and SQL answers that are given, nothing else."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from settings import Settings

Answer = list[dict[str, Any]] | Exception | Callable[[str], list[dict[str, Any]]]
PLACE = {"database": "MILVUS_DEMO", "schema": "PUBLIC"}
SPECIFICATION = """
spec:
  containers:
  - {name: main, image: /d/s/r/i:1}
  - {name: helper, image: /d/s/r/h:1}
"""


def resource(kind: str, name: str, **inputs: Any) -> dict[str, Any]:
    """A resource of a stack's state."""
    package = f"snowflake:index/{kind[:1].lower()}{kind[1:]}:{kind}"
    return {
        "urn": f"urn:pulumi:x::milvus-spcs::{package}::{name.lower()}",
        "type": package,
        "inputs": {**inputs, "name": name},
    }


def service(name: str, specification: str = SPECIFICATION) -> dict[str, Any]:
    """A service of a stack's state."""
    return resource("Service", name, **PLACE, fromSpecification={"text": specification})


class FakeTarget:
    """Stands in for operations' Target.

    Args:
        resources: of the state.
        answers: what is answered to statements, by how they begin; an exception is raised.
    """

    def __init__(self, resources: list[dict[str, Any]], answers: dict[str, Answer]) -> None:
        self.resources = resources
        self.answers = answers
        self.statements: list[str] = []
        self.settings = Settings()
        self.owner_role = "MILVUS_OWNER_ROLE"
        self.account = self

    @contextmanager
    def queries(self, role: str | None = None) -> Iterator[Callable[[str], list[dict[str, Any]]]]:
        yield self.query

    def query(self, statement: str) -> list[dict[str, Any]]:
        self.statements.append(statement)
        for beginning, answer in self.answers.items():
            if statement.startswith(beginning):
                if isinstance(answer, Exception):
                    raise answer
                return answer(statement) if callable(answer) else answer
        raise AssertionError(f"no answer to {statement}")
