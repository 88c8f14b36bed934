"""Object types for users and their rights: users, roles, access tokens, security integrations."""
