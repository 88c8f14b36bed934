"""The command line: commands, tables and errors, with SQL and Pulumi as the boundary."""
