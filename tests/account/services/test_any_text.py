"""Any text reaches a container as it is, and comes back from the account as it is.

https://docs.snowflake.com/en/developer-guide/snowpark-container-services/working-with-services
"""

from __future__ import annotations

import hashlib
import json
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from snowflake.connector import SnowflakeConnection

from tests.account.bounded import bounded
from tests.account.spcs_world import DATABASE, POOL, World

pytestmark = pytest.mark.docker
SPECIAL = "'\"\\$;?%{}-/*:#&!|>@`\r\n\t\x07\x1b\x85\u2028\ufeff\U0001f600"
# An environment variable cannot hold a NUL.
CHARACTERS = st.characters(exclude_categories=["Cs"], exclude_characters="\0")
TEXTS = st.text(CHARACTERS | st.sampled_from(SPECIAL), min_size=1, max_size=200)
# Linux takes 128 KiB for one variable, and 4 bytes are the most for a character.
LARGE = st.builds(lambda text: (text * 100_000)[: 100_000 // 4], TEXTS)
TELL = """
import hashlib, os, json
def digest(raw):
    return hashlib.sha256(raw).hexdigest()
for n in range({count}):
    file = open("/s/%d/secret_string" % n, "rb").read()
    print(json.dumps([digest(os.environb[b"V%d" % n]), digest(file)]), flush=True)
"""
examples = bounded(2)
more_examples = bounded(25)


def job(world: World, texts: list[str]) -> list[list[str]]:
    """Digests of what a job found in its variables and files."""
    uses: list[dict[str, Any]] = []
    with world.connect() as session:
        for number, text in enumerate(texts):
            session.cursor().execute(
                f"CREATE OR REPLACE SECRET ANY_{number} TYPE = GENERIC_STRING SECRET_STRING = %s", (text,)
            )
            uses += [
                {
                    "snowflakeSecret": f"ANY_{number}",
                    "secretKeyRef": "secret_string",
                    "envVarName": f"V{number}",
                },
                {"snowflakeSecret": f"ANY_{number}", "directoryPath": f"/s/{number}"},
            ]
        code = TELL.format(count=len(texts))
        session.cursor().execute(
            f"EXECUTE JOB SERVICE IN COMPUTE POOL {POOL} NAME = ANY_TEXT "
            + world.spec(code, container={"secrets": uses})
        )
        lines = world.logs("ANY_TEXT").splitlines()
        session.cursor().execute("DROP SERVICE ANY_TEXT")
    return [json.loads(line) for line in lines]


@examples
@given(st.lists(TEXTS, min_size=23, max_size=23), LARGE)
def test_any_secret_reaches_the_container(world: World, texts: list[str], large: str) -> None:
    all_texts = [*texts, large]
    expected = [[hashlib.sha256(text.encode()).hexdigest()] * 2 for text in all_texts]
    assert job(world, all_texts) == expected


@pytest.fixture
def session(world: World) -> Any:
    with world.connect("ACCOUNTADMIN") as session:
        for statement in (
            "CREATE COMPUTE POOL IF NOT EXISTS ANY_POOL MIN_NODES = 1 MAX_NODES = 1"
            " INSTANCE_FAMILY = CPU_X64_S INITIALLY_SUSPENDED = TRUE AUTO_RESUME = FALSE",
            "CREATE STAGE IF NOT EXISTS ANY_STAGE",
        ):
            session.cursor().execute(statement)
        yield session
        session.cursor().execute("DROP SERVICE IF EXISTS ANY_SPEC")
        session.cursor().execute("DROP COMPUTE POOL ANY_POOL")


@more_examples
@given(TEXTS, TEXTS)
def test_any_comment_and_any_value_of_a_specification_come_back(
    world: World, session: SnowflakeConnection, comment: str, value: str
) -> None:
    cursor = session.cursor()
    cursor.execute(f"ALTER STAGE {DATABASE}.PUBLIC.ANY_STAGE SET COMMENT = %s", (comment,))
    shown = cursor.execute("SHOW STAGES LIKE 'ANY_STAGE'")
    assert shown
    names = [column.name for column in shown.description]
    assert dict(zip(names, shown.fetchall()[0], strict=True))["comment"] == comment
    container = {"name": "main", "image": world.image, "env": {"A": value}, "args": [value]}
    text = yaml.safe_dump({"spec": {"containers": [container]}})
    cursor.execute("DROP SERVICE IF EXISTS ANY_SPEC")
    cursor.execute("CREATE SERVICE ANY_SPEC IN COMPUTE POOL ANY_POOL FROM SPECIFICATION %s", (text,))
    described = cursor.execute("DESCRIBE SERVICE ANY_SPEC")
    assert described
    names = [column.name for column in described.description]
    row = dict(zip(names, described.fetchall()[0], strict=True))
    found = yaml.safe_load(row["spec"])["spec"]["containers"][0]
    assert (found["env"]["A"], found["args"]) == (value, [value])
