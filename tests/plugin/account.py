"""An account that answers from a script and remembers what it was asked."""

from __future__ import annotations

from typing import Any

from standins.snowflake_plugin.errors import SnowflakeError
from standins.snowflake_plugin.resource import Resource
from standins.snowflake_plugin.types import TYPES

Answer = list[dict[str, Any]] | SnowflakeError

MISSING = SnowflakeError(2003, "02000", "Object 'X' does not exist or not authorized.")
FEATURES = frozenset(
    {
        "snowflake_job_service_resource",
        "snowflake_external_access_integration_resource",
        "snowflake_user_public_keys_resource",
    }
)


class ScriptedAccount:
    """Stands for a connection.

    Attributes:
        answers: what a statement gives, by its whole text; any other read is an error of the test.
        statements: every statement so far.
        timeouts: the time limit of each, in seconds.
        warnings: what the user was told.
    """

    def __init__(self, answers: dict[str, Answer] | None = None, features: frozenset[str] = FEATURES) -> None:
        self.answers = answers or {}
        self.preview_features = features
        self.statements: list[str] = []
        self.timeouts: list[float] = []
        self.warnings: list[str] = []

    def run(self, statement: str, timeout: float = 0) -> list[dict[str, Any]]:
        self.statements.append(statement)
        self.timeouts.append(timeout)
        answer = self.answers.get(statement)
        if isinstance(answer, SnowflakeError):
            raise answer
        if answer is None and statement.startswith(("SHOW", "DESCRIBE", "SELECT")):
            raise AssertionError(f"unexpected: {statement}")
        return answer or []

    def warn(self, message: str, /) -> None:
        self.warnings.append(message)

    def written(self) -> list[str]:
        """The statements that change something."""
        return [statement for statement in self.statements if not statement.startswith(("SHOW", "DESCRIBE"))]


def kind(name: str) -> Resource:
    """The resource type with a Pulumi name."""
    return TYPES[f"snowflake:index/{name[0].lower()}{name[1:]}:{name}"]


def checked(type_name: str, /, **inputs: Any) -> dict[str, Any]:
    """Inputs as the engine hands them on after a successful check."""
    made, failures = kind(type_name).check("unit", {}, inputs)
    assert not failures, failures
    return made
