"""The settings of a stack: their types, limits, defaults, descriptions and messages."""

from settings.errors import SettingsError, StackError
from settings.loading import load
from settings.model import Settings
from settings.values import NotebookUser

__all__ = ["NotebookUser", "Settings", "SettingsError", "StackError", "load"]
