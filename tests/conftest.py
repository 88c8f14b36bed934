"""How `pytest -n` divides the tests among processes: by file, and files that share a stack go together.

All processes run without a terminal.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from xdist.scheduler import LoadScopeScheduling

HERE = Path(__file__).parent
# pytest loads GNU readline, which writes a terminal's size into the environment of the processes that
# `pytest -n` starts. Programs would then cut their tables and messages to that width.
for variable in ("COLUMNS", "LINES"):
    os.environ.pop(variable, None)
# The files of tests/stack by the deployment that they share, in the order in which they use it.
STACKS = {
    "copies": ("deployer", "existing", "failures", "kept", "least_privilege", "newer_milvus"),
    "changes": ("data", "drift"),
    "life": ("faults", "suspend", "down"),
    "import": ("import",),
    "uses": ("attack_notebook", "milvus_login", "notebook", "notebook_privileges", "secrets", "up"),
}
_SHARED = {HERE / "stack" / f"test_{file}.py": name for name, files in STACKS.items() for file in files}
_ORDER = [*_SHARED]


def shared_by(path: Path) -> str:
    """Name of the deployment that the tests of a file of tests/stack use.

    Raises:
        KeyError: STACKS does not have the file.
    """
    return _SHARED[path]


class Together(LoadScopeScheduling):
    """Gives a process whole files, and all files that share a deployment, in the order of the tests."""

    def _split_scope(self, nodeid: str) -> str:
        path = nodeid.partition("::")[0]
        return _SHARED.get(self.config.rootpath / path, path)


@pytest.hookimpl
def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> Together:
    config.option.loadscopereorder = False
    return Together(config, log)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Stacks in the order of STACKS, so that test_down.py comes last; before all else when divided."""
    others = -1 if not hasattr(config, "workerinput") else len(_ORDER)
    items.sort(key=lambda item: _ORDER.index(item.path) if item.path in _SHARED else others)
