"""Session parameters that a client gives as it signs in."""

from typing import Any

import pytest

from local_account.base.errors import SnowflakeError
from local_account.identity import parameters


@pytest.mark.parametrize(
    ("name", "value", "kept"),
    [
        ("AUTOCOMMIT", True, "true"),
        ("AUTOCOMMIT", "False", "false"),
        ("autocommit", "TRUE", "true"),
        ("STATEMENT_TIMEOUT_IN_SECONDS", 5, "5"),
        ("STATEMENT_TIMEOUT_IN_SECONDS", "60", "60"),
        ("QUERY_TAG", "it's \\ 'x'; $$", "it's \\ 'x'; $$"),
        ("QUERY_TAG", "NULL", "NULL"),
        ("QUERY_TAG", "", ""),
        ("TIMEZONE", "Europe/Rome", "Europe/Rome"),
    ],
)
def test_value_is_kept_as_it_is_shown(name: str, value: Any, kept: str) -> None:
    assert parameters.from_client({name: value}) == {name.upper(): kept}


def test_what_is_no_parameter_of_a_session_is_kept() -> None:
    given = {"CLIENT_APP_ID": "x", "QUERY_TAG": None, "LOG_LEVEL_OF_MINE": 1}
    assert parameters.from_client(given) == given


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("AUTOCOMMIT", "yes"),
        ("AUTOCOMMIT", "true; SELECT 1"),
        ("AUTOCOMMIT", 1),
        ("STATEMENT_TIMEOUT_IN_SECONDS", -1),
        ("STATEMENT_TIMEOUT_IN_SECONDS", "5 6"),
        ("STATEMENT_TIMEOUT_IN_SECONDS", True),
        ("STATEMENT_TIMEOUT_IN_SECONDS", 1.5),
    ],
)
def test_wrong_value_is_refused_with_the_parameter_s_name(name: str, value: Any) -> None:
    with pytest.raises(SnowflakeError, match=name) as failure:
        parameters.from_client({name: value})
    assert failure.value.code == "001008"
