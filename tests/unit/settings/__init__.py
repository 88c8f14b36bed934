"""The settings and the errors that name them."""
