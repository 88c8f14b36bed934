"""Object types of people and their rights: users, roles, access tokens, security integrations."""
