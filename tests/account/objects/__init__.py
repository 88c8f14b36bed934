"""Databases, tables, stages, tags and resource monitors."""
