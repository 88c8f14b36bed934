"""Replacements for downloads that are out of reach; users on the open internet never meet them."""
