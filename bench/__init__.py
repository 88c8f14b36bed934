"""Measurements of what users wait for, each against a reference in the same run."""
