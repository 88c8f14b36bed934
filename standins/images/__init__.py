"""Container images made from Debian's packages and the Python package index."""
