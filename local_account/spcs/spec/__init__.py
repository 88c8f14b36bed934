"""Service specifications: reading, checking and normalising them."""
