"""Takes objects that the account has already into the stack."""
