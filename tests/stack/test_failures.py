"""What users see when something is wrong, and that the next `up` goes on."""

from __future__ import annotations

import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from local_account.base.settings import PORT_VARIABLE, free_ports
from tests.stack.conftest import TIMEOUT, Deployment
from tests.stack.program_copy import PREFIX, Copy, copied

pytestmark = pytest.mark.docker


@pytest.fixture(scope="module")
def whole(deployed: Deployment, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Copy]:
    """The program under another prefix; what it made is destroyed in the end."""
    with copied(deployed, tmp_path_factory.mktemp("failures")) as found:
        yield found


@pytest.fixture
def copy(whole: Copy) -> Iterator[Copy]:
    """That program; what the test changes in it is undone, and what the test made stays."""
    with whole.restored():
        yield whole


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
    copy.environment["SNOWFLAKE_USER"] = "SOMEBODY"
    code, output = copy.up()
    assert code != 0
    assert "Incorrect username or password" in output


def test_an_unreachable_account_is_named(copy: Copy) -> None:
    port = str(free_ports())
    copy.environment["SNOWFLAKE_PORT"] = port
    code, output = copy.up()
    assert code != 0
    assert port in output


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
        other_state = str(deployment.settings.state.parent / "other" / "account")
        done = deployment.make("up", **{PORT_VARIABLE: str(port), "LOCAL_ACCOUNT_STATE": other_state})
    assert done.returncode == 1
    assert str(port + 1) in done.stdout
    assert PORT_VARIABLE in done.stdout


def _until(condition: Callable[[], bool], process: subprocess.Popen[str]) -> None:
    deadline = time.monotonic() + TIMEOUT
    while not condition():
        assert process.poll() is None, process.stdout.read() if process.stdout else ""
        assert time.monotonic() < deadline
        time.sleep(0.05)
