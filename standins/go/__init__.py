"""Pulumi, BuildKit and their plugins, built from Go modules."""
