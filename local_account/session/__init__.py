"""Statements about the session itself: USE, ALTER SESSION, SYSTEM$WAIT."""
