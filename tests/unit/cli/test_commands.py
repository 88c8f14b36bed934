"""Each command of the command line, with SQL and Pulumi as the boundary."""

from __future__ import annotations

import json
import subprocess
import webbrowser
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

import cli.data
import cli.looking
import cli.main
import cli.this_machine
import cli.whole_stack
from cli.main import COMMANDS, app, main
from machine import terminal
from machine.errors import UserError
from operations.importing.take_over import Outcome
from operations.running import logs
from tests.unit.cli.fake_stack import FakeTarget, resource, service
from workstation import prepare
from workstation.toolchain import install

NAMES = [name for commands in COMMANDS.values() for name in commands]
WITH_TABLES = {"status", "drift", "backup", "import"}
POOL = {"name": "MILVUS_COMPUTE_POOL", "state": "ACTIVE", "instance_family": "CPU_X64_S", "active_nodes": 1}
SHOWN = {
    "name": "JUPYTER",
    "status": "RUNNING",
    "compute_pool": "MILVUS_COMPUTE_POOL",
    "current_instances": 1,
    "target_instances": 1,
    "dns_name": "jupyter.abc.svc.spcs.internal",
}
CONTAINER = {"service_name": "JUPYTER", "instance_id": "0", "container_name": "main", "status": "READY"}
ENDPOINT = {"name": "web", "port": 8888, "protocol": "HTTP", "is_public": "true", "ingress_url": "abc.app"}


def options(name: str) -> set[str]:
    command = typer.main.get_command(app)
    return {word for parameter in command.commands[name].params for word in parameter.opts}  # type: ignore[attr-defined]


@pytest.mark.parametrize("name", NAMES)
def test_every_command_has_a_stack_and_an_example(name: str) -> None:
    assert "--stack" in options(name)
    done = CliRunner().invoke(app, [name, "--help"])
    assert done.exit_code == 0
    assert f"Example: milvus-spcs {name}" in " ".join(done.output.split())


def test_commands_that_print_a_table_have_json() -> None:
    assert {name for name in NAMES if "--json" in options(name)} == WITH_TABLES


@pytest.fixture
def stack(monkeypatch: pytest.MonkeyPatch) -> FakeTarget:
    """A stack with one pool and one service."""
    target = FakeTarget(
        [resource("ComputePool", "MILVUS_COMPUTE_POOL"), service("JUPYTER")],
        {
            "SHOW COMPUTE POOLS": [POOL],
            "SHOW SERVICES": [SHOWN],
            "SHOW SERVICE CONTAINERS": [CONTAINER],
            "SHOW ENDPOINTS": [ENDPOINT],
        },
    )
    for module in (cli.looking, cli.whole_stack, cli.data):
        for function in ("looked_at", "target_of"):
            monkeypatch.setattr(module, function, lambda *_, **__: target, raising=False)
    return target


def test_status_shows_what_the_account_has(stack: FakeTarget, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["status"]) == 0
    shown = capsys.readouterr().out
    for text in ("MILVUS_COMPUTE_POOL", "ACTIVE", "RUNNING", "jupyter.abc.svc.spcs.internal", "abc.app"):
        assert text in shown
    assert 'SHOW SERVICES LIKE \'JUPYTER\' IN SCHEMA "MILVUS_DEMO"."PUBLIC"' in stack.statements


