"""What is needed to run Pulumi, Docker and image builds on a machine, found or supplied."""
