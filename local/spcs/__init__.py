"""Snowpark Container Services of the local account: compute pools, services and jobs on Docker."""
