"""What is done to a deployed stack besides deploying and destroying it: one module for each command.

The commands act through Snowflake's official connector with the stack's own credentials, on a Snowflake
account and on the local account alike. `cli/` gives them their options and prints their answers.
"""
