"""Every error of our own is one message with an exit code; a mistake of the program says that it is one."""

from __future__ import annotations

import importlib
import os
import pkgutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pulumi
import pytest
import snowflake.connector

import cli.deploying
from cli import errors
from cli.main import main
from components.account.account import AccountError
from components.account.errors import DataLossError
from local_account.base.settings import SettingsError as LocalSettingsError
from local_account.host.control import ControlError
from local_account.host.images import ImageError
from machine.errors import ToolchainError, UserError
from machine.paths import PROJECT
from operations.data.milvus import DataError
from operations.deployer.bootstrap import BootstrapError
from operations.deployer.keys import BadKeyError
from operations.deployer.rotate_key import RotationError
from operations.power import PowerError
from operations.running.logs import LogsError
from settings import SettingsError
from workstation import stack
from workstation.toolchain import pulumi_env

OURS = [
    AccountError,
    BadKeyError,
    BootstrapError,
    ControlError,
    DataError,
    DataLossError,
    ImageError,
    LocalSettingsError,
    LogsError,
    PowerError,
    RotationError,
    SettingsError,
    ToolchainError,
    UserError,
    pulumi.RunError,
]


def up_that_raises(monkeypatch: pytest.MonkeyPatch, error: BaseException) -> None:
    def up(_: str) -> int:
        raise error

    monkeypatch.setattr(cli.deploying.deploy, "up", up)


@pytest.mark.parametrize("kind", OURS, ids=lambda kind: kind.__name__)
def test_an_error_of_our_own_is_its_message(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], kind: type[Exception]
) -> None:
    up_that_raises(monkeypatch, kind("milvusVolumeSize [5] is deployed. Run `make migrate`."))
    assert main(["up"]) == 1
    shown = capsys.readouterr()
    assert (shown.out, shown.err) == ("", "milvusVolumeSize [5] is deployed. Run `make migrate`.\n")


@pytest.mark.parametrize(
    "room", ["components", "local_account.host", "machine", "operations", "settings", "workstation"]
)
def test_no_error_of_our_own_is_forgotten(room: str) -> None:
    for module in pkgutil.walk_packages([str(PROJECT.joinpath(*room.split(".")))], f"{room}."):
        if module.name.endswith("__main__"):
            continue
        for kind in vars(importlib.import_module(module.name)).values():
            if isinstance(kind, type) and issubclass(kind, Exception) and kind.__module__ == module.name:
                assert issubclass(kind, errors.family()), f"{module.name}.{kind.__name__}"


def test_an_error_of_snowflake_is_its_message(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    up_that_raises(monkeypatch, snowflake.connector.Error(msg="Could not connect", errno=250001))
    assert main(["up"]) == 1
    shown = capsys.readouterr().err
    assert shown.startswith("Snowflake refuses or cannot be reached: ")
    assert "Could not connect" in shown
    assert len(shown.splitlines()) == 1


def test_an_error_has_the_exit_code_of_its_kind(monkeypatch: pytest.MonkeyPatch) -> None:
    class Special(UserError):
        exit_code = 7

    up_that_raises(monkeypatch, Special("x"))
    assert main(["up"]) == 7


def test_a_bug_says_that_it_is_one(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    up_that_raises(monkeypatch, KeyError("a key"))
    assert main(["up", "--stack", "my stack"]) == 70
    shown = capsys.readouterr().err
    assert "This is a bug: KeyError: 'a key'" in shown
    assert "milvus-spcs --debug up --stack 'my stack'" in shown
    assert "Traceback" not in shown


@pytest.mark.parametrize("words", [["--debug", "up"], ["up", "--debug"]])
@pytest.mark.parametrize("error", [KeyError("a key"), UserError("a message")])
def test_debug_shows_where_an_error_happened(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], words: list[str], error: Exception
) -> None:
    up_that_raises(monkeypatch, error)
    assert main(words) == (70 if isinstance(error, KeyError) else 1)
    assert "Traceback" in capsys.readouterr().err


def test_an_interruption_is_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    up_that_raises(monkeypatch, KeyboardInterrupt())
    assert main(["up"]) == 130
    shown = capsys.readouterr()
    assert (shown.out, shown.err) == ("", "Interrupted.\n")


def test_the_exit_code_of_pulumi_is_passed_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cli.deploying.deploy, "up", lambda _: 255)
    assert main(["up"]) == 255


@pytest.fixture
def failing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Makes a stack whose `pulumi` fails with a text."""

    def make(text: str) -> stack.Stack:
        program = tmp_path / "pulumi"
        program.write_text(f"#!/bin/sh\ncat <<'END' >&2\n{text}\nEND\nexit 1\n")
        program.chmod(0o755)
        monkeypatch.setattr(pulumi_env, "tools", lambda: {"PATH": f"{tmp_path}:/usr/bin:/bin"})
        return stack.Stack("dev")

    return make


def test_ctrl_c_lets_pulumi_save_its_state(tmp_path: Path) -> None:
    program, saved = tmp_path / "pulumi", tmp_path / "saved"
    program.write_text(
        f"#!/bin/sh\ntrap 'sleep 1; echo saved > {saved}; exit 1' INT\necho ready\n"
        "while :; do sleep 0.05; done\n"
    )
    program.chmod(0o755)
    script = (
        "import sys; from cli.main import main; from workstation import deploy, stack\n"
        f"stack.pulumi_env.tools = lambda: {{'PATH': '{tmp_path}:/usr/bin:/bin'}}\n"
        "deploy.up = lambda name: stack.Stack(name).run('up')\n"
        "sys.exit(main(['up', '--stack', 'dev']))"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", script], cwd=PROJECT, start_new_session=True, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        # Whatever runs the tests in the background may ignore the signal, and processes inherit that.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )  # fmt: skip
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    os.killpg(process.pid, signal.SIGINT)
    _, shown = process.communicate(timeout=60)
    assert (process.returncode, shown, saved.read_text()) == (130, "Interrupted.\n", "saved\n")


@pytest.mark.parametrize(
    "text",
    [
        "error: no stack selected; please use `pulumi stack select` to choose one",
        "error: no stack named 'dev' found",
    ],
)
def test_a_stack_that_is_missing_is_told_with_the_commands_that_make_it(failing: Any, text: str) -> None:
    for act in (
        lambda s: s.ask("stack", "export"),
        lambda s: s.tell("x", "config", "set"),
        lambda s: s.preview(),
    ):
        with pytest.raises(UserError) as told:
            act(failing(text))
        for command in (
            'eval "$(make -s env STACK=dev)"',
            "pulumi stack init dev",
            "pulumi config set --stack dev snowflake:organizationName",
            "milvus-spcs bootstrap --stack dev",
        ):
            assert command in str(told.value)
        assert "no stack selected" not in str(told.value)


def test_a_missing_sign_in_to_pulumi_is_told_with_the_command(failing: Any) -> None:
    with pytest.raises(UserError, match="pulumi login"):
        failing(
            "error: PULUMI_ACCESS_TOKEN must be set for login during non-interactive CLI sessions"
        ).outputs()


def test_another_failure_of_pulumi_is_told_as_it_is(failing: Any) -> None:
    with pytest.raises(ToolchainError, match="pulumi stack export: error: the disk is full"):
        failing("error: the disk is full").ask("stack", "export")
