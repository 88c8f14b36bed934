"""What this project's own programs do on the account."""
