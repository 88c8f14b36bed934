"""A stack's whole life as the deployer that the bootstrap makes: no password, no ACCOUNTADMIN."""

from __future__ import annotations

from pathlib import Path

import pytest

from operations.deployer import bootstrap, keys
from settings import Settings
from tests.stack.conftest import Deployment
from tests.stack.program_copy import PREFIX, STACK, Copy, copied

pytestmark = pytest.mark.docker

DEPLOYER = f"{PREFIX}_MILVUS_DEPLOYER"
CHOSEN = Settings(prefix=PREFIX, egress_hosts=("example.com:443",))


def test_a_stack_lives_and_dies_as_its_deployer(deployed: Deployment, tmp_path: Path) -> None:
    private = keys.new_private_key()
    # A program's access token works only from where a network policy allows.
    deployer = bootstrap.Deployer(DEPLOYER, bootstrap.privileges(CHOSEN), ("127.0.0.1/32",))
    bootstrap.make(deployed.sql, deployer, keys.public_half(private))
    deployed.sql("CREATE USER SOMEBODY_ELSE")
    with copied(deployed, tmp_path) as copy:
        copy.sign_in(DEPLOYER, "SNOWFLAKE_JWT", "SNOWFLAKE_PRIVATE_KEY", private)
        copy.configure("egressHosts", ["example.com"])
        people = [
            {"name": "SOMEBODY_ELSE"},
            {"name": f"{PREFIX}_BOB", "create": True, "generatePassword": True},
        ]
        copy.configure("notebookUsers", people)
        up = ("up", "--skip-preview", "--yes", "--debug")
        printed = _run(copy, up)
        # With a key pair, each `up` pushes with another token of the registry.
        printed += _run(copy, (*up, "--expect-no-changes"))
        printed += _run(copy, ("refresh", "--expect-no-changes", "--yes"))
        add = f"ALTER USER {DEPLOYER} ADD PROGRAMMATIC ACCESS TOKEN CI ROLE_RESTRICTION = '{DEPLOYER}'"
        token = deployed.sql(add)[0]["token_secret"]
        copy.sign_in(DEPLOYER, "PROGRAMMATIC_ACCESS_TOKEN", "SNOWFLAKE_TOKEN", token)
        # Only how providers and images sign in is another thing now.
        printed += _run(copy, up)
        printed += _run(copy, (*up, "--expect-no-changes"))
        _stand_nowhere([token, *private.splitlines()[1:-1]], printed, copy)
        _specification_changes_are_shown_by_key(copy)
        granted = {row["grantee_name"] for row in deployed.sql(f"SHOW GRANTS OF ROLE {PREFIX}_MILVUS_ROLE")}
        assert granted == {f"{PREFIX}_MILVUS_USER", f"{PREFIX}_BOB", "SOMEBODY_ELSE"}
        _run(copy, ("destroy", "--skip-preview", "--yes"))
    assert deployed.sql(f"SHOW USERS LIKE '{PREFIX}_BOB'") == []
    assert len(deployed.sql("SHOW USERS LIKE 'SOMEBODY_ELSE'")) == 1
    bootstrap.drop(deployed.sql, DEPLOYER)
    deployed.sql("DROP USER SOMEBODY_ELSE")
    # Nothing on the account keeps its prefix.
    for kind in ("ROLES", "USERS", "WAREHOUSES", "DATABASES", "COMPUTE POOLS", "INTEGRATIONS"):
        assert not [row for row in deployed.sql(f"SHOW {kind}") if row["name"].startswith(PREFIX)], kind


def _run(copy: Copy, command: tuple[str, ...]) -> str:
    """What a Pulumi command prints."""
    code, output = copy.pulumi(*command)
    assert code == 0, output
    return output


def _stand_nowhere(secrets: list[str], printed: str, copy: Copy) -> None:
    state = Path(copy.environment["PULUMI_BACKEND_URL"].removeprefix("file://"))
    files = [*state.rglob("*"), copy.folder / f"Pulumi.{STACK}.yaml"]
    texts = [printed, *(file.read_text(errors="replace") for file in files if file.is_file())]
    assert any(STACK in text for text in texts[1:])
    # Not the texts themselves: a failing test must not print what it protects.
    assert sum(secret in text for secret in secrets for text in texts) == 0


def _specification_changes_are_shown_by_key(copy: Copy) -> None:
    copy.edit("specs/jupyter.yaml", "memory: {{ most_memory }}Gi", "memory: 3Gi")
    code, output = copy.pulumi("preview", "--diff")
    assert code == 0, output
    changed = [line.split() for line in output.splitlines() if line.strip().startswith("~ memory:")]
    assert changed == [["~", "memory:", '"2Gi"', "=>", '"3Gi"']]
    copy.edit("specs/jupyter.yaml", "memory: 3Gi", "memory: {{ most_memory }}Gi")
