"""What users see when something is wrong, and that the next `up` goes on."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from local.settings import PORT_VARIABLE, PROJECT
from tests.account.conftest import free_ports
from tests.stack.conftest import TIMEOUT, Deployment

pytestmark = pytest.mark.docker
PROGRAM = ("Pulumi.yaml", "__main__.py", "settings.py", "components", "specs", "images")
STACK = "broken"
PREFIX = "BROKEN"


@dataclass
class Copy:
    """A copy of the program that a test may break, as a stack of its own in the same account."""

    folder: Path
    environment: dict[str, str]

    def edit(self, file: str, old: str, new: str) -> None:
        path = self.folder / file
        text = path.read_text()
        assert old in text, f"{file} no longer has {old!r}"
        path.write_text(text.replace(old, new))

    def configure(self, setting: str, value: object) -> None:
        path = self.folder / f"Pulumi.{STACK}.yaml"
        content = yaml.safe_load(path.read_text())
        content["config"][f"milvus-spcs:{setting}"] = value
        path.write_text(yaml.safe_dump(content))

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            ["pulumi", *arguments],
            cwd=self.folder,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def pulumi(self, *arguments: str) -> tuple[int, str]:
        """Exit code and everything printed."""
        process = self.start(*arguments)
        output, _ = process.communicate(timeout=TIMEOUT)
        return process.returncode, output

    def up(self) -> tuple[int, str]:
        return self.pulumi("up", "--yes", "--skip-preview")


@pytest.fixture
def copy(deployed: Deployment, tmp_path: Path) -> Iterator[Copy]:
    """The program under another prefix; what it made is destroyed after the test."""
    for name in PROGRAM:
        source = PROJECT / name
        (shutil.copytree if source.is_dir() else shutil.copy)(source, tmp_path / name)
    (tmp_path / ".venv").symlink_to(PROJECT / ".venv")
    environment = deployed.pulumi_environment
    config = yaml.safe_load(Path(environment.pop("PULUMI_OPTION_CONFIG_FILE")).read_text())["config"]
    config |= {"milvus-spcs:prefix": PREFIX, "milvus-spcs:sharedComputePool": True}
    (tmp_path / f"Pulumi.{STACK}.yaml").write_text(yaml.safe_dump({"config": config}))
    environment.pop("PULUMI_STACK")
    found = Copy(tmp_path, environment)
    code, output = found.pulumi("stack", "init", STACK)
    assert code == 0, output
    yield found
    code, output = found.pulumi("destroy", "--yes", "--skip-preview", "--stack", STACK)
    assert code == 0, output
    found.pulumi("stack", "rm", "--yes", STACK)


def test_a_service_that_crashes_at_start_is_shown_with_its_log_lines(copy: Copy) -> None:
    copy.edit(
        "specs/milvus.yaml",
        "    secrets:\n",
        '    command: [sh, -c, "echo the data folder is on fire; exit 3"]\n    secrets:\n',
    )
    code, output = copy.up()
    assert code != 0
    assert "the data folder is on fire" in output
    assert "MILVUS" in output


def test_an_image_that_does_not_build_shows_the_failing_step(copy: Copy) -> None:
    with (copy.folder / "images/jupyter/Dockerfile").open("a") as file:
        file.write("\nRUN echo this step is broken && false\n")
    code, output = copy.up()
    assert code != 0
    assert "this step is broken" in output


def test_a_specification_with_an_unknown_key_is_refused_before_anything_is_made(
    copy: Copy, deployed: Deployment
) -> None:
    copy.edit("specs/milvus.yaml", "readinessProbe:", "readynessProbe:")
    code, output = copy.up()
    assert code != 0
    assert "readynessProbe" in output
    assert deployed.sql(f"SHOW DATABASES LIKE '{PREFIX}%'") == []


@pytest.mark.parametrize(
    ("setting", "value", "expected"),
    [
        ("milvusInstanceFamily", "STANDARD_1", "CPU_X64_S"),
        ("milvusVolumeSize", 0, "1 to 16384"),
        ("egressHosts", ["https://example.com"], "HOST or HOST:PORT"),
    ],
)
def test_a_bad_setting_is_refused_with_the_allowed_values(
    copy: Copy, deployed: Deployment, setting: str, value: object, expected: str
) -> None:
    copy.configure(setting, value)
    code, output = copy.up()
    assert code != 0
    assert setting in output
    assert expected in output
    assert deployed.sql(f"SHOW DATABASES LIKE '{PREFIX}%'") == []


def test_missing_credentials_are_named(copy: Copy) -> None:
    copy.environment.pop("SNOWFLAKE_PASSWORD")
    code, output = copy.pulumi("preview")
    assert code != 0
    assert "password" in output
    assert "SNOWFLAKE_" in output


def test_a_wrong_password_is_told_as_snowflake_tells_it(copy: Copy) -> None:
    # Not the administrator: every resource tries to sign in, and that locks a user for a quarter of an hour.
    right = copy.environment["SNOWFLAKE_USER"]
    copy.environment["SNOWFLAKE_USER"] = "SOMEBODY"
    code, output = copy.up()
    copy.environment["SNOWFLAKE_USER"] = right
    assert code != 0
    assert "Incorrect username or password" in output


def test_an_unreachable_account_is_named(copy: Copy) -> None:
    port = str(free_ports())
    right, copy.environment["SNOWFLAKE_PORT"] = copy.environment["SNOWFLAKE_PORT"], port
    code, output = copy.up()
    copy.environment["SNOWFLAKE_PORT"] = right
    assert code != 0
    assert port in output


def test_a_killed_up_goes_on_with_the_next_one(deployment: Deployment) -> None:
    destroyed = deployment.pulumi("destroy", "--yes", "--skip-preview")
    assert destroyed.returncode == 0, destroyed.stdout
    process = deployment.start("up", "--yes", "--skip-preview")
    _until(lambda: bool(deployment.sql("SHOW DATABASES LIKE 'MILVUS_DEMO'")), process)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    done = deployment.make("up")
    assert done.returncode == 0, done.stdout


def test_a_second_up_at_the_same_time_is_refused_by_the_lock(deployed: Deployment) -> None:
    first = deployed.start("up", "--yes", "--skip-preview", warehouseAutoSuspend="300")
    locks = Path(deployed.settings.state.parent / "pulumi" / ".pulumi" / "locks")
    _until(lambda: any(locks.rglob("*.json")), first)
    second = deployed.pulumi("up", "--yes", "--skip-preview")
    output, _ = first.communicate(timeout=TIMEOUT)
    assert first.returncode == 0, output
    assert second.returncode != 0
    assert "lock" in second.stdout
    # `--config` stays in the stack's settings.
    back = deployed.pulumi("up", "--yes", "--skip-preview", warehouseAutoSuspend="180")
    assert back.returncode == 0, back.stdout


def test_a_taken_port_is_named_with_the_way_out(deployment: Deployment) -> None:
    port = free_ports()
    with socket.socket() as other:
        other.bind(("127.0.0.1", port + 1))
        other.listen()
        environment = {**deployment.environment, PORT_VARIABLE: str(port)}
        environment["LOCAL_ACCOUNT_STATE"] = str(deployment.settings.state.parent / "other" / "account")
        done = subprocess.run(
            [str(PROJECT / ".venv/bin/python"), "-m", "local.cli", "up"],
            cwd=PROJECT,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            timeout=TIMEOUT,
        )
    assert done.returncode == 1
    assert str(port + 1) in done.stdout
    assert PORT_VARIABLE in done.stdout


def _until(condition: Callable[[], bool], process: subprocess.Popen[str]) -> None:
    deadline = time.monotonic() + TIMEOUT
    while not condition():
        assert process.poll() is None, process.stdout.read() if process.stdout else ""
        assert time.monotonic() < deadline
        time.sleep(0.05)
