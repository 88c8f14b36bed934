"""Who signs in: users, sessions, keys, and from where."""
