"""What a data statement reads and changes, and whether the session may do that."""
