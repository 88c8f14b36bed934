"""A Snowflake account on your own machine, with real containers, for official Snowflake clients."""
