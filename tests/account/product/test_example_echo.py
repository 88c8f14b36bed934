"""The example under examples/echo, run as its README says: with `snow`, docker and the connector alone."""

from __future__ import annotations

import asyncio
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import aiohttp
import docker

from local_account.base.settings import load
from local_account.host.clients import connect, rows
from machine.paths import PROJECT
from tests.account import service_image
from tests.account.command import Command
from tests.account.ingress_world import Loopback
from tests.tools import client_environment

EXAMPLE = PROJECT / "examples" / "echo"
SECONDS = 900
PASSWORD = "Some-password-1"
ANSWER = {"path": "/ask", "text": "Hello", "user": "ECHO_VISITOR"}


class Shell:
    """A shell of a user who has started an account and has `snow`, docker and the connector.

    Args:
        exports: what `local-account env` printed.
        base: image that takes the place of one that a registry would give.
    """

    def __init__(self, exports: str, home: Path, base: str) -> None:
        programs = [Path(sys.executable).parent, client_environment("snow") / "bin"]
        self.environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("LOCAL_ACCOUNT_")},
            "HOME": str(home),
            "DOCKER_CONFIG": str(home / "docker"),
            "PATH": os.pathsep.join([*map(str, programs), os.environ["PATH"]]),
            "ECHO_PASSWORD": PASSWORD,
            "BASE": base,
        }
        for name, value in re.findall(r"^export (\w+)=(\S+)$", exports, re.MULTILINE):
            self.environment[name] = value

    def __call__(self, *words: str) -> str:
        """Standard output of a command in the example's folder; it must succeed."""
        done = subprocess.run(
            words, cwd=EXAMPLE, env=self.environment, capture_output=True, text=True, timeout=SECONDS
        )
        assert done.returncode == 0, f"{' '.join(words)}: {done.stdout}{done.stderr}"
        return done.stdout


async def signed_in(place: str) -> Any:
    """What a browser gets after the sign-in page: the answer to the address that was opened."""
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(resolver=Loopback())) as browser:
        page = await browser.get(f"http://{place}/first?x=1")
        assert "ECHO (web)" in await page.text()
        refused = await browser.post(page.url, data={"username": "echo_visitor", "password": "guess"})
        assert refused.status == 401
        answer = await browser.post(page.url, data={"username": "echo_visitor", "password": PASSWORD})
        return await answer.json()


def test_deployed_used_and_removed(command: Command, tmp_path: Path) -> None:
    command("start")
    shell = Shell(command("env"), tmp_path, service_image.build(tmp_path))
    shown = shell("sh", "deploy.sh")
    assert json.loads(shell("python3", "ask.py", "Hello")) == ANSWER
    administrator = connect(load(state=command.state))
    (endpoint,) = rows(administrator, "SHOW ENDPOINTS IN SERVICE echo_db.public.echo")
    assert endpoint["ingress_url"].partition(".")[0] in shown
    assert asyncio.run(signed_in(endpoint["ingress_url"])) == {
        "path": "/first?x=1",
        "text": "",
        "user": "ECHO_VISITOR",
    }
    shell("snow", "sql", "--filename", "remove.sql")
    for kind in ("SERVICES IN ACCOUNT", "COMPUTE POOLS", "ROLES LIKE 'ECHO%'", "USERS LIKE 'ECHO%'"):
        assert rows(administrator, f"SHOW {kind}") == []
    administrator.close()
    assert command("clean", "--yes") == "removed the account and all its data\n"
    tags = [tag for image in docker.from_env().images.list() for tag in image.tags]
    assert [tag for tag in tags if tag.startswith(shell.environment["LOCAL_ACCOUNT_REGISTRY"])] == []


def test_the_readme_has_these_commands() -> None:
    text = (EXAMPLE / "README.md").read_text()
    for words in ("sh deploy.sh", 'python3 ask.py "Hello"', "snow sql --filename remove.sql", PASSWORD):
        assert words in text
    assert json.dumps(ANSWER) in text
