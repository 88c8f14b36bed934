"""Public endpoints: browsers, programs, and those who attack them."""
