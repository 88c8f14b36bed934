"""The commands for a deployed stack, without an account."""
