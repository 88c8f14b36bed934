"""Runs in the environment of `snow`: loads it once, then runs each command line in a process of its own.

Reads one JSON object a line from standard input and answers with one: loading it takes longer
than most commands.
"""

from __future__ import annotations

import gc
import json
import os
import shlex
import signal
import sys
import tempfile
import traceback
from pathlib import Path
from typing import Any

from snowflake.cli._app.cli_app import CliAppFactory


def _structure() -> None:
    folder = tempfile.mkdtemp()
    os.environ |= {"HOME": folder, "SNOWFLAKE_HOME": folder, "TERM": "dumb", "NO_COLOR": "1"}
    sys.argv = ["snow", "--structure"]
    CliAppFactory().create_or_get_app()(prog_name="snow")


def _commands(structure: str) -> list[str]:
    """Command lines from the client's own tree, in which deeper names stand further to the right."""
    found, above = [], []
    lines = [
        (len(line) - len(line.lstrip()), line.strip()) for line in structure.splitlines() if line.strip()
    ]
    for index, (depth, name) in enumerate(lines):
        above = [entry for entry in above if entry[0] < depth] + [(depth, name)]
        if index + 1 == len(lines) or lines[index + 1][0] <= depth:
            found.append(" ".join(name for _, name in above[1:]))
    return found


def _command(line: str, connection: str, folder: str) -> None:
    config = Path(folder) / "config.toml"
    words = shlex.split(line)
    os.chdir(folder)
    os.environ |= {"HOME": folder, "SNOWFLAKE_HOME": folder, "COLUMNS": "400", "TERM": "dumb"}
    form = [] if "--format" in words else ["--format", "json"]
    sys.argv = ["snow", "--config-file", str(config), *words, "-c", connection, *form]
    CliAppFactory().create_or_get_app()(prog_name="snow")


def _in_a_process(work: Any, seconds: float) -> dict[str, Any]:
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        child = os.fork()
        if child == 0:
            _be_child(work, out.fileno(), err.fileno(), seconds)
        _, status = os.waitpid(child, 0)
        out.seek(0)
        err.seek(0)
        return {
            "code": os.waitstatus_to_exitcode(status),
            "out": out.read().decode(errors="replace"),
            "err": err.read().decode(errors="replace"),
        }


def _be_child(work: Any, out: int, err: int, seconds: float) -> None:
    code = 1
    try:
        os.dup2(out, 1)
        os.dup2(err, 2)
        os.close(0)
        os.open(os.devnull, os.O_RDONLY)
        signal.alarm(int(seconds))
        gc.disable()
        work()
        code = 0
    except SystemExit as ended:
        code = ended.code if isinstance(ended.code, int) else int(bool(ended.code))
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def main() -> None:
    answers = os.fdopen(os.dup(1), "w")
    for line in sys.stdin:
        question = json.loads(line)
        if "commands" in question:
            found = _commands(_in_a_process(_structure, 60)["out"])
            answer: dict[str, Any] = {
                "commands": [line for line in found if line.startswith(question["commands"])]
            }
        else:
            answer = _in_a_process(
                lambda q=question: _command(q["line"], q["connection"], q["folder"]), question["seconds"]
            )
        print(json.dumps(answer), file=answers, flush=True)


if __name__ == "__main__":
    main()
