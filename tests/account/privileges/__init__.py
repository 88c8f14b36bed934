"""Roles, grants, and the privileges that each statement needs."""
