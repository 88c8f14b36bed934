"""Damaged statements, specifications and requests: the answer is always one of Snowflake's errors.

The seeds are the statements of the parity cases.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given
from hypothesis import strategies as st

from tests.account.bounded import bounded
from tests.account.conftest import RunningAccount, running_account
from tests.account.parity.cases import read_areas
from tests.account.robustness.wire_client import QUERY, Wire

EXAMPLES = 400
BOUNDED = bounded(EXAMPLES, suppress_health_check=list(HealthCheck))
# These wait for something on purpose.
WAITING = re.compile(r"SYSTEM\$WAIT|EXECUTE JOB|<<", re.IGNORECASE)
PIECES = re.compile(r"\s+|\w+|.", re.DOTALL)
NOT_SNOWFLAKES = re.compile(
    r"duckdb|fakesnow|sqlglot|Traceback|\b(?:Binder|Parser|Catalog|Conversion|Invalid Input|Type|Value|Key|"
    r"Attribute|Index|Assertion|Recursion) ?Error",
    re.IGNORECASE,
)
JUNK = [
    *(
        "'",
        '"',
        "$$",
        "`",
        "\\",
        "\x00",
        "\ufeff",
        "\u2028",
        "é",
        "😀",
        "\ud800",
        ";",
        ";;",
        "--",
        "//",
        "/*",
        "*/",
    ),
    *(
        "(",
        ")",
        "((((((((",
        "[",
        "{",
        "}",
        ",",
        ".",
        "..",
        "::",
        ":",
        "=",
        "=>",
        "->>",
        "!",
        "@",
        "@~",
        "@%t",
        "$",
        "$1",
    ),
    *(
        "?",
        "%",
        "*",
        "-1",
        "1e999",
        "99999999999999999999999999999999999999999",
        "0x",
        "NULL",
        "TRUE",
        "IDENTIFIER(",
    ),
    *(
        "TABLE(",
        "SELECT",
        "FROM",
        "WHERE",
        "SET",
        "UNSET",
        "TAG",
        "IF EXISTS",
        "OR REPLACE",
        "x" * 300,
        "(" * 2000,
    ),
]


def seeds() -> list[str]:
    found = {
        text
        for area in read_areas()
        if area.part != "snow"
        for case in area.cases
        for step in case.steps
        for text in step.run
        if step.client != "snow" and not WAITING.search(text)
    }
    return sorted(found)


SEEDS = seeds()
WORDS = sorted({piece for seed in SEEDS for piece in PIECES.findall(seed) if piece.strip()})


@st.composite
def damaged(draw: st.DrawFn, sources: list[str]) -> str:
    """One of the texts with up to four changes."""
    pieces = PIECES.findall(draw(st.sampled_from(sources)))
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(pieces)))
        change = draw(st.sampled_from(["insert", "drop", "double", "replace", "cut"]))
        new = draw(st.sampled_from(JUNK) | st.sampled_from(WORDS) | st.text(max_size=8))
        if change == "insert":
            pieces.insert(at, new)
        elif change == "drop":
            del pieces[at : at + 2]
        elif change == "double":
            pieces[at:at] = pieces[at : at + 6]
        elif change == "replace":
            pieces[at : at + 1] = [new]
        else:
            del pieces[at:]
    return "".join(pieces)


@dataclass
class Target:
    """An account of its own, with rows that must stay, and a session of a role that may do most things."""

    account: RunningAccount
    session: Wire

    def judge(self, status: int, answer: dict[str, Any]) -> None:
        """Require an answer as Snowflake gives it."""
        assert status == 200, answer
        if answer["success"]:
            return
        assert re.fullmatch(r"\d{6}", answer["code"]), answer
        assert answer["code"] != "000603", f"{answer['message']}\n{self.account.log()[-3000:]}"
        assert not NOT_SNOWFLAKES.search(answer["message"]), answer["message"]

    def require_untouched(self) -> None:
        """What was there before is there still, and others are answered."""
        rows = self.account.run(
            "SELECT COUNT(*) AS N, SUM(A) AS S FROM KEPT.PUBLIC.ROWS", warehouse="FUZZ_WH"
        )
        assert rows == [{"N": 100, "S": 5050}]


@pytest.fixture(scope="module")
def target(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Target]:
    with running_account(tmp_path_factory.mktemp("fuzz")) as account:
        account.run(
            "CREATE WAREHOUSE FUZZ_WH",
            "CREATE DATABASE KEPT",
            "CREATE TABLE KEPT.PUBLIC.ROWS (A INT)",
            f"INSERT INTO KEPT.PUBLIC.ROWS VALUES {', '.join(f'({n})' for n in range(1, 101))}",
            "CREATE ROLE FUZZ",
            "GRANT ROLE FUZZ TO ROLE ACCOUNTADMIN",
            *(
                f"GRANT CREATE {kind} ON ACCOUNT TO ROLE FUZZ"
                for kind in (
                    "DATABASE",
                    "WAREHOUSE",
                    "COMPUTE POOL",
                    "INTEGRATION",
                    "ROLE",
                    "USER",
                    "NETWORK POLICY",
                )
            ),
            "GRANT USAGE ON WAREHOUSE FUZZ_WH TO ROLE FUZZ",
            "USE ROLE FUZZ",
            "CREATE DATABASE FUZZED",
            "CREATE TABLE FUZZED.PUBLIC.T (A INT, B VARCHAR)",
            "INSERT INTO FUZZED.PUBLIC.T VALUES (1, 'x')",
            warehouse="FUZZ_WH",
        )
        place = {"role": "FUZZ", "warehouse": "FUZZ_WH", "database": "FUZZED", "schema": "PUBLIC"}
        with account.connect(**place) as session:
            session.cursor().execute("USE SECONDARY ROLES NONE")
            yield Target(account, Wire(account.settings, session))


def test_damaged_statements(target: Target) -> None:
    @BOUNDED
    @given(damaged(SEEDS), st.booleans())
    def send(text: str, describe: bool) -> None:
        body = {"sqlText": text, "describeOnly": describe}
        target.judge(*target.session.post(f"{QUERY}?requestId={abs(hash(text))}", body))

    send()
    target.require_untouched()


def test_any_text(target: Target) -> None:
    @BOUNDED
    @given(st.lists(st.sampled_from(JUNK) | st.sampled_from(WORDS) | st.text(max_size=20), max_size=30))
    def send(pieces: list[str]) -> None:
        target.judge(*target.session.post(QUERY, {"sqlText": " ".join(pieces)}))

    send()
    target.require_untouched()


SPECIFICATION = yaml.safe_load("""
spec:
  containers:
  - name: main
    image: /d/s/r/i:1
    command: [a]
    args: [b]
    env: {A: b}
    resources: {requests: {cpu: 1, memory: 1Gi}, limits: {cpu: 2, memory: 2Gi}}
    readinessProbe: {port: 80, path: /}
    secrets: [{snowflakeSecret: {objectName: s}, secretKeyRef: username, envVarName: X}]
    volumeMounts: [{name: v, mountPath: /v}]
  endpoints: [{name: e, port: 80, public: true, protocol: HTTP}]
  volumes: [{name: v, source: block, size: 5Gi, blockConfig: {initialContents: {fromSnapshot: x}}}]
  logExporters: {eventTableConfig: {logLevel: INFO}}
  networkPolicyConfig: {allowInternetEgress: false}
