"""Where the account differs from what the last `up` left."""
