"""Official clients other than the Python connector 4, and what drivers ask for beyond one statement."""
