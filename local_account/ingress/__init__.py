"""Public endpoints of services: sign-in, access check, and the proxy to the services' instances."""
