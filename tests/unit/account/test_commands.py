"""Every command of Snowflake works or is refused by its name.

See https://docs.snowflake.com/en/sql-reference/sql-all
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from local_account.base.errors import SnowflakeError
from local_account.base.settings import load_own
from local_account.base.sql import Name, Statement
from local_account.identity.account import Account
from local_account.identity.authenticator import new_session
from local_account.modules import MODULES
from local_account.server import open_account
from local_account.statement import commands
from local_account.statement.context import Context
from local_account.statement.dispatch import Dispatch

_OWN_VERBS = {"COMMENT", "COPY", "DELETE", "INSERT", "MERGE", "SELECT", "UPDATE"}


@pytest.fixture(scope="module")
def account(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Account]:
    found = open_account(load_own(tmp_path_factory.mktemp("commands"), label="unit-commands"))
    yield found
    found.close()


def _answer(account: Account, text: str) -> str:
    """Code and message of the refusal of a statement; '' when it was not refused."""
    admin = account.catalog.find("USER", Name("", "", "ADMIN"))
    assert admin
    context = Context(account, new_session(account.catalog, admin, "ACCOUNTADMIN"))
    try:
        account.part(Dispatch).run(context, Statement(text))
    except SnowflakeError as error:
        return f"{error.code} {error.message}"
    return ""


def _owned(dispatch: Dispatch) -> set[tuple[str, ...]]:
    """The words with which the account's own statements begin."""
    found = {words for module in MODULES for words in getattr(module, "STATEMENTS", {})}
    found |= {words for module in MODULES for words in getattr(module, "DEFINITIONS", {})}
    for kind in dispatch.types:
        found |= {(verb, *kind.kind.split()) for verb in ("CREATE", "ALTER", "DROP", "DESCRIBE")}
        found.add(("SHOW", *kind.plural.split()))
    return found | {("TRUNCATE", "TABLE")}


def test_every_command_works_or_is_refused_by_its_name(account: Account) -> None:
    dispatch = account.part(Dispatch)
    owned = _owned(dispatch)
    wrong = {}
    for words in sorted(commands.COMMANDS):
        if words[0] in _OWN_VERBS | dispatch.raw_verbs or any(
            words[:count] in owned for count in range(1, 6)
        ):
            continue
        command = " ".join(words)
        told = _answer(account, f"{command} X1, X2")
        if not told.startswith(f"000002 Unsupported feature '{command}") or "COMMAND'" in told:
            wrong[command] = told
    assert not wrong


@pytest.mark.parametrize(
    ("statement", "name"),
    [
        ("CREATE OR REPLACE TEMPORARY PROCEDURE P() AS ''", "CREATE TEMPORARY PROCEDURE"),
        ("CREATE OR ALTER TASK T AS SELECT 1", "CREATE OR ALTER TASK"),
        ("CREATE SNAPSHOT SET S FOR TABLE T", "CREATE SNAPSHOT SET"),
        ("ALTER SESSION POLICY P SET COMMENT = 'x'", "ALTER SESSION POLICY"),
        ("DESC STREAM S", "DESC STREAM"),
        ("SHOW DATABASES IN FAILOVER GROUP G", "SHOW DATABASES IN FAILOVER GROUP"),
        ("SHOW TERSE SCHEMAS HISTORY LIKE 'x'", "SHOW SCHEMAS HISTORY"),
        ("COMMENT ON TASK T IS 'x'", "COMMENT ON TASK"),
        ("EXPLAIN SELECT 1", "EXPLAIN SELECT"),
        ("BEGIN LET x := 1; RETURN x; END", "BEGIN … END in Snowflake Scripting"),
        ("DECLARE x INT; BEGIN RETURN 1; END", "DECLARE in Snowflake Scripting"),
        ("CREATE USER U WORKLOAD_IDENTITY = (TYPE = AWS)", "WORKLOAD_IDENTITY of a user"),
        ("CREATE WAREHOUSE W WAREHOUSE_TYPE = 'ADAPTIVE'", "WAREHOUSE_TYPE = ADAPTIVE"),
        ("ALTER ACCOUNT SET TAG T = 'x'", "ALTER ACCOUNT SET TAG"),
        (
            "ALTER ACCOUNT SET CORTEX_ENABLED_CROSS_REGION = 'x'",
            "ALTER ACCOUNT SET CORTEX_ENABLED_CROSS_REGION",
        ),
        ("TRUNCATE MATERIALIZED VIEW V", "TRUNCATE MATERIALIZED VIEW"),
    ],
)
def test_names_of_what_is_refused(account: Account, statement: str, name: str) -> None:
    assert _answer(account, statement) == f"000002 Unsupported feature '{name}'."


@pytest.mark.parametrize(
    ("statement", "line", "position", "word"),
    [
        ("SELECT FROM", 1, 11, "<EOF>"),
        ("SELECT 1 +", 1, 10, "<EOF>"),
        ("SELECT a FROM t\nWHERE (a = 1", 2, 12, "<EOF>"),
        ("SELECT a FROM t\nWHERE a = 1 1", 2, 12, "1"),
        ("CREATE TABLE x (a int b)", 1, 22, "b"),
        ("CREATE", 1, 6, "<EOF>"),
        ("DROP 5", 1, 5, "5"),
        ("CREATE SERVICE a.b.s IN COMPUTE POOL p FROM @st FILE = 'x'", 1, 48, "FILE"),
    ],
)
def test_a_syntax_error_names_the_word_at_fault(
    account: Account, statement: str, line: int, position: int, word: str
) -> None:
    expected = f"syntax error line {line} at position {position} unexpected '{word}'."
    assert _answer(account, statement) == f"001003 SQL compilation error:\n{expected}"
