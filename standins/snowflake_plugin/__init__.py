"""A Pulumi resource plugin for Snowflake, for machines that cannot download the official one.

It speaks the engine's provider protocol and covers the resource types of this project's program, with the
official plugin's types, properties, SQL, validation, replace rules, read and import (pulumi-snowflake 2.22).
Anything else is refused by name. Run it with ``python -m standins.snowflake_plugin ENGINE_ADDRESS``.

    __main__   start-up                        server      protocol requests to calls of a resource
    schema     the types for `pulumi import`
    wire       protobuf values to Python       config      the provider's settings
    session    connections and statements      sql         quoting and identifiers
    properties one input property              resource    what every resource type can do
    objects    resources that are one object   parameters  SHOW PARAMETERS
    types/     one module for each kind of resource
"""

VERSION = "2.22.0"
"""Version told to the engine: the pulumi-snowflake release whose resources are covered."""
