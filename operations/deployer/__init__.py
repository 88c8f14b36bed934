"""The user that deploys a stack: its role, its key, and the administrator who makes both."""
