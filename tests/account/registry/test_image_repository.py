"""IMAGE REPOSITORY statements that need no registry."""

from __future__ import annotations

import pytest
from snowflake.connector.errors import ProgrammingError

from tests.account.conftest import Place


def test_life_of_a_repository(place: Place) -> None:
    assert place.run("CREATE IMAGE REPOSITORY Life ENCRYPTION = (TYPE = 'SNOWFLAKE_FULL')") == [
        {"status": "Image Repository LIFE successfully created."}
    ]
    assert place.run("CREATE IMAGE REPOSITORY IF NOT EXISTS life") == [
        {"status": "LIFE already exists, statement succeeded."}
    ]
    with pytest.raises(ProgrammingError, match="already exists") as failure:
        place.run("CREATE IMAGE REPOSITORY life")
    assert failure.value.errno == 2002
    place.run("ALTER IMAGE REPOSITORY life SET COMMENT = 'a''b'")
    row = place.run("SHOW IMAGE REPOSITORIES LIKE 'life'")[0]
    assert list(row) == [
        "created_on",
        "name",
        "database_name",
        "schema_name",
        "repository_url",
        "owner",
        "owner_role_type",
        "comment",
        "encryption",
        "privatelink_repository_url",
    ]
    assert (row["comment"], row["encryption"]) == ("a'b", "SNOWFLAKE_FULL")
    assert place.run("DROP IMAGE REPOSITORY life") == [{"status": "LIFE successfully dropped."}]
    assert place.run("DROP IMAGE REPOSITORY IF EXISTS life") == [
        {"status": "Drop statement executed successfully (LIFE already dropped)."}
    ]


def test_images_are_encrypted_on_both_sides_unless_told_otherwise(place: Place) -> None:
    place.run("CREATE IMAGE REPOSITORY plain_words")
    place.run("CREATE IMAGE REPOSITORY server_side ENCRYPTION = (TYPE = 'SNOWFLAKE_SSE')")
    shown = {row["name"]: row["encryption"] for row in place.run("SHOW IMAGE REPOSITORIES")}
    assert (shown["PLAIN_WORDS"], shown["SERVER_SIDE"]) == ("SNOWFLAKE_FULL", "SNOWFLAKE_SSE")


@pytest.mark.parametrize(
    ("statement", "message"),
    [
        ('CREATE IMAGE REPOSITORY "lower"', "must be unquoted identifiers"),
        ("CREATE IMAGE REPOSITORY _x", "must be unquoted identifiers"),
        ("CREATE IMAGE REPOSITORY x ENCRYPTION = (TYPE = 'NONE')", "SNOWFLAKE_FULL, SNOWFLAKE_SSE"),
        ("CREATE IMAGE REPOSITORY x SIZE = 1", "unexpected 'SIZE'"),
        ("ALTER IMAGE REPOSITORY kept UNSET COMMENT", "Unsupported feature 'UNSET'"),
        ("ALTER IMAGE REPOSITORY kept RENAME TO other", "Unsupported feature 'RENAME'"),
        ("DESCRIBE IMAGE REPOSITORY kept", "Unsupported feature 'DESCRIBE IMAGE REPOSITORY'"),
        ("SHOW IMAGES IN IMAGE REPOSITORY nowhere", "does not exist or not authorized"),
        ("DROP IMAGE REPOSITORY nowhere", "does not exist or not authorized"),
    ],
)
def test_refusals_say_why(place: Place, statement: str, message: str) -> None:
    place.run("CREATE IMAGE REPOSITORY IF NOT EXISTS kept")
    with pytest.raises(ProgrammingError, match=message):
        place.run(statement)
