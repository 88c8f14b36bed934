"""The network of services: addresses, names, the packet filter, egress."""
