"""Snowpark Container Services: compute pools, services and jobs, run on Docker."""
