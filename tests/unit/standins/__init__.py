"""The replacements for downloads that are out of reach."""
