"""The real state of services and pools, as last seen on Docker: status, events, logs, nodes."""
