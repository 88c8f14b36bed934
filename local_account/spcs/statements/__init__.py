"""The SQL statements and functions of compute pools, services, jobs and snapshots."""
