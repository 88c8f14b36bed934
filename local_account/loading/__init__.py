"""Staged files as rows: queries on stages, COPY INTO a table, COPY INTO a stage."""
