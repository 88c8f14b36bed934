"""Staged files and tables: COPY, queries on stages, file formats, encryption."""
