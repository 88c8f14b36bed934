"""Who acts: users' credentials, sessions, roles, network policies and session parameters."""
