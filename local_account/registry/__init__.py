"""The image registry: a real registry in a container, behind the account's sign-in."""
