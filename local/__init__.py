"""The local account: a Snowflake account on the user's own machine, with real containers."""
