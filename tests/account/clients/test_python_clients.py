"""Other official clients, each in an environment of its own: connector 5 and the snow command line."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from machine.paths import PROJECT
from tests.account.clients.program import SECONDS, found_by
from tests.account.conftest import Place
from tests.account.spcs_world import World
from tests.tools import client_environment

Snow = Callable[..., Any]


def test_connector_5(place: Place, tmp_path: Path) -> None:
    python = client_environment("connector5") / "bin" / "python"
    assert found_by(place, [python, PROJECT / "tests/clients/connector5/check.py"], tmp_path) == {
        "version": "5.2.0",
        "role": "ACCOUNTADMIN",
        "inserted": 2,
        "typed": True,
        "nulls": True,
        "batch": [35001, 17500, '"9998",\n\\'],
        "large": 100000,
        "error": 2003,
        "files": ["c5_files/in.txt.gz", "c5_files/plain/in.txt"],
    }


@pytest.fixture(scope="module")
def snow(place: Place, tmp_path_factory: pytest.TempPathFactory) -> Snow:
    """Runs `snow` with a connection file of its own; gives the answer, parsed from JSON."""
    home = tmp_path_factory.mktemp("snow")
    settings = place.account.connection_settings(
        database=place.database, schema="PUBLIC", warehouse=place.warehouse, role="ACCOUNTADMIN"
    )
    lines = ["[connections.local]", *(f"{name} = {json.dumps(value)}" for name, value in settings.items())]
    config = home / "config.toml"
    config.touch(mode=0o600)
    config.write_text("\n".join([*lines, "[cli.features]", "[cli.logs]", "save_logs = false", ""]))
    program = client_environment("snow") / "bin" / "snow"

    def run(*arguments: str, fails: bool = False) -> Any:
        done = subprocess.run(
            [program, "--config-file", config, *arguments, "-c", "local", "--format", "json"],
            env={"HOME": str(home), "PATH": "/usr/bin:/bin", "SNOWFLAKE_HOME": str(home)},
            capture_output=True,
            text=True,
            timeout=SECONDS,
        )
        assert (done.returncode != 0) == fails, done.stdout + done.stderr
        return done.stdout + done.stderr if fails else json.loads(done.stdout)

    return run


def test_snow_connection(snow: Snow) -> None:
    assert snow("connection", "test")["Status"] == "OK"


def test_snow_sql(snow: Snow) -> None:
    answers = snow(
        "sql", "-q", "CREATE OR REPLACE TABLE s (a INT); INSERT INTO s VALUES (5); SELECT * FROM s"
    )
    assert answers[-1] == [{"A": 5}]


@pytest.fixture
def guide(place: Place, world: World) -> Iterator[None]:
    """Has the image that the set-up script needs, and removes what the script has made."""
    assert world.image == "/spcs_db/public/images/python:1"
    yield
    place.run(
        "DROP SERVICE IF EXISTS guide_db.app.shout",
        "DROP DATABASE IF EXISTS guide_db",
        "DROP WAREHOUSE IF EXISTS guide_wh",
        "DROP COMPUTE POOL IF EXISTS guide_pool",
        "DROP ROLE IF EXISTS guide_role",
    )


@pytest.mark.usefixtures("guide")
def test_setup_script_from_top_to_bottom(snow: Snow, place: Place) -> None:
    script = Path(__file__).with_name("setup_script.sql")
    found = "MONITOR=GUIDE_POOL, USAGE=GUIDE_POOL, pool=GUIDE_POOL, price=COSTS $5; OR $SIZE, text=IT'S $SIZE"
    assert snow("sql", "-f", str(script))[-1] == [{"FOUND": found, "HAS_REPOSITORY": True}]
    with place.connect() as connection:
        *_, last = connection.execute_string(script.read_text())
        assert last.fetchall() == [(found, True)]


def test_snow_sql_error(snow: Snow) -> None:
    # `snow` draws a box around the message and breaks its lines.
    shown = " ".join(snow("sql", "-q", "SELECT * FROM absent", fails=True).replace("│", " ").split())
    assert "does not exist or not authorized" in shown


def test_snow_object_list(snow: Snow) -> None:
    snow("sql", "-q", "CREATE OR REPLACE TABLE listed (a INT)")
    assert "LISTED" in [row["name"] for row in snow("object", "list", "table")]
    assert "ACCOUNTADMIN" in [row["name"] for row in snow("object", "list", "role")]


def test_snow_stage(snow: Snow, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("a")
    (tmp_path / "b.csv").write_text("b")
    out = tmp_path / "out"
    snow("stage", "create", "snowed")
    snow("stage", "copy", f"{tmp_path}/*", "@snowed/dir")
    assert [row["name"] for row in snow("stage", "list-files", "@snowed")] == [
        "snowed/dir/a.txt",
        "snowed/dir/b.csv",
    ]
    snow("stage", "copy", "@snowed/dir", str(out))
    assert sorted(path.name for path in out.rglob("*.*")) == ["a.txt", "b.csv"]
    snow("stage", "remove", "snowed", "dir/a.txt")
    assert [row["name"] for row in snow("stage", "list-files", "@snowed")] == ["snowed/dir/b.csv"]
    assert snow("stage", "describe", "snowed")
    snow("stage", "drop", "snowed")
    assert snow("object", "list", "stage", "--like", "snowed") == []
