"""Services, jobs and compute pools, as containers on Docker."""
