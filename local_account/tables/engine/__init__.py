"""fakesnow on DuckDB: databases, sessions, transactions, and statements in the engine's language."""
