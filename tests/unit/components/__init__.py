"""The Pulumi program: what it registers, refuses and writes into specifications."""
