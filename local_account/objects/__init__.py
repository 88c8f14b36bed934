"""The account's object types, one in each file: databases, schemas, warehouses, secrets and others."""
