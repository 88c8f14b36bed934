"""This machine: its terminal, its packages and folders, and the errors that its user can correct."""
