"""The settings of a stack: their types, limits, defaults and messages."""

from settings.settings import Settings, SettingsError, load
from settings.values import NotebookUser

__all__ = ["NotebookUser", "Settings", "SettingsError", "load"]
