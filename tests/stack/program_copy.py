"""A copy of the program that a test may break."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import yaml

from machine.paths import PROJECT
from tests.stack import builder
from tests.stack.conftest import TIMEOUT, Deployment

PROGRAM = (
    "Pulumi.yaml",
    "__main__.py",
    "settings",
    "components",
    "specs",
    "images",
)
STACK = "broken"
PREFIX = "BROKEN"


@dataclass
class Copy:
    """A copy of the program that a test may break, as a stack of its own in the same account."""

    folder: Path
    # Has credentials, which a failing test would print.
    environment: dict[str, str] = field(repr=False)

    def edit(self, file: str, old: str, new: str) -> None:
        path = self.folder / file
        text = path.read_text()
        assert old in text, f"{file} no longer has {old!r}"
        path.write_text(text.replace(old, new))

    @contextmanager
    def restored(self) -> Iterator[None]:
        """The files and the environment are in the end what they are now."""
        files = {path: path.read_bytes() for path in self.folder.rglob("*") if path.is_file()}
        environment = dict(self.environment)
        try:
            yield
        finally:
            for path, content in files.items():
                path.write_bytes(content)
            self.environment = environment

    def configure(self, setting: str, value: object) -> None:
        path = self.folder / f"Pulumi.{STACK}.yaml"
        content = yaml.safe_load(path.read_text())
        content["config"][setting if ":" in setting else f"milvus-spcs:{setting}"] = value
        path.write_text(yaml.safe_dump(content))

    def sign_in(self, user: str, authenticator: str, credential: str, value: str) -> None:
        """Deploy as a user whose role has the same name.

        Args:
            user: its name.
            authenticator: e.g. SNOWFLAKE_JWT.
            credential: the variable that goes with it, e.g. SNOWFLAKE_PRIVATE_KEY.
            value: of that variable.
        """
        self.configure("snowflake:role", user)
        self.configure("snowflake:authenticator", authenticator)
        for other in ("SNOWFLAKE_PASSWORD", "SNOWFLAKE_PRIVATE_KEY", "SNOWFLAKE_TOKEN"):
            self.environment.pop(other, None)
        self.environment |= {"SNOWFLAKE_USER": user, credential: value}

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        return builder.popen(["pulumi", *arguments], self.folder, self.environment)

    def pulumi(self, *arguments: str) -> tuple[int, str]:
        """Exit code and everything printed."""
        process = self.start(*arguments)
        output, _ = process.communicate(timeout=TIMEOUT)
        return process.returncode, output

    def up(self, *options: str) -> tuple[int, str]:
        return self.pulumi("up", "--yes", "--skip-preview", *options)


@contextmanager
def copied(deployed: Deployment, folder: Path) -> Iterator[Copy]:
    """The program under another prefix; what it made is destroyed in the end."""
    for name in PROGRAM:
        source = PROJECT / name
        (shutil.copytree if source.is_dir() else shutil.copy)(source, folder / name)
    (folder / ".venv").symlink_to(PROJECT / ".venv")
    environment = dict(deployed.pulumi_environment)
    config = yaml.safe_load(Path(environment.pop("PULUMI_OPTION_CONFIG_FILE")).read_text())["config"]
    config |= {"milvus-spcs:prefix": PREFIX, "milvus-spcs:sharedComputePool": True}
    (folder / f"Pulumi.{STACK}.yaml").write_text(yaml.safe_dump({"config": config}))
    environment.pop("PULUMI_STACK")
    found = Copy(folder, environment)
    code, output = found.pulumi("stack", "init", STACK)
    assert code == 0, output
    try:
        yield found
    finally:
        code, output = found.pulumi("destroy", "--yes", "--skip-preview", "--stack", STACK)
        assert code == 0, output
        found.pulumi("stack", "rm", "--yes", STACK)
