"""Parts of the local account that need no server."""
