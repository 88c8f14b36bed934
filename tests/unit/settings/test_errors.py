"""Every error of the program is of one family, which command lines and Pulumi show as a message alone."""

from __future__ import annotations

import importlib
import pkgutil
from types import ModuleType

import pulumi
import pytest

import components
import settings
from settings import StackError


def errors_of(package: ModuleType) -> set[type[Exception]]:
    """The error classes that the modules of a package define."""
    names = [item.name for item in pkgutil.walk_packages(package.__path__, f"{package.__name__}.")]
    return {
        item
        for module in map(importlib.import_module, names)
        for item in vars(module).values()
        if isinstance(item, type) and issubclass(item, Exception) and item.__module__ == module.__name__
    }


@pytest.mark.parametrize("package", [components, settings], ids=lambda package: package.__name__)
def test_all_errors_are_of_one_family(package: ModuleType) -> None:
    found = errors_of(package)
    assert found
    assert [item for item in found if not issubclass(item, StackError)] == []
    assert [item for item in found if not issubclass(item, pulumi.RunError)] == []
