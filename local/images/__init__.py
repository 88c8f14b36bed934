"""Images that the local account and its offline builds need."""
