"""Decisions of the toolchain that depend on nothing outside: versions, choices, copied settings, messages."""

from __future__ import annotations

import importlib.metadata
import json
import os
from pathlib import Path

import pytest

from machine import debian
from machine.errors import ToolchainError
from standins.go import gobuild
from workstation.toolchain import builder, choice, docker_engine, install, pulumi_env, vendor
from workstation.toolchain.choice import Choice, Part

BUILT = Part("built", "3.259.0", "/x/pulumi")
STAND_IN = Part("stand-in", "2.22.0", "/x/resource-snowflake-v2.22.0")


@pytest.mark.parametrize(
    ("has", "needs", "fits"),
    [
        ("2.22.0", "2.22.0", True),
        ("2.23.1", "2.22.0", True),
        ("2.21.9", "2.22.0", False),
        ("3.0.0", "2.22.0", False),
        ("2.100.0", "2.22.0", True),
    ],
)
def test_a_plugin_fits_its_sdk(has: str, needs: str, fits: bool) -> None:
    assert vendor.fits(has, needs) is fits


@pytest.mark.parametrize(
    ("text", "numbers"),
    [("v3.259.0\n", (3, 259, 0)), ("resource-snowflake-v2.22.0", (2, 22, 0)), ("", ())],
)
def test_version_numbers(text: str, numbers: tuple[int, ...]) -> None:
    assert vendor.numbers(text) == numbers


def test_go_versions_compare_by_number() -> None:
    assert gobuild.go_version("go version go1.26.8 linux/amd64") > gobuild.go_version(
        "go version go1.9 darwin/arm64"
    )
    assert gobuild.go_version("command not found") == ()


def test_every_program_gets_the_version_of_its_module() -> None:
    flags = gobuild.linker_flags((gobuild.MODULE / "go.mod").read_text())
    sdk, plugin = importlib.metadata.version("pulumi"), importlib.metadata.version("pulumi-docker-build")
    assert f"common/version.Version=v{sdk} " in flags
    assert f"pulumi-docker-build/provider.Version={plugin} " in flags


def test_choice_is_remembered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(choice, "_FILE", tmp_path / "toolchain" / "choice.json")
    assert choice.load() is None
    decided = Choice(BUILT, {"snowflake": STAND_IN}, "the site does not answer")
    choice.save(decided)
    assert choice.load() == decided


def test_choice_is_said_in_one_line() -> None:
    line = Choice(BUILT, {"snowflake": STAND_IN}, "the site does not answer").sentence()
    assert line == "pulumi 3.259.0 (built), snowflake 2.22.0 (stand-in); the site does not answer"


def _official(home: Path, folder: str) -> None:
    plugin = home / ".pulumi" / "plugins" / folder
    plugin.mkdir(parents=True)
    (plugin / "pulumi-resource-snowflake").write_text("official")


@pytest.fixture
def homes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(vendor, "PULUMI_HOME", tmp_path / "ours")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("PULUMI_HOME", raising=False)
    (tmp_path / "ours" / "plugins" / "resource-snowflake-v2.22.0").mkdir(parents=True)
    (tmp_path / "ours" / "plugins" / "resource-snowflake-v2.22.0.lock").touch()
    return tmp_path


def test_official_plugin_of_the_user_replaces_the_stand_in(homes: Path) -> None:
    _official(homes, "resource-snowflake-v2.23.0")
    found = vendor.plugin_of_user("snowflake", "2.22.0")
    assert found == Part("vendor", "2.23.0", str(homes / "ours/plugins/resource-snowflake-v2.23.0"))
    assert [path.name for path in (homes / "ours" / "plugins").iterdir()] == ["resource-snowflake-v2.23.0"]


def test_unfitting_official_plugin_is_left_alone(homes: Path) -> None:
    _official(homes, "resource-snowflake-v1.5.0")
    assert vendor.plugin_of_user("snowflake", "2.22.0") is None
    assert (homes / "ours" / "plugins" / "resource-snowflake-v2.22.0").exists()


def test_old_pulumi_on_path_is_not_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pulumi = tmp_path / "pulumi"
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}/bin{os.pathsep}/usr/bin")
    pulumi.write_text("#!/bin/sh\necho v3.100.0\n")
    pulumi.chmod(0o755)
    assert vendor.pulumi_on_path() is None
    pulumi.write_text("#!/bin/sh\necho v3.999.0\n")
    assert vendor.pulumi_on_path() == Part("vendor", "3.999.0", str(pulumi))


def test_launchers_name_the_project_s_python() -> None:
    script = install.snowflake_script(Path("/p/.venv/bin/python"), Path("/p"))
    assert script.startswith("#!/bin/sh\n")
    assert 'exec "/p/.venv/bin/python" -P -m standins.snowflake_plugin "$@"' in script
    assert '"/p/h.py"' in install.language_host_script(Path("/p/.venv/bin/python"), Path("/p/h.py"))


