"""Reading and running a statement: options, checks, object types, and the table of all statements."""