def test_status_as_json(stack: FakeTarget, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["status", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert list(found) == ["pools", "services", "containers", "endpoints", "volumes"]
    assert found["services"][0]["status"] == "RUNNING"
    assert found["endpoints"][0]["public"] is True


def test_status_names_what_is_gone(stack: FakeTarget, capsys: pytest.CaptureFixture[str]) -> None:
    stack.answers["SHOW SERVICES"] = []
    assert main(["status", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["services"][0]["name"], found["services"][0]["status"]) == ("JUPYTER", "not there")
    assert found["containers"] == []


def test_status_of_nothing(stack: FakeTarget, capsys: pytest.CaptureFixture[str]) -> None:
    stack.resources.clear()
    assert main(["status"]) == 0
    assert "Nothing is deployed" in capsys.readouterr().out


def test_status_is_shown_again_until_it_is_interrupted(
    stack: FakeTarget, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    rounds = iter(["DOWN", "UP"])

    def pause(_: float) -> None:
        if (state := next(rounds, None)) is None:
            raise KeyboardInterrupt
        stack.answers["SHOW COMPUTE POOLS"] = [{**POOL, "state": state}]

    monkeypatch.setattr(cli.looking.time, "sleep", pause)
    assert main(["status", "--watch"]) == 130
    shown = capsys.readouterr()
    assert shown.out.index("ACTIVE") < shown.out.index("DOWN") < shown.out.index("UP ")
    assert shown.err.strip() == "Interrupted."


def lines(*texts: str) -> list[dict[str, Any]]:
    return [{"LOGS": "".join(f"{text}\n" for text in texts)}]


def test_logs_of_all_containers(stack: FakeTarget, capsys: pytest.CaptureFixture[str]) -> None:
    stack.answers["SELECT SYSTEM$GET_SERVICE_LOGS"] = lines("hello", "", "again")
    assert main(["logs", "jupyter"]) == 0
    assert capsys.readouterr().out == "".join(
        f"{name} | {text}\n" for name in ("main", "helper") for text in ("hello", "", "again")
    )
    assert stack.statements[0] == (
        "SELECT SYSTEM$GET_SERVICE_LOGS('MILVUS_DEMO.PUBLIC.JUPYTER', 0, 'main', 500, FALSE, '', FALSE) "
        "AS LOGS"
    )


def test_logs_of_one_container_with_every_option(
    stack: FakeTarget, capsys: pytest.CaptureFixture[str]
) -> None:
    stack.answers["SELECT SYSTEM$GET_SERVICE_LOGS"] = lines("hello")
    words = "logs JUPYTER --container helper --instance 2 --previous --tail 9 --timestamps --since"
    assert main([*words.split(), "2026-01-31T12:00:00+00:00"]) == 0
    assert capsys.readouterr().out == "hello\n"
    assert stack.statements == [
        "SELECT SYSTEM$GET_SERVICE_LOGS('MILVUS_DEMO.PUBLIC.JUPYTER', 2, 'helper', 9, TRUE, "
        "'2026-01-31T12:00:00.000000Z', TRUE) AS LOGS"
    ]


def test_an_age_is_a_time_in_utc(stack: FakeTarget) -> None:
    stack.answers["SELECT SYSTEM$GET_SERVICE_LOGS"] = lines("hello")
    assert main(["logs", "JUPYTER", "--container", "main", "--since", "10m"]) == 0
    given = datetime.fromisoformat(stack.statements[0].split("'")[5])
    assert abs(datetime.now(UTC) - timedelta(minutes=10) - given) < timedelta(seconds=30)


def test_no_lines_are_said_beside_the_answer(stack: FakeTarget, capsys: pytest.CaptureFixture[str]) -> None:
    stack.answers["SELECT SYSTEM$GET_SERVICE_LOGS"] = [{"LOGS": ""}]
    assert main(["logs", "JUPYTER"]) == 0
    shown = capsys.readouterr()
    assert shown.out == ""
    assert "no lines of main, helper" in shown.err


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("logs NOPE", "The stack has no service NOPE. Its services: JUPYTER"),
        ("logs JUPYTER --container x", "has no container x. Its containers: main, helper"),
    ],
)
def test_what_is_not_there_is_said_with_what_is(
    stack: FakeTarget, capsys: pytest.CaptureFixture[str], words: str, expected: str
) -> None:
    assert main(words.split()) == 1
    assert expected in capsys.readouterr().err


def test_followed_lines_come_once() -> None:
    """Snowflake's answers overlap: lines from a time on, with lines of the same moment on both sides."""
    moments = [f"2026-01-31T12:00:0{second}Z" for second in range(4)]
    half = "2026-01-31T12:00:01.5Z"
    answers = iter(
        [
            [f"{moments[0]} a", f"{moments[1]} b"],
            [f"{moments[1]} b", f"{moments[1]} b", f"{half} c"],
            [],
            [f"{half} c", "no line of a container", f"{moments[2]} d"],
            [f"{moments[2]} d"],
        ]
    )
    statements = []

    def query(statement: str) -> list[dict[str, Any]]:
        statements.append(statement)
        return lines(*next(answers))

    (found,) = logs.managed(FakeTarget([service("S")], {}), "Service")  # type: ignore[arg-type]
    follower = logs.Follower(query, logs.LogRequest(service=found, container="main", lines=2))
    assert [follower.news() for _ in range(5)] == [["a", "b"], ["b", "c"], [], ["d"], []]
    assert "2, FALSE, '', TRUE" in statements[0]
    assert "10000, FALSE, '2026-01-31T12:00:01.000000Z', TRUE" in statements[1]
    assert "'2026-01-31T12:00:01.500000Z'" in statements[3]


def test_logs_are_followed_until_they_are_interrupted(
    stack: FakeTarget, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    one, two = "2026-01-31T12:00:00Z one", "2026-01-31T12:00:01Z two"
    answers = iter([lines(one), lines(one, two)])

    def answer(_: str) -> list[dict[str, Any]]:
        try:
            return next(answers)
        except StopIteration:
            raise KeyboardInterrupt from None

    stack.answers["SELECT SYSTEM$GET_SERVICE_LOGS"] = answer
    monkeypatch.setattr(logs, "PAUSE_SECONDS", 0)
    assert main(["logs", "JUPYTER", "-f", "--container", "main"]) == 130
    assert capsys.readouterr().out == "one\ntwo\n"


class Outputs:
    """A stack that only has outputs."""

    variables = {"PATH": "/a b", "PULUMI_STACK": "local"}  # noqa: RUF012

    def __init__(self, **found: Any) -> None:
        self.found = found

    def outputs(self, show_secrets: bool = False) -> dict[str, Any]:
        return self.found


def deployed(monkeypatch: pytest.MonkeyPatch, **found: Any) -> None:
    monkeypatch.setattr(cli.looking, "reach", lambda *_, **__: Outputs(**found))


def test_open_opens_the_notebook(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    deployed(
        monkeypatch, notebookUrl="https://n", notebookUrls={"JUPYTER": "https://n", "JUPYTER_2": "https://m"}
    )
    opened: list[str] = []
    monkeypatch.setenv("BROWSER", "one")
    monkeypatch.setattr(webbrowser, "open", lambda url: not opened.append(url))
    assert main(["open"]) == main(["open", "jupyter_2"]) == 0
    assert opened == ["https://n", "https://m"]


def test_open_prints_the_address_where_there_is_no_browser(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    deployed(monkeypatch, notebookUrl="https://n")
    for variable in ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER"):
        monkeypatch.delenv(variable, raising=False)
    assert main(["open"]) == 0
    assert capsys.readouterr().out == "https://n\n"
    assert main(["open", "OTHER"]) == 1
    assert "Its notebooks: JUPYTER" in capsys.readouterr().err


def test_the_password_stands_alone(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    deployed(monkeypatch, userPassword="secret")
    assert main(["password"]) == 0
    assert capsys.readouterr().out == "secret\n"
    deployed(monkeypatch)
    assert main(["password"]) == 1
    assert "generateUserPassword" in capsys.readouterr().err


def test_exports_stand_alone(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    def prepared(*_: Any, **__: Any) -> Outputs:
        terminal.say("docker", "found, engine 1")
        return Outputs()

    monkeypatch.setattr(cli.this_machine.prepare, "prepare", prepared)
    assert main(["env"]) == 0
    shown = capsys.readouterr()
    assert shown.out == "export PATH='/a b'\nexport PULUMI_STACK=local\n"
    assert "docker" in shown.err


@pytest.mark.parametrize(("drifted", "code"), [(False, 0), (True, 2)])
def test_drift_is_told_by_the_exit_code(
    stack: FakeTarget,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    drifted: bool,
    code: int,
) -> None:
    from operations.drift import report
    from operations.drift.finding import Finding

    found = [Finding("POOL", "state", "running", "SUSPENDED")] if drifted else []
    monkeypatch.setattr(report, "findings", lambda _: found)
    assert main(["drift"]) == code
    assert ("POOL" if drifted else "none") in capsys.readouterr().out
    assert main(["drift", "--json"]) == code
    assert len(json.loads(capsys.readouterr().out)) == len(found)


def test_import_says_what_became_of_each_resource(
    stack: FakeTarget, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from operations.importing import take_over

    given: list[bool] = []

    def run(_: Any, *, dry_run: bool) -> list[Outcome]:
        given.append(dry_run)
        terminal.say("import", "took over 1 of 1 resources")
        return [Outcome("warehouse", "Warehouse", "taken over")]

    monkeypatch.setattr(take_over, "run", run)
    assert main(["import", "--dry-run"]) == 0
    assert "taken over" in capsys.readouterr().out
    assert main(["import", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)[0]["resource"] == "warehouse"
    assert given == [True, False]


def test_backups_are_listed(
    stack: FakeTarget, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from operations.data import backup

    found = [backup.Backup("MILVUS_BACKUP_20260131_120000", "export", "CREATED")]
    monkeypatch.setattr(backup, "backups", lambda _: found)
    assert main(["backup", "--list"]) == 0
    assert "MILVUS_BACKUP_20260131_120000  export" in capsys.readouterr().out
    assert main(["backup", "--list", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)[0]["size"] is None
    found.clear()
    assert main(["backup", "--list"]) == 0
    assert "none yet" in capsys.readouterr().out


def test_backup_passes_its_options_on(stack: FakeTarget, monkeypatch: pytest.MonkeyPatch) -> None:
    from operations.data import backup

    given: list[dict[str, Any]] = []
    monkeypatch.setattr(backup, "run", lambda _, **options: given.append(options))
    assert main(["backup"]) == main(["backup", "--export", "--suspend", "--keep", "7"]) == 0
    assert given == [
        {"export": False, "suspend": False, "keep": None},
        {"export": True, "suspend": True, "keep": 7},
    ]


@pytest.mark.parametrize(
    "words",
    [
        "backup --keep 0",
        "backup --list --export",
        "backup --json",
        "restore --only default.texts",
        "restore --export --only texts",
        "logs JUPYTER --since yesterday",
        "logs JUPYTER --previous --follow",
        "logs",
        "status --watch --json",
        "nothing",
    ],
)
def test_a_wrong_command_line_is_refused_before_anything_happens(
    stack: FakeTarget, capsys: pytest.CaptureFixture[str], words: str
) -> None:
    assert main(words.split()) == 64
    assert stack.statements == []
    assert "Error" in capsys.readouterr().err


def test_restore_passes_its_options_on(stack: FakeTarget, monkeypatch: pytest.MonkeyPatch) -> None:
    from operations.data import restore

    given: list[Any] = []
    monkeypatch.setattr(restore, "run", lambda _, name, **options: given.append((name, options)))
    assert main(["restore"]) == main(["restore", "--export", "B", "--only", "default.texts"]) == 0
    assert given == [(None, {"export": False, "only": ""}), ("B", {"export": True, "only": "default.texts"})]


def test_a_line_is_said_again_only_when_it_changes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(terminal, "_SAID", tmp_path / "state" / "said.json")
    for text in ("found, engine 1", "found, engine 1", "found, engine 2"):
        terminal.say_change("docker", text)
    assert capsys.readouterr().out.split() == [
        "docker",
        "found,",
        "engine",
        "1",
        "docker",
        "found,",
        "engine",
        "2",
    ]


def test_looking_starts_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(prepare.control, "running", lambda _: None)
    with pytest.raises(UserError, match=r"does not run.*make up"):
        prepare.reach("local")


def test_clean_is_about_this_machine() -> None:
    with pytest.raises(UserError, match="make down STACK=dev"):
        prepare.clean("dev")


def test_clean_keeps_its_state_while_docker_cannot_be_cleaned(monkeypatch: pytest.MonkeyPatch) -> None:
    removed: list[Any] = []
    monkeypatch.setattr(prepare.shutil, "which", lambda _: "/usr/bin/docker")
    monkeypatch.setattr(prepare.shutil, "rmtree", lambda *_, **__: removed.append(1))
    monkeypatch.setattr(prepare, "engine_version", lambda: None)
    with pytest.raises(UserError, match="does not answer"):
        prepare.clean("local")
    assert removed == []


def test_the_launcher_works_in_every_folder(tmp_path: Path) -> None:
    launcher = tmp_path / "a folder" / "milvus-spcs"
    install.write_launcher(launcher)
    done = subprocess.run(
        [launcher, "logs", "--help"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "Usage: milvus-spcs logs" in done.stdout
