"""Finds Docker, Pulumi and its plugins, or installs them."""
