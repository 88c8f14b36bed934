"""Stages and their files through snowflake-connector-python 4."""

from __future__ import annotations

import io
import os
import urllib.error
import urllib.request
from pathlib import Path

import pytest
from snowflake.connector.errors import DatabaseError, ProgrammingError

from tests.account.conftest import Place, RunningAccount, wait_until


@pytest.fixture
def stage(place: Place) -> str:
    place.run(
        "CREATE OR REPLACE STAGE files ENCRYPTION = (TYPE = 'SNOWFLAKE_SSE') DIRECTORY = (ENABLE = TRUE)"
    )
    return f"@{place.database}.PUBLIC.files"


def names(place: Place, location: str) -> list[str]:
    return [row["name"] for row in place.run(f"LIST {location}")]


def test_show_and_describe(place: Place, stage: str) -> None:
    shown = place.run("SHOW STAGES LIKE 'files' IN SCHEMA " + place.database + ".PUBLIC")[0]
    assert (shown["type"], shown["directory_enabled"], shown["url"]) == ("INTERNAL NO CSE", "Y", "")
    place.run("ALTER STAGE files SET DIRECTORY = (ENABLE = FALSE) COMMENT = 'x'")
    described = place.run("DESCRIBE STAGE files")
    rows = {(row["parent_property"], row["property"]): row["property_value"] for row in described}
    assert (rows["STAGE_LOCATION", "URL"], rows["DIRECTORY", "ENABLE"]) == ("", "false")
    assert place.run("SHOW STAGES LIKE 'files'")[0]["comment"] == "x"


def test_files_go_up_and_come_down(place: Place, stage: str, tmp_path: Path) -> None:
    for name in ("a.txt", "b b.txt", "c.csv"):
        (tmp_path / name).write_text(name * 1000)
    place.run(f"PUT file://{tmp_path}/*.txt {stage}/dir AUTO_COMPRESS=FALSE")
    place.run(f"PUT file://{tmp_path}/c.csv {stage}")
    assert names(place, stage) == ["files/c.csv.gz", "files/dir/a.txt", "files/dir/b b.txt"]
    assert [row["name"] for row in place.run(f"LS {stage} PATTERN = '.*csv.*'")] == ["files/c.csv.gz"]
    out = tmp_path / "out"
    out.mkdir()
    place.run(f"GET {stage}/dir file://{out}/; -- a comment")
    assert {path.name: path.read_text() for path in out.iterdir()} == {
        "a.txt": "a.txt" * 1000,
        "b b.txt": "b b.txt" * 1000,
    }


def test_upload_replaces_longer_file(place: Place, stage: str) -> None:
    with place.connect() as connection:
        for content in (b"long content", b"short"):
            connection.cursor().execute(
                f"PUT file://spec.yaml {stage} AUTO_COMPRESS=FALSE OVERWRITE=TRUE",
                file_stream=io.BytesIO(content),
            )
    assert place.run(f"LIST {stage}")[0]["size"] == 5


def test_remove(place: Place, stage: str) -> None:
    with place.connect() as connection:
        for name in ("one", "two"):
            connection.cursor().execute(f"PUT file://{name} {stage}/x", file_stream=io.BytesIO(b"1"))
    assert [row["result"] for row in place.run(f"REMOVE {stage}/x/one.gz")] == ["removed"]
    assert names(place, stage) == ["files/x/two.gz"]
    place.run(f"RM {stage}")
    assert names(place, stage) == []


def test_quoted_location(place: Place, stage: str, tmp_path: Path) -> None:
    (tmp_path / "f").write_text("1")
    location = f'@\\"{place.database}\\".\\"PUBLIC\\".\\"FILES\\"/q'
    place.run(f"PUT 'file://{tmp_path}/f' '{location}' AUTO_COMPRESS=FALSE")
    assert names(place, stage) == ["files/q/f"]


@pytest.mark.parametrize("location", ["{stage}/../../x", "@%t", "@d.%t.x", "@~x", "@absent", "{stage}x"])
def test_other_locations_are_refused(place: Place, stage: str, location: str) -> None:
    with pytest.raises((ProgrammingError, DatabaseError)):
        place.run(f"LIST {location.format(stage=stage)}")


def test_external_stage_is_refused(place: Place) -> None:
    with pytest.raises(ProgrammingError, match="Unsupported feature 'STAGE URL'"):
        place.run("CREATE STAGE outside URL = 's3://bucket'")


def stage_folder(account: RunningAccount, place: Place, content: bytes) -> Path:
    """The folder in which a newly uploaded file lies."""
    with place.connect() as connection:
        connection.cursor().execute(
            "PUT file://marker.txt @files AUTO_COMPRESS=FALSE", file_stream=io.BytesIO(content)
        )
    found = [
        path
        for path in (account.settings.state / "stages").glob("*/marker.txt")
        if path.read_bytes() == content
    ]
    assert len(found) == 1
    return found[0].parent


def test_links_that_a_container_left_are_not_followed(
    account: RunningAccount, place: Place, stage: str, tmp_path: Path
) -> None:
    folder = stage_folder(account, place, os.urandom(8))
    (tmp_path / "secret").write_text("secret")
    (folder / "link").symlink_to(tmp_path / "secret")
    (folder / "linked").symlink_to(tmp_path)
    assert names(place, stage) == ["files/marker.txt"]
    with pytest.raises(DatabaseError), place.connect() as connection:
        connection.cursor().execute(
            f"PUT file://secret {stage}/linked AUTO_COMPRESS=FALSE", file_stream=io.BytesIO(b"changed")
        )
    assert (tmp_path / "secret").read_text() == "secret"


def test_unknown_url_is_refused(account: RunningAccount) -> None:
    for method in ("GET", "PUT"):
        request = urllib.request.Request(f"{account.settings.account_url}/stages/guess/x", method=method)
        with pytest.raises(urllib.error.HTTPError) as failure:
            urllib.request.urlopen(request, timeout=10)
        assert failure.value.code == 400


def test_dropped_stage_leaves_no_files(account: RunningAccount, place: Place, stage: str) -> None:
    folder = stage_folder(account, place, os.urandom(8))
    place.run("DROP STAGE files")
    wait_until(lambda: not folder.exists(), 10)


def test_reading_needs_read_and_writing_write(account: RunningAccount, place: Place, stage: str) -> None:
    role = f"{place.database}_STAGE"
    place.run(
        f"CREATE ROLE {role}",
        f"GRANT ROLE {role} TO USER {account.credentials()['user']}",
        f"GRANT USAGE ON DATABASE {place.database} TO ROLE {role}",
        f"GRANT USAGE ON SCHEMA {place.database}.PUBLIC TO ROLE {role}",
    )
    with pytest.raises(ProgrammingError, match="does not exist or not authorized"):
        place.run("USE SECONDARY ROLES NONE", f"LIST {stage}", role=role)
    place.run(f"GRANT READ ON STAGE files TO ROLE {role}")
    assert place.run("USE SECONDARY ROLES NONE", f"LIST {stage}", role=role) == []
    with pytest.raises(ProgrammingError, match="Insufficient privileges"):
        place.run("USE SECONDARY ROLES NONE", f"REMOVE {stage}", role=role)
    place.run(f"GRANT WRITE ON STAGE files TO ROLE {role}")
    assert place.run("USE SECONDARY ROLES NONE", f"REMOVE {stage}", role=role) == []
