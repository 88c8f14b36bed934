"""Stages of users and tables, temporary stages and file formats, client-side encryption.

See https://docs.snowflake.com/en/user-guide/data-load-local-file-system-create-stage
"""

from __future__ import annotations

import urllib.error
import urllib.request
from pathlib import Path

import pytest
from snowflake.connector.errors import ProgrammingError

from tests.account.asking import run
from tests.account.conftest import Place, RunningAccount, wait_until


def test_every_user_and_table_has_a_stage(place: Place, tmp_path: Path) -> None:
    (tmp_path / "f.csv").write_text("1\n")
    place.run("CREATE OR REPLACE TABLE own (a INT)", f"PUT file://{tmp_path}/f.csv @%own/sub")
    assert [row["name"] for row in place.run("LIST @%own")] == ["sub/f.csv.gz"]
    assert place.run("COPY INTO own")[0]["rows_loaded"] == 1
    place.run("ALTER TABLE own RENAME TO other")
    assert len(place.run(f'LIST @{place.database}.PUBLIC.%"OTHER"')) == 1
    place.run("DROP TABLE other", "CREATE TABLE other (a INT)")
    assert place.run("LIST @%other") == []
    place.run(f"PUT file://{tmp_path}/f.csv @~/mine AUTO_COMPRESS = FALSE")
    assert [row["name"] for row in place.run("LS @~/mine")] == ["mine/f.csv"]
    assert place.run("SELECT $1 AS A FROM @~/mine") == [{"A": "1"}]
    assert place.run("REMOVE @~/mine") == [{"name": "mine/f.csv", "result": "removed"}]


def test_temporary_objects_belong_to_one_session(
    account: RunningAccount, place: Place, tmp_path: Path
) -> None:
    (tmp_path / "f").write_text("1")
    folders = set((account.settings.state / "stages").iterdir())
    place.run("CREATE STAGE both COMMENT = 'permanent'")
    with place.connect() as one, place.connect() as other:
        run(one, "CREATE TEMPORARY STAGE both COMMENT = 'temporary' FILE_FORMAT = (TYPE = JSON)")
        run(one, "CREATE TEMP FILE FORMAT f TYPE = CSV FIELD_DELIMITER = '|'")
        run(one, f"PUT file://{tmp_path}/f @both")
        assert len(run(one, "LIST @both")) == 1
        assert run(other, "LIST @both") == []
        for session, comment in ((one, "temporary"), (other, "permanent")):
            assert [row["comment"] for row in run(session, "SHOW STAGES LIKE 'both'")] == [comment]
        with pytest.raises(ProgrammingError, match="does not exist"):
            run(other, "DESCRIBE FILE FORMAT f")
        run(one, "DROP STAGE both")
        assert run(one, "LIST @both") == []
        run(one, "CREATE TEMP STAGE gone")
        run(one, f"PUT file://{tmp_path}/f @gone")
    wait_until(
        lambda: (
            {path.name for path in (account.settings.state / "stages").iterdir() if "-" in path.name} == set()
        ),
        10,
    )
    assert folders


def test_clients_encrypt_by_default(account: RunningAccount, place: Place, tmp_path: Path) -> None:
    content = "secret" * 3000
    (tmp_path / "f.txt").write_text(content)
    out = tmp_path / "out"
    out.mkdir()
    for options, size in (("", 18016), ("ENCRYPTION = (TYPE = 'SNOWFLAKE_SSE')", 18000)):
        place.run(f"CREATE OR REPLACE STAGE kind {options}")
        (uploaded,) = place.run(f"PUT file://{tmp_path}/f.txt @kind/a/b AUTO_COMPRESS = FALSE")
        assert (uploaded["source_size"], uploaded["target_size"], uploaded["status"]) == (
            18000,
            size,
            "UPLOADED",
        )
        assert [row["size"] for row in place.run("LIST @kind")] == [size]
        (found,) = place.run(f"GET @kind/a/b file://{out}")
        assert (found["file"], found["size"], found["status"]) == ("f.txt", 18000, "DOWNLOADED")
        assert (out / "f.txt").read_text() == content
        (out / "f.txt").unlink()


def test_parts_of_a_file_are_those_that_a_driver_asks_for(place: Place, tmp_path: Path) -> None:
    """Go's driver downloads large files in parts, and reads the key from the headers of a request before."""
    content = bytes(range(256)) * 100
    (tmp_path / "f").write_bytes(content)
    for options, size in (("", 25616), ("ENCRYPTION = (TYPE = 'SNOWFLAKE_SSE')", 25600)):
        place.run(
            f"CREATE OR REPLACE STAGE parts {options}",
            f"PUT file://{tmp_path}/f @parts AUTO_COMPRESS = FALSE",
        )
        with place.connect() as connection:
            answer = connection.cursor()._execute_helper(f"GET @parts file://{tmp_path}")
        url = answer["data"]["presignedUrls"][0]
        with urllib.request.urlopen(urllib.request.Request(url, method="HEAD"), timeout=10) as response:
            assert (response.headers["Content-Length"], response.status) == (str(size), 200)
            key = response.headers["x-goog-meta-encryptiondata"]
        with urllib.request.urlopen(url, timeout=10) as response:
            whole = response.read()
            assert (len(whole), response.headers["x-goog-meta-encryptiondata"]) == (size, key)
        assert (whole == content) is bool(options)
        for start, end in ((0, 10), (15, 17), (16000, size)):
            asked = urllib.request.Request(url, headers={"Range": f"bytes={start}-{end - 1}"})
            with urllib.request.urlopen(asked, timeout=10) as response:
                assert (response.status, response.read()) == (206, whole[start:end])
        with pytest.raises(urllib.error.HTTPError) as failure:
            urllib.request.urlopen(urllib.request.Request(url, method="PUT", data=b"x"), timeout=10)
        assert failure.value.code == 403
