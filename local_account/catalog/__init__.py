"""The account's objects, grants and tokens, kept in SQLite."""
