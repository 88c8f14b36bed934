"""What is done to a deployed stack besides deploying and destroying it: one module for each command.

The modules at the top are what the rooms share: the stack that a command acts on, its objects in the account,
and whether they run.

The commands act through Snowflake's official connector with the stack's own credentials, on a Snowflake
account and on the local account alike. `cli/` gives them their options and prints their answers.
"""
