"""Tables, views and queries, run by fakesnow on DuckDB."""
