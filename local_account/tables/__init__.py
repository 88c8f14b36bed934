"""Tables, views and queries, run by fakesnow on DuckDB.

A statement is planned (`plan/`: what it touches, who may do that), then run (`engine/`). `translation/` has
the names, types and values on both sides.
"""
