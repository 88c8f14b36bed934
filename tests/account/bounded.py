"""Settings of property tests."""

from __future__ import annotations

from typing import Any

from hypothesis import HealthCheck, settings


def bounded(count: int, **more: Any) -> settings:
    """So many examples, the same each time; fixtures hold for all of them.

    Args:
        more: other settings of hypothesis, which go before these.
    """
    common: dict[str, Any] = {
        "derandomize": True,
        "database": None,
        "deadline": None,
        "suppress_health_check": [HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    }
    return settings(max_examples=count, **(common | more))
