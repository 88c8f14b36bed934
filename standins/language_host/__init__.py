"""Pulumi's Python language host, where the vendor's cannot be downloaded."""