serviceRoles: [{name: r, endpoints: [e]}]
capabilities: {securityContext: {executeAsCaller: true}}
""")
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=10)
    | st.sampled_from(["Gi", "-1Gi", "1e3"])
)


def places(node: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield path
    for key, value in (
        node.items() if isinstance(node, dict) else enumerate(node if isinstance(node, list) else ())
    ):
        yield from places(value, (*path, key))


PLACES = list(places(SPECIFICATION))[1:]


def test_damaged_specifications(target: Target) -> None:
    @BOUNDED
    @given(
        st.lists(st.sampled_from(PLACES), min_size=1, max_size=3),
        st.recursive(
            SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner)
        ),
        st.booleans(),
    )
    def send(paths: list[tuple[Any, ...]], value: Any, removes: bool) -> None:
        document = json.loads(json.dumps(SPECIFICATION))
        for path in paths:
            node = document
            try:
                for key in path[:-1]:
                    node = node[key]
                if removes:
                    del node[path[-1]]
                else:
                    node[path[-1]] = value
            except (KeyError, IndexError, TypeError):
                continue
        text = yaml.safe_dump(document, allow_unicode=True)
        body = {"sqlText": f"CREATE SERVICE F_S IN COMPUTE POOL NO_POOL FROM SPECIFICATION $${text}$$"}
        target.judge(*target.session.post(QUERY, body))

    send()
    target.require_untouched()


PATHS = [
    "/session/v1/login-request",
    "/session/token-request",
    "/session/authenticator-request",
    "/session/heartbeat",
    "/session",
    QUERY,
    "/queries/v1/abort-request",
    "/monitoring/queries/x",
    "/telemetry/send",
]
JSON = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["data", "sqlText", "bindings", "1", "type", "value", "LOGIN_NAME", "PASSWORD", "TOKEN"]
            )
            | st.sampled_from(
                ["AUTHENTICATOR", "SESSION_PARAMETERS", "parameters", "requestId", "describeOnly"]
            )
            | st.text(max_size=5),
            inner,
        )
    ),
    max_leaves=12,
)


def test_damaged_requests(target: Target) -> None:
    @BOUNDED
    @given(st.sampled_from(PATHS), JSON | st.binary(max_size=50), st.booleans())
    def send(path: str, body: Any, signed_in: bool) -> None:
        if not isinstance(body, bytes):
            body = json.dumps(body).encode()
        wire = target.session if signed_in else Wire(target.account.settings)
        if path == "/session" and signed_in:
            return
        status, answer = wire.post(path, body)
        assert status < 500, (status, answer)
        assert "Traceback" not in json.dumps(answer)

    send()
    target.require_untouched()
    assert "failed inside the account" not in target.account.log()
