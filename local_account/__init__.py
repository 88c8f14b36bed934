"""A Snowflake account on your own machine, with real containers, for official Snowflake clients."""

from local_account.host.embedded import running

__all__ = ["running"]
