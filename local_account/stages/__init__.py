"""Stages: their files, PUT and GET, and scripts that are run from them."""
