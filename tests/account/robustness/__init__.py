"""Damaged requests, many sessions, killed servers, a runtime that goes away."""
