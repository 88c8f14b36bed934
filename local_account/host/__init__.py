"""The account on this machine: starting and stopping the server, its Docker images, its clients' settings."""
