"""Replacements for downloads that are out of reach. With access to the vendors' sites nobody needs them."""
