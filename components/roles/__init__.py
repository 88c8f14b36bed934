"""Who may do what: roles, users, passwords, grants."""
