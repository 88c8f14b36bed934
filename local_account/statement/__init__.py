"""How a statement is read and run: cursor, checks, object types, and the table of all statements."""
