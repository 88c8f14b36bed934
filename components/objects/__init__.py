"""What services need: databases, warehouses, compute pools, stages, images, secrets, egress."""
