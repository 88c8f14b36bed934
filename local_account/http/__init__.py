"""The HTTP protocol of Snowflake's clients: sign-in, queries, results, cancelling."""
