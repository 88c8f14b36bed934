"""The local account for anybody: its settings, and what its command says when it cannot do something."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from local_account.__main__ import main
from local_account.base.settings import LocalSettings, SettingsError, load, load_own, save

COMMANDS = ("serve", "start", "status", "stop", "env", "clean")


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.startswith("LOCAL_ACCOUNT_"):
            monkeypatch.delenv(name)


def test_environment_goes_before_arguments_and_these_before_what_is_stored(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = load(state=tmp_path)
    assert (first.locator, first.label, first.port) == ("LOCAL-ACCOUNT", "local-account", 8480)
    save(LocalSettings(tmp_path, 9000, first.account_id, "STORED", "STORED", "stored"))
    monkeypatch.setenv("LOCAL_ACCOUNT_ORGANIZATION", "ENVIRONMENT")
    found = load(state=tmp_path, organization="ARGUMENT", name="ARGUMENT")
    assert (found.organization, found.name, found.label, found.port) == (
        "ENVIRONMENT", "ARGUMENT", "stored", 9000,
    )  # fmt: skip
    assert found.account_id == first.account_id
    assert load(environment=found.environment) == found


def test_an_account_of_its_own_keeps_its_ports(tmp_path: Path) -> None:
    folder = tmp_path / "account"
    first = load_own(folder, name="MINE")
    assert 20000 <= first.port < 32000
    assert load_own(folder) == first


@pytest.mark.parametrize(
    ("variable", "value", "said"),
    [
        ("LOCAL_ACCOUNT_PORT", "80", "it must be a number from 1024 to 65533"),
        ("LOCAL_ACCOUNT_PORT", "٨٤٨٠", "it must be a number from 1024 to 65533"),
        ("LOCAL_ACCOUNT_NAME", "my account", "it must be 1 to 63 of A-Z, 0-9 and _"),
        ("LOCAL_ACCOUNT_ORGANIZATION", "1ST", "beginning with a letter"),
        ("LOCAL_ACCOUNT_LABEL", "Milvus", "it must be 2 to 32 of a-z, 0-9 and -"),
    ],
)
def test_bad_settings(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], variable: str, value: str, said: str
) -> None:
    option = f"--{variable.removeprefix('LOCAL_ACCOUNT_').lower()}"
    assert main(["start", "--state", str(tmp_path / "account"), option, value]) == 2
    told = capsys.readouterr().err
    assert told.startswith(f"{variable} is {value!a}; ")
    assert said in told


def test_a_folder_with_other_files_is_no_state_folder(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "thesis.tex").touch()
    assert main(["start", "--state", str(tmp_path)]) == 2
    assert "has files but no account; name an empty folder" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.tex"]


def test_a_file_is_no_state_folder(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(SettingsError, match="cannot be used: File exists"):
        load(state=tmp_path / "file")


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main([command, "--help"])
    assert ended.value.code == 0
    told = capsys.readouterr().out
    for expected in (f"local-account {command}", "--state FOLDER", "LOCAL_ACCOUNT_LABEL", "default 8480"):
        assert expected in " ".join(told.split())


@pytest.mark.parametrize("command", [name for name in COMMANDS if name not in ("serve", "start")])
def test_without_an_account_nothing_is_made(
    command: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "none"
    assert main([command, "--state", str(folder)]) == 1
    said = capsys.readouterr().err
    assert said == f"there is no account in {folder}; local-account start --state {folder} makes one\n"
    assert not folder.exists()


@pytest.mark.parametrize(
    ("variable", "value", "said"),
    [
        ("DOCKER_HOST", "unix:///nowhere.sock", "Cannot connect to the Docker daemon"),
        ("PATH", "/nowhere", "the program docker is not installed"),
    ],
)
@pytest.mark.parametrize("command", ["serve", "start"])
def test_without_docker_the_ways_out_are_named(
    command: str,
    variable: str,
    value: str,
    said: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv(variable, value)
    assert main([command, "--state", str(tmp_path)]) == 1
    told = capsys.readouterr().err
    assert said in told
    assert "start the account without them: --sql-only" in told


def test_an_image_that_cannot_be_made_is_named_with_the_ways_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    docker = tmp_path / "bin" / "docker"
    docker.parent.mkdir()
    docker.write_text('#!/bin/sh\n[ "$1" = image ] && exit 0\necho "no such host" >&2; exit 1\n')
    docker.chmod(0o755)
    monkeypatch.setenv("PATH", str(docker.parent))
    assert main(["start", "--state", str(tmp_path / "state"), "--label", "mine"]) == 1
    assert capsys.readouterr().err == (
        "image mine/registry:2.8: being made\n"
        "pulling image registry:2.8.3 failed:\n  no such host\n"
        "If another image does the same, name it so: docker tag IMAGE mine/registry:2.8. For tables, users "
        "and grants alone, start the account without them: --sql-only, in Python sql_only=True.\n"
    )


@pytest.mark.parametrize("command", ["serve", "start"])
def test_a_taken_port_is_named(command: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    settings = load_own(tmp_path)
    with socket.socket() as other:
        other.bind(("127.0.0.1", settings.ingress_port))
        other.listen()
        assert main([command, "--sql-only", "--state", str(tmp_path)]) == 1
    assert f"Port {settings.ingress_port} (ingress) is taken by another program" in capsys.readouterr().err


def test_data_is_removed_only_when_asked_for(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    load_own(tmp_path)
    assert main(["clean", "--state", str(tmp_path)]) == 1
    assert "say --yes to agree" in capsys.readouterr().err
    assert (tmp_path / "account_id").exists()


def test_the_import_is_light() -> None:
    code = "import local_account, sys; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    heavy = {"aiohttp", "fakesnow", "duckdb", "sqlglot", "docker", "requests", "snowflake.connector"}
    assert heavy.isdisjoint(done.stdout.split())
