"""The image registry: a real one in a container, behind the account's own sign-in."""
