"""This machine: its terminal and its package manager."""
