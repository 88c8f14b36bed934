"""Service functions: their statements, and the requests that a query's calls of them become."""
