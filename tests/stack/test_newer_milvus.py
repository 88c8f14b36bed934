"""Another version of Milvus: a newer one keeps what the older one holds, and there is no way back."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from tests.stack.conftest import Deployment
from tests.stack.program_copy import PREFIX, STACK, copied
from tests.stack.test_data import COUNT, FILL, created, require_all

pytestmark = pytest.mark.docker


def test_a_newer_milvus_has_the_vectors_of_the_older_and_the_older_is_refused(
    deployed: Deployment, tmp_path: Path
) -> None:
    database, dockerfile = f"{PREFIX}_MILVUS_DEMO", "images/milvus/Dockerfile"
    with copied(deployed, tmp_path) as copy:
        code, output = copy.up()
        assert code == 0, output
        assert f"FILLED {COUNT}" in deployed.in_notebook(FILL, database)
        before = created(deployed, database)

        text = (copy.folder / dockerfile).read_text()
        (older,) = re.findall(r"^FROM (milvusdb/milvus:\S+)$", text, re.MULTILINE)
        newer = f"{older}9"
        config = yaml.safe_load((copy.folder / f"Pulumi.{STACK}.yaml").read_text())["config"]
        bases = config["milvus-spcs:baseImages"]
        # Where Docker Hub answers there is none, so both are the same Milvus under two versions.
        copy.configure("baseImages", {**bases, newer: bases.get(older, f"docker-image://{older}")})
        copy.edit(dockerfile, f"FROM {older}\n", f"FROM {newer}\n")
        code, output = copy.up()
        assert code == 0, output
        require_all(deployed, database)
        assert created(deployed, database) == before
        (service,) = deployed.sql(f"DESCRIBE SERVICE {database}.PUBLIC.MILVUS", f"{PREFIX}_MILVUS_OWNER_ROLE")
        assert f"milvus:{newer.rpartition(':')[2]}-" in service["spec"]

        copy.edit(dockerfile, f"FROM {newer}\n", f"FROM {older}\n")
        code, output = copy.up()
        assert code != 0
        assert "may not be able to open what" in output
        require_all(deployed, database)