def test_copied_settings_keep_the_salt(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pulumi_env, "stacks", lambda: tmp_path / "stacks")
    source = tmp_path / "Pulumi.s.yaml"
    source.write_text("config:\n  a: 1\n")
    copy = pulumi_env.copy_settings("s", source)
    copy.write_text(copy.read_text() + "  by: hand\nencryptionsalt: v1:x=:v1:y==\n")
    assert "by: hand" in pulumi_env.copy_settings("s", source).read_text(), (
        "an unchanged source changes nothing"
    )
    source.write_text("config:\n  a: 2\n")
    assert pulumi_env.copy_settings("s", source).read_text() == (
        "encryptionsalt: v1:x=:v1:y==\nconfig:\n  a: 2\n"
    )
    assert "encryptionsalt" not in source.read_text()


def test_passphrase_is_private_and_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOCAL_ACCOUNT_STATE", str(tmp_path / "account"))
    monkeypatch.setattr(pulumi_env, "backend", lambda: tmp_path / "backend")
    first = Path(pulumi_env.environment()["PULUMI_CONFIG_PASSPHRASE_FILE"])
    text = first.read_text()
    assert first.stat().st_mode & 0o777 == 0o600
    assert len(text) > 30
    assert Path(pulumi_env.environment()["PULUMI_CONFIG_PASSPHRASE_FILE"]).read_text() == text


def test_a_number_that_another_program_got_is_not_our_daemon(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pid = tmp_path / "buildkitd.pid"
    monkeypatch.setattr(builder, "_PID", pid)
    assert builder.daemon_pid() is None
    pid.write_text(str(os.getpid()))
    assert builder.daemon_pid() is None


def test_daemon_keeps_to_this_project() -> None:
    command = builder.daemon_command(Path("/b/buildkitd"), "/usr/sbin/runc")
    assert f"--addr=unix://{builder.SOCKET}" in command
    assert "--containerd-worker=false" in command


def test_toolchain_of_a_folder_that_was_moved_is_set_up_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    state, elsewhere = tmp_path / "here", tmp_path / "elsewhere"
    monkeypatch.setattr(install, "STATE", state)
    for folder, complete in ((state, True), (elsewhere, False)):
        assert install._complete(_built_in(folder)) is complete


def test_toolchain_that_an_older_version_of_the_project_set_up_is_set_up_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(install, "STATE", tmp_path)
    for program in install._our_programs():
        choice = _built_in(tmp_path / program)
        assert install._complete(choice)
        (tmp_path / program / program).write_text("#!/bin/sh\nexec python -m a.module.of.before\n")
        assert not install._complete(choice)


def _built_in(folder: Path) -> Choice:
    """A toolchain of which everything was built or written into one folder."""
    folder.mkdir(parents=True)
    (folder / "pulumi").touch()
    for name, text in install._our_programs().items():
        (folder / name).write_text(text)
    versions = {name: importlib.metadata.version(package) for name, package in install._PACKAGES.items()}
    return Choice(
        Part("built", "2.22.0", str(folder / "pulumi")),
        {
            "snowflake": Part("stand-in", versions["snowflake"], str(folder)),
            "docker-build": Part("built", versions["docker-build"], str(folder)),
        },
    )


def test_builder_of_a_folder_that_was_moved_is_forgotten(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(builder, "DOCKER_CONFIG", tmp_path)
    instance = tmp_path / "buildx" / "instances" / builder.BUILDER
    instance.parent.mkdir(parents=True)
    for socket, kind in ((builder.SOCKET, "remote"), (Path("/elsewhere/buildkitd.sock"), None)):
        nodes = [{"Name": "milvus-spcs0", "Endpoint": f"unix://{socket}"}]
        instance.write_text(json.dumps({"Name": builder.BUILDER, "Driver": "remote", "Nodes": nodes}))
        assert builder._driver() == kind
    assert not instance.exists()


def test_apt_says_what_to_run_when_not_root(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(debian.shutil, "which", lambda _: "/usr/bin/apt-get")
    monkeypatch.setattr(debian.os, "geteuid", lambda: 1000)
    with pytest.raises(ToolchainError, match=r"sudo apt-get install runc iptables"):
        debian.apt_install("runc", "iptables")


def test_missing_docker_is_explained(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(docker_engine.shutil, "which", lambda _: None)
    monkeypatch.setattr(docker_engine.os, "geteuid", lambda: 1000)
    with pytest.raises(ToolchainError, match=r"Docker is not installed. Install Docker Engine"):
        docker_engine.ensure_docker()
