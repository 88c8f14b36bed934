"""Tags on objects, as teams use them to find out what belongs to whom."""

from __future__ import annotations

import pytest
from snowflake.connector.errors import ProgrammingError

from tests.account.conftest import Place

READ = "SELECT SYSTEM$GET_TAG('TEAM', '{name}', '{domain}') AS VALUE"


def test_tags_are_set_changed_and_unset(place: Place) -> None:
    place.run("CREATE OR REPLACE TAG TEAM COMMENT = 'who pays'")
    place.run(
        "CREATE COMPUTE POOL TAGGED MIN_NODES = 1 MAX_NODES = 1 INSTANCE_FAMILY = CPU_X64_XS "
        "INITIALLY_SUSPENDED = TRUE WITH TAG (TEAM = 'search') COMMENT = 'c'"
    )
    read = READ.format(name="TAGGED", domain="COMPUTE POOL")
    assert place.run(read)[0]["VALUE"] == "search"
    place.run("ALTER COMPUTE POOL TAGGED SET TAG TEAM = 'data'")
    assert place.run(read)[0]["VALUE"] == "data"
    assert place.run("SHOW COMPUTE POOLS LIKE 'TAGGED'")[0]["comment"] == "c"
    place.run("ALTER COMPUTE POOL TAGGED UNSET TAG TEAM")
    assert place.run(read)[0]["VALUE"] is None
    place.run("DROP COMPUTE POOL TAGGED")


@pytest.mark.parametrize(
    ("create", "domain"),
    [
        ("CREATE STAGE MARKED TAG (TEAM = 'a')", "STAGE"),
        ("CREATE ROLE MARKED TAG (TEAM = 'a')", "ROLE"),
        ("CREATE USER MARKED TAG (TEAM = 'a')", "USER"),
        ("CREATE SCHEMA MARKED TAG (TEAM = 'a')", "SCHEMA"),
        ("CREATE WAREHOUSE MARKED INITIALLY_SUSPENDED = TRUE TAG (TEAM = 'a')", "WAREHOUSE"),
    ],
)
def test_objects_are_made_with_tags(place: Place, create: str, domain: str) -> None:
    place.run("CREATE TAG IF NOT EXISTS TEAM")
    place.run(create)
    assert place.run(READ.format(name="MARKED", domain=domain))[0]["VALUE"] == "a"
    place.run(f"DROP {domain} MARKED")


def test_a_tag_has_its_values_and_its_users(place: Place) -> None:
    place.run("CREATE OR REPLACE TAG STAGE_OF_LIFE ALLOWED_VALUES 'dev', 'prod'", "CREATE STAGE OF_LIFE")
    assert place.run("SHOW TAGS LIKE 'STAGE_OF_LIFE'")[0]["allowed_values"] == '["dev","prod"]'
    with pytest.raises(ProgrammingError, match="dev, prod"):
        place.run("ALTER STAGE OF_LIFE SET TAG STAGE_OF_LIFE = 'test'")
    place.run("ALTER TAG STAGE_OF_LIFE ADD ALLOWED_VALUES 'test'")
    place.run("ALTER STAGE OF_LIFE SET TAG STAGE_OF_LIFE = 'test'")
    place.run(
        "CREATE ROLE TAGGER",
        f"GRANT USAGE ON DATABASE {place.database} TO ROLE TAGGER",
        f"GRANT USAGE, CREATE STAGE ON SCHEMA {place.database}.PUBLIC TO ROLE TAGGER",
        f"GRANT ROLE TAGGER TO USER {place.account.credentials()['user']}",
    )
    create = ["USE SECONDARY ROLES NONE", "CREATE OR REPLACE STAGE THEIRS TAG (STAGE_OF_LIFE = 'dev')"]
    with pytest.raises(ProgrammingError, match="does not exist or not authorized"):
        place.run(*create, role="TAGGER")
    place.run(f"GRANT APPLY ON TAG {place.database}.PUBLIC.STAGE_OF_LIFE TO ROLE TAGGER")
    place.run(*create, role="TAGGER")
    place.run("DROP ROLE TAGGER")


def test_tags_that_are_not_there_are_named(place: Place) -> None:
    place.run("CREATE STAGE IF NOT EXISTS UNMARKED")
    with pytest.raises(ProgrammingError, match="NO_SUCH_TAG' does not exist or not authorized"):
        place.run("ALTER STAGE UNMARKED SET TAG NO_SUCH_TAG = 'a'")
