"""Stages: their files, PUT and GET, and scripts that run from a stage."""
