"""The account that a stack is deployed to: how to sign in, SQL text, errors, what a failed service says."""
