"""A stack's whole life as the deployer that the bootstrap makes: no password, no ACCOUNTADMIN."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from operations import bootstrap, keys
from settings import Settings
from tests.stack.conftest import Deployment
from tests.stack.program_copy import PREFIX, STACK, Copy, copied

pytestmark = pytest.mark.docker

DEPLOYER = f"{PREFIX}_MILVUS_DEPLOYER"
CHOSEN = Settings(prefix=PREFIX, egress_hosts=("example.com:443",))


def test_a_stack_lives_and_dies_as_its_deployer(deployed: Deployment, tmp_path: Path) -> None:
    private = keys.new_private_key()
    deployer = bootstrap.Deployer(DEPLOYER, bootstrap.privileges(CHOSEN))
    bootstrap.make(deployed.sql, deployer, keys.public_half(private))
    deployed.sql("CREATE USER SOMEBODY_ELSE")
    with copied(deployed, tmp_path) as copy:
        settings = copy.folder / f"Pulumi.{STACK}.yaml"
        content = yaml.safe_load(settings.read_text())
        content["config"] |= {"snowflake:role": DEPLOYER, "snowflake:authenticator": "SNOWFLAKE_JWT"}
        settings.write_text(yaml.safe_dump(content))
        copy.configure("egressHosts", ["example.com"])
        people = [
            {"name": "SOMEBODY_ELSE"},
            {"name": f"{PREFIX}_BOB", "create": True, "generatePassword": True},
        ]
        copy.configure("notebookUsers", people)
        copy.environment.pop("SNOWFLAKE_PASSWORD")
        copy.environment |= {"SNOWFLAKE_USER": DEPLOYER, "SNOWFLAKE_PRIVATE_KEY": private}
        for command in (
            ("up", "--skip-preview", "--yes"),
            # With a key pair, each `up` pushes with another token of the registry.
            ("up", "--skip-preview", "--yes", "--expect-no-changes"),
            ("refresh", "--expect-no-changes", "--yes"),
        ):
            code, output = copy.pulumi(*command)
            assert code == 0, output
        _specification_changes_are_shown_by_key(copy)
        granted = {row["grantee_name"] for row in deployed.sql(f"SHOW GRANTS OF ROLE {PREFIX}_MILVUS_ROLE")}
        assert granted == {f"{PREFIX}_MILVUS_USER", f"{PREFIX}_BOB", "SOMEBODY_ELSE"}
        code, output = copy.pulumi("destroy", "--skip-preview", "--yes")
        assert code == 0, output
    assert deployed.sql(f"SHOW USERS LIKE '{PREFIX}_BOB'") == []
    assert len(deployed.sql("SHOW USERS LIKE 'SOMEBODY_ELSE'")) == 1
    bootstrap.drop(deployed.sql, DEPLOYER)
    deployed.sql("DROP USER SOMEBODY_ELSE")
    # Nothing on the account keeps its prefix.
    for kind in ("ROLES", "USERS", "WAREHOUSES", "DATABASES", "COMPUTE POOLS", "INTEGRATIONS"):
        assert not [row for row in deployed.sql(f"SHOW {kind}") if row["name"].startswith(PREFIX)], kind


def _specification_changes_are_shown_by_key(copy: Copy) -> None:
    copy.edit("specs/jupyter.yaml", "memory: 4Gi", "memory: 3Gi")
    code, output = copy.pulumi("preview", "--diff")
    assert code == 0, output
    changed = [line.split() for line in output.splitlines() if line.strip().startswith("~ memory:")]
    assert changed == [["~", "memory:", '"4Gi"', "=>", '"3Gi"']]
    copy.edit("specs/jupyter.yaml", "memory: 3Gi", "memory: 4Gi")
