"""Statements about the session itself: USE, ALTER SESSION, ALTER ACCOUNT."""
