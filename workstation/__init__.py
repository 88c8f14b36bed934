"""Prepares a developer's machine for a stack: tools, Docker, images, the local account, Pulumi."""
