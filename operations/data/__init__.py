"""Milvus's data: backups, restoring them, and carrying them to a new volume."""
