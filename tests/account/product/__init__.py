"""The local account as its users get it: package, command, pytest plugin, example."""
