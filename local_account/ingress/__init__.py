"""Public endpoints of services: sign-in, access check, and the way to the service's instances."""
