"""No secret of a deployed stack stands in plain where others look."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import docker
import pytest

from local_account.host import control
from tests.stack.conftest import Deployment

pytestmark = pytest.mark.docker

PLACE = "MILVUS_DEMO.PUBLIC"
SECRET_SIGNATURE = "1b47061264138c4ac30d75fd1eb44270"
# Shorter ones are names, not secrets.
SHORTEST = 16
ALLOWED = {
    # Milvus takes root's first password from its environment alone, so the specification puts it there.
    ("milvus-root.password", "container milvus: environment"),
    # Pulumi's SDK writes stack outputs into its debug events, which --json and --debug print.
    ("milvus-spcs-local.userPassword", "events of up"),
}
STATEMENTS = (
    f"DESCRIBE SERVICE {PLACE}.MILVUS",
    f"DESCRIBE SERVICE {PLACE}.JUPYTER",
    f"DESCRIBE SERVICE {PLACE}.MILVUS_SETUP",
    f"DESCRIBE SERVICE {PLACE}.MILVUS_VERIFICATION",
    f"DESCRIBE SECRET {PLACE}.MILVUS_ROOT",
    f"DESCRIBE SECRET {PLACE}.MILVUS_NOTEBOOK",
    f"SHOW SECRETS IN SCHEMA {PLACE}",
    "SHOW SERVICES IN ACCOUNT",
    "DESCRIBE USER MILVUS_USER",
    "SHOW USERS",
    f"SHOW SERVICE CONTAINERS IN SERVICE {PLACE}.MILVUS",
)


def test_no_secret_stands_in_plain_anywhere(deployed: Deployment) -> None:
    known = secrets_of(deployed)
    assert {"milvus-root.password", "milvus-notebook.password", "identity-user.password"} <= known.keys()
    places = dict(_places(deployed))
    assert all(places.values()), [name for name, text in places.items() if not text]
    # One value has several names: what keeps it, and what uses it.
    named = {value: name for name, value in sorted(known.items())}
    found = {
        (name, place) for place, text in places.items() for value, name in named.items() if value in text
    }
    # Names only: a failing test must not print what it protects.
    print(f"{len(known)} secrets searched in {len(places)} places")
    assert found == ALLOWED


@pytest.mark.parametrize(("name", "content"), [("jupyter", "milvus_demo"), ("milvus", "embedEtcd.yaml")])
def test_no_secret_stands_in_image_layers_or_files_of_containers(
    deployed: Deployment, name: str, content: str
) -> None:
    # What is there is looked for too, so that a search that finds nothing has looked.
    wanted = {**secrets_of(deployed), "a file of the image": content}
    labels = deployed.settings.labels
    marks = [labels.of_account, f"{labels.key('container')}={name}"]
    (container,) = docker.from_env().containers.list(filters={"label": marks})
    assert container.image
    for stream in (container.image.save(), container.export()):
        assert _found_in(stream, {key: value.encode() for key, value in wanted.items()}) == {
            "a file of the image"
        }


def secrets_of(deployed: Deployment) -> dict[str, str]:
    """Every secret value of a stack and its account, by where it comes from."""
    state = json.loads(deployed.pulumi("stack", "export", "--show-secrets").stdout)["deployment"]
    known = {
        f"{resource['urn'].rpartition('::')[2]}.{key}": text
        for resource in state["resources"]
        for part in ("inputs", "outputs")
        for key, value in resource.get(part, {}).items()
        for text in _texts(value)
    }
    known["administrator"] = json.loads((deployed.settings.state / "credentials.json").read_text())[
        "password"
    ]
    known["passphrase"] = (
        Path(deployed.pulumi_environment["PULUMI_CONFIG_PASSPHRASE_FILE"]).read_text().strip()
    )
    known["service token"] = deployed.in_notebook("print(open('/snowflake/session/token').read())").strip()
    assert all(len(value) >= SHORTEST for value in known.values())
    return known


def _texts(value: Any) -> Iterator[str]:
    """The texts in the secret values of a part of a state."""
    if isinstance(value, dict) and SECRET_SIGNATURE in value.values():
        plain = json.loads(value["plaintext"])
        for line in plain.splitlines() if isinstance(plain, str) else ():
            if len(line) >= SHORTEST and "PRIVATE KEY" not in line:
                yield line
    elif isinstance(value, dict | list):
        for item in value.values() if isinstance(value, dict) else value:
            yield from _texts(item)


def _places(deployed: Deployment) -> Iterator[tuple[str, str]]:
    """Everything that others may see: name of the place, and all that stands there."""
    yield "preview", deployed.pulumi("preview", "--diff", warehouseAutoSuspend="240").stdout
    yield from _deployment(deployed)
    environment = deployed.pulumi_environment
    backend = Path(environment["PULUMI_BACKEND_URL"].removeprefix("file://"))
    yield "state, its history and backups", _read(backend)
    yield "settings of the stack", Path(environment["PULUMI_OPTION_CONFIG_FILE"]).read_text()
    yield "log of the account", control.log_file(deployed.settings).read_text(errors="replace")
    for statement in STATEMENTS:
        yield statement, str(deployed.sql(statement))
    labels = deployed.settings.labels
    mine: dict[str, Any] = {"label": labels.of_account}
    for container in docker.from_env().containers.list(all=True, filters=mine):
        label = container.labels.get(labels.key("container"), container.name)
        attributes = container.attrs
        yield f"container {label}: environment", json.dumps(attributes["Config"].pop("Env"))
        yield f"container {label}: the rest", json.dumps(attributes)
        yield f"container {label}: log", f"log: {container.logs().decode(errors='replace')}"
        image = container.image
        assert image
        yield f"container {label}: image", json.dumps([image.attrs, image.history()])


def _deployment(deployed: Deployment) -> Iterator[tuple[str, str]]:
    """An `up` that changes something: its events, and the processes meanwhile."""
    process = deployed.start("up", "--yes", "--json", warehouseAutoSuspend="240")
    lines: set[str] = set()
    while True:
        lines.update(_command_lines())
        try:
            output, _ = process.communicate(timeout=0.2)
            break
        except subprocess.TimeoutExpired:
            continue
    assert process.returncode == 0, output
    back = deployed.pulumi("up", "--yes", "--skip-preview", warehouseAutoSuspend="180")
    assert back.returncode == 0, back.stdout
    yield "events of up", output
    yield "process list", "\n".join(lines)


def _command_lines() -> Iterator[str]:
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            yield path.read_text(errors="replace")
        except OSError:  # it has ended
            continue


def _read(folder: Path) -> str:
    return "\n".join(path.read_text(errors="replace") for path in folder.rglob("*") if path.is_file())


def _found_in(stream: Iterator[bytes], wanted: dict[str, bytes]) -> set[str]:
    """Names of the values that stand somewhere in a stream; a tar file has its members as they are."""
    overlap = max(len(value) for value in wanted.values())
    found, before = set(), b""
    for chunk in stream:
        window = before + chunk
        found |= {name for name, value in wanted.items() if name not in found and value in window}
        before = window[-overlap:]
    return found
