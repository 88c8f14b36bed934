"""What prepares a machine and deploys from it."""
