"""Start-up: ``python -m standins.snowflake_plugin ENGINE_ADDRESS``."""

import sys


def main() -> None:
    """Serve the engine at the address given as the last argument; other arguments are the engine's flags."""
    addresses = [argument for argument in sys.argv[1:] if not argument.startswith("-")]
    if "--version" in sys.argv[1:]:
        from standins.snowflake_plugin import VERSION

        print(VERSION)
        return
    if not addresses:
        raise SystemExit("usage: pulumi-resource-snowflake ENGINE_ADDRESS: this plugin is started by pulumi")
    from standins.snowflake_plugin.server import serve

    serve(addresses[-1])


main()
