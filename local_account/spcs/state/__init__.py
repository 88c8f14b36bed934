"""What services and pools really do, as last seen: status, events, logs, nodes."""
